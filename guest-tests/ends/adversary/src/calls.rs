//! Calls are given up in every form and after any time, with the ends that they have.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use futures::future::{Either, select};
use guest_support::check::{in_flight, poll_once, turns};
use wit_async::{StreamResult, block_on, cancel, scope, spawn_local};

use crate::bindings::test::ends::relay;
use crate::bindings::{wit_future, wit_stream};
use crate::token::{acting, dropped};
use crate::words;

type Call = Pin<Box<dyn Future<Output = ()>>>;

/// How a call is given up.
const FORMS: u32 = 11;

/// Drops a call in the middle of another drop, and runs a task there.
struct DropsToo(Option<Call>);

impl Drop for DropsToo {
    fn drop(&mut self) {
        drop(self.0.take());
        let (writer, reader) = wit_stream::new::<String>();
        drop(writer);
        assert!(block_on(reader.collect()).is_empty());
    }
}

async fn give_up(mut call: Call, form: u32, wait: usize) {
    if form != 4 && form != 5 {
        if poll_once(&mut call).await.is_ready() {
            return;
        }
        turns(wait).await;
    }
    match form {
        0 => drop(call),
        1 => cancel(call).await,
        2 => {
            let mut cancelled = Box::pin(cancel(call));
            let _ = poll_once(&mut cancelled).await;
            drop(cancelled);
        }
        3 => {
            // Never polled again, but moved, and dropped in a `block_on`.
            block_on(async move { drop(call) });
        }
        4 => {
            let mut job = spawn_local(call);
            turns(wait).await;
            job.cancel();
            job.await;
        }
        5 => {
            let mut around = Box::pin(scope(async |s| {
                s.spawn(call);
                std::future::pending::<()>().await;
            }));
            in_flight(&mut around).await;
            turns(wait).await;
            let _ = poll_once(&mut around).await;
            drop(around);
        }
        6 => {
            match select(Box::pin(turns(wait)), call).await {
                Either::Left(((), call)) => cancel((call, vec![1])).await,
                Either::Right(((), _)) => {}
            };
        }
        7 => {
            let cancelled = spawn_local(cancel(call));
            turns(wait).await;
            drop(cancelled);
        }
        8 => {
            drop(acting(0, move || drop(call)));
            assert_eq!(dropped(), [0]);
        }
        9 => {
            let mut more: Call = Box::pin(async { drop(relay::words(3).await) });
            let _ = poll_once(&mut more).await;
            cancel((DropsToo(Some(more)), call)).await;
        }
        _ => {
            let mut inner = Box::pin(cancel(call));
            let _ = poll_once(&mut inner).await;
            let mut outer = Box::pin(cancel(inner));
            let _ = poll_once(&mut outer).await;
            turns(1).await;
            drop(acting(0, move || drop(outer)));
            assert_eq!(dropped(), [0]);
        }
    }
}

pub async fn calls_given_up() {
    for form in 0..FORMS {
        for wait in [0, 1, 2, 3, 5, 8] {
            results(form, wait).await;
            streams_to(form, wait).await;
            futures_to(form, wait).await;
            many(form, wait).await;
        }
    }
}

/// What the call would have returned is dropped.
async fn results(form: u32, wait: usize) {
    give_up(Box::pin(async { drop(relay::words(5).await) }), form, wait).await;
    let text = "text".to_owned();
    give_up(
        Box::pin(async { drop(relay::value(text, true).await) }),
        form,
        wait,
    )
    .await;
}

/// What the callee did not read comes back.
async fn streams_to(form: u32, wait: usize) {
    let (mut writer, reader) = wit_stream::new();
    let call = Box::pin(async move {
        relay::collect_words(reader).await;
        unreachable!("the stream does not end before");
    });
    let mut buffer = writer.buffer(words(0, 50));
    {
        let mut write = Box::pin(writer.write_from(&mut buffer));
        let _ = poll_once(&mut write).await;
        give_up(call, form, wait).await;
    }
    let mut last = buffer.remaining();
    // A callee that is gone has dropped the reader, or has left it alone.
    for _ in 0..20 {
        let mut write = Box::pin(writer.write_from(&mut buffer));
        match poll_once(&mut write).await {
            Poll::Ready(StreamResult::Complete(count)) => last -= count,
            Poll::Ready(_) => {}
            Poll::Pending => {
                turns(1).await;
                drop(write);
                assert!(buffer.remaining() <= last);
                last = buffer.remaining();
                continue;
            }
        }
        drop(write);
        assert_eq!(buffer.remaining(), last);
    }
    let rest = buffer.into_vec();
    assert_eq!(rest, words(50 - rest.len() as u32, 50));
}

async fn futures_to(form: u32, wait: usize) {
    let (writer, reader) = wit_future::new(|| "default".to_owned());
    let call = Box::pin(async move {
        relay::read_value(reader).await;
    });
    give_up(call, form, wait).await;
    if let Err(unsent) = writer.write("value".to_owned()).await {
        assert_eq!(unsent.value, "value");
    }

    let (writer, reader) = wit_future::new(|| "default".to_owned());
    let call = Box::pin(async move {
        drop(relay::pass_value(reader).await);
    });
    give_up(call, form, wait).await;
    drop(writer);
}

/// Calls of each kind at once, as one thing.
async fn many(form: u32, wait: usize) {
    let mut writers = Vec::new();
    let mut calls: Vec<Call> = Vec::new();
    for _ in 0..4 {
        let (writer, reader) = wit_stream::new::<String>();
        writers.push(writer);
        calls.push(Box::pin(async { drop(relay::take_words(reader, 3).await) }));
        let (writer, reader) = wit_stream::new::<String>();
        writers.push(writer);
        calls.push(Box::pin(async { relay::drop_words(reader, false).await }));
        let (mut kept_writer, mut kept) = wit_stream::new::<String>();
        let mut read = Box::pin(kept.read(Vec::with_capacity(2)));
        in_flight(&mut read).await;
        drop(read);
        assert!(kept_writer.write_all(words(0, 2)).await.is_empty());
        writers.push(kept_writer);
        calls.push(Box::pin(async {
            drop(relay::pass_words(kept).await);
        }));
    }
    let all = Box::pin(async move {
        let mut calls = calls;
        std::future::poll_fn(|context| {
            calls.retain_mut(|call| call.as_mut().poll(context).is_pending());
            if calls.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    });
    give_up(all, form, wait).await;
    for mut writer in writers {
        let mut write = Box::pin(writer.write_all(vec!["more".to_owned(); 2]));
        let _ = poll_once(&mut write).await;
        turns(1).await;
    }
}
