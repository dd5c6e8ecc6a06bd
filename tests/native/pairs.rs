//! Ends that never left the instance, with items that the host does not let meet there.

mod of_none;
mod woken;

use crate::host::foreign::Executor;
use crate::host::resource::Token;
use crate::host::{
    self, Code, Fussy, Installed, Log, Nothing, Outcome, Rules, Wire, fault, future, panic_message,
    poll_once, stream,
};
use futures::future::join;
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use wit_async::rt::async_support::{StreamVtable, stream_new};
use wit_async::{FutureWriteCancel, StreamResult, block_on, spawn_local};

type Left = Pin<Box<dyn Future<Output = ()>>>;

fn texts(count: u32) -> Vec<String> {
    (0..count).map(|n| format!("item {n}")).collect()
}

/// The host is asked for no copy.
fn copies_nothing(host: &Installed) {
    let calls = host.calls();
    let copies = |call: &String| call.contains(".read ") || call.contains(".write ");
    assert!(!calls.iter().any(copies), "{calls:#?}");
}

#[test]
fn items_of_a_stream_meet() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<String>();
        let (rest, read) = join(writer.write_all(texts(5)), async {
            let mut read = Vec::new();
            while read.len() < 5 {
                read.extend(reader.next().await);
            }
            read
        })
        .await;
        assert_eq!(rest, [""; 0]);
        assert_eq!(read, texts(5));
    });
    assert!(task.has_exited());
    copies_nothing(&host);
}

#[test]
fn a_read_takes_what_it_has_room_for() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<Vec<String>>();
        let lists = vec![texts(2), Vec::new(), texts(1)];
        let mut write = writer.write(lists.clone());
        assert!(poll_once(&mut write).await.is_pending());
        let (result, read) = reader.read(Vec::with_capacity(2)).await;
        assert_eq!(
            (result, &read[..]),
            (StreamResult::Complete(2), &lists[..2])
        );
        let (result, rest) = write.await;
        assert_eq!(result, StreamResult::Complete(2));
        assert_eq!(rest.into_vec(), lists[2..]);
    });
    assert!(task.has_exited());
    copies_nothing(&host);
}

#[test]
fn resources_move() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<Token>();
        let (back, token) = join(writer.write_one(Token::new(3)), reader.next()).await;
        assert!(back.is_none());
        assert_eq!(token.expect("it was sent").number(), 3);
    });
    assert!(task.has_exited());
    copies_nothing(&host);
}

#[test]
fn items_without_a_size_in_rust_meet() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<Nothing>();
        let (back, item) = join(writer.write_one(Nothing), reader.next()).await;
        assert_eq!((back, item), (None, Some(Nothing)));
    });
    assert!(task.has_exited());
}

#[test]
fn the_value_of_a_future_meets_its_reader_and_the_end_is_closed() {
    for reads_first in [false, true] {
        let host = host::install();
        let task = host.start(async move {
            let (writer, reader) = future(|| unreachable!("it is written"));
            let (write, read) = (writer.write("value".to_owned()), reader.into_future());
            match reads_first {
                true => {
                    let (value, sent) = join(read, write).await;
                    assert_eq!(value, "value");
                    sent.expect("it was read");
                }
                false => {
                    let (sent, value) = join(write, read).await;
                    assert_eq!(value, "value");
                    sent.expect("it was read");
                }
            }
        });
        assert!(task.has_exited());
        let calls = host.calls();
        // The host wants to see a write before the end goes, and takes nothing.
        assert!(
            calls.iter().any(|call| call.ends_with(": dropped")),
            "{calls:#?}"
        );
        assert!(
            calls.iter().any(|call| call.contains("drop-writable")),
            "{calls:#?}"
        );
    }
}

#[test]
fn the_default_of_a_future_meets_its_reader() {
    let host = host::install();
    let task = host.start(async {
        let (writer, reader) = future(|| "default".to_owned());
        drop(writer);
        assert_eq!(reader.await, "default");
    });
    assert!(task.has_exited());
}

#[test]
fn values_come_back_when_the_reader_is_dropped() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, reader) = stream::<String>();
        let (rest, ()) = join(writer.write_all(texts(2)), async { drop(reader) }).await;
        assert_eq!(rest, texts(2));
        // The host says so too.
        assert_eq!(writer.write_all(texts(1)).await, texts(1));
        let (writer, reader) = future(|| unreachable!("it is written"));
        let (sent, ()) = join(writer.write("value".to_owned()), async { drop(reader) }).await;
        assert_eq!(sent.expect_err("nobody reads").value, "value");
    });
    assert!(task.has_exited());
}

#[test]
fn a_read_that_waits_is_told_of_the_end() {
    let host = host::install();
    let task = host.start(async {
        let (writer, mut reader) = stream::<String>();
        let (item, ()) = join(reader.next(), async { drop(writer) }).await;
        assert_eq!(item, None);
        assert_eq!(reader.next().await, None);
        let (writer, mut reader) = stream::<String>();
        drop(writer);
        assert_eq!(reader.next().await, None);
    });
    assert!(task.has_exited());
}

#[test]
fn operations_that_wait_are_cancelled() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<String>();
        let mut write = writer.write(texts(2));
        assert!(poll_once(&mut write).await.is_pending());
        let (result, buffer) = Pin::new(&mut write).cancel();
        drop(write);
        assert_eq!(
            (result, buffer.into_vec()),
            (StreamResult::Cancelled, texts(2))
        );
        let mut read = reader.read(Vec::with_capacity(1));
        assert!(poll_once(&mut read).await.is_pending());
        let (result, _) = Pin::new(&mut read).cancel();
        drop(read);
        assert_eq!(result, StreamResult::Cancelled);
        // And nothing is left of them.
        let (back, item) = join(writer.write_one("now".to_owned()), reader.next()).await;
        assert_eq!((back, item.as_deref()), (None, Some("now")));
        let (writer, reader) = future(|| unreachable!("it is written"));
        let mut write = writer.write("value".to_owned());
        assert!(poll_once(&mut write).await.is_pending());
        let FutureWriteCancel::Cancelled(value, writer) = Pin::new(&mut write).cancel() else {
            unreachable!("nobody has read it")
        };
        let (sent, value) = join(writer.write(value), reader.into_future()).await;
        sent.expect("it was read");
        assert_eq!(value, "value");
    });
    assert!(task.has_exited());
    assert_eq!(host.undelivered(), None);
}

#[test]
fn nothing_meets_without_items() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<String>();
        // A write of nothing waits for a reader.
        let mut write = writer.write(Vec::new());
        assert!(poll_once(&mut write).await.is_pending());
        let mut read = Box::pin(reader.next());
        assert!(poll_once(&mut read).await.is_pending());
        assert_eq!(write.await.0, StreamResult::Complete(0));
        // The read waits for an item still.
        let (back, item) = join(writer.write_one("item".to_owned()), read).await;
        assert_eq!((back, item.as_deref()), (None, Some("item")));
        // A read of nothing waits for a writer.
        let mut read = reader.read(Vec::new());
        assert!(poll_once(&mut read).await.is_pending());
        let mut write = writer.write(texts(1));
        assert!(poll_once(&mut write).await.is_pending());
        assert_eq!(read.await.0, StreamResult::Complete(0));
        assert_eq!(reader.next().await.as_deref(), Some("item 0"));
        assert_eq!(write.await.0, StreamResult::Complete(1));
    });
    assert!(task.has_exited());
}

#[test]
fn who_offers_or_wants_nothing_leaves_those_alone_who_wait_with_items() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<String>();
        let mut read = Box::pin(reader.next());
        assert!(poll_once(&mut read).await.is_pending());
        assert_eq!(writer.write(Vec::new()).await.0, StreamResult::Complete(0));
        assert!(poll_once(&mut read).await.is_pending());
        let (back, item) = join(writer.write_one("item".to_owned()), read).await;
        assert_eq!((back, item.as_deref()), (None, Some("item")));
        let mut write = writer.write(texts(1));
        assert!(poll_once(&mut write).await.is_pending());
        let (result, _) = reader.read(Vec::new()).await;
        assert_eq!(result, StreamResult::Complete(0));
        assert!(poll_once(&mut write).await.is_pending());
        let (item, (result, _)) = join(reader.next(), write).await;
        assert_eq!(item.as_deref(), Some("item 0"));
        assert_eq!(result, StreamResult::Complete(1));
    });
    assert!(task.has_exited());
}

#[test]
fn of_a_read_and_a_write_without_items_the_write_is_done() {
    for reads_first in [false, true] {
        let host = host::install();
        let task = host.start(async move {
            let (mut writer, mut reader) = stream::<String>();
            let mut write = writer.write(Vec::new());
            let mut read = reader.read(Vec::new());
            if reads_first {
                assert!(poll_once(&mut read).await.is_pending());
            } else {
                assert!(poll_once(&mut write).await.is_pending());
            }
            assert!(poll_once(&mut read).await.is_pending());
            assert_eq!(write.await.0, StreamResult::Complete(0));
            assert!(poll_once(&mut read).await.is_pending());
            let mut write = writer.write(texts(1));
            assert!(poll_once(&mut write).await.is_pending());
            assert_eq!(read.await.0, StreamResult::Complete(0));
            assert_eq!(reader.next().await.as_deref(), Some("item 0"));
            assert_eq!(write.await.0, StreamResult::Complete(1));
        });
        assert!(task.has_exited());
    }
}

#[test]
fn reads_that_wait_here_need_no_task() {
    let host = host::install_with(Rules {
        results_need_task: true,
        no_cancel_in_sync_task: true,
        ..Rules::default()
    });
    let (mut writer, mut reader) = stream::<String>();
    let (value_writer, value_reader) = future(|| unreachable!("it is written"));
    let mut item = Box::pin(async move { reader.next().await });
    let mut value = value_reader.into_future();
    host.call_sync(|| {
        block_on(async {
            assert!(poll_once(&mut item).await.is_pending());
            assert!(poll_once(&mut value).await.is_pending());
        });
    });
    let task = host.start(async move {
        assert_eq!(writer.write_one("item".to_owned()).await, None);
        assert_eq!(item.await.as_deref(), Some("item"));
        let sent = value_writer.write("value".to_owned()).await;
        sent.expect("it was read");
        assert_eq!(value.await, "value");
    });
    assert!(task.has_exited());
    // The set of what belonged to no task goes with the next one.
    assert!(host.start(async {}).has_exited());
}

#[test]
fn numbers_meet_in_the_host() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<u32>();
        let (back, item) = join(writer.write_one(7), reader.next()).await;
        assert_eq!((back, item), (None, Some(7)));
    });
    assert_eq!(task.settle(), Code::Exit);
    let calls = host.calls();
    for copy in [".read ", ".write "] {
        assert!(calls.iter().any(|call| call.contains(copy)), "{calls:#?}");
    }
}

thread_local! {
    static WRITER: std::cell::RefCell<Option<Left>> = const { std::cell::RefCell::new(None) };
}

/// The tables of numbers of the same size: the host of the tests would let those meet.
macro_rules! like {
    ($payload:ty, $number:ty) => {{
        static TABLE: StreamVtable<$payload> = StreamVtable {
            layout: <$number>::STREAM.layout,
            lower: None,
            dealloc_lists: None,
            lift: None,
            start_write: <$number>::STREAM.start_write,
            start_read: <$number>::STREAM.start_read,
            cancel_write: <$number>::STREAM.cancel_write,
            cancel_read: <$number>::STREAM.cancel_read,
            drop_writable: <$number>::STREAM.drop_writable,
            drop_readable: <$number>::STREAM.drop_readable,
            new: <$number>::STREAM.new,
        };
        &TABLE
    }};
}

async fn meets<T: Copy + PartialEq + Debug + 'static>(table: &'static StreamVtable<T>, item: T) {
    // SAFETY: the table describes streams of this host.
    let (mut writer, mut reader) = unsafe { stream_new(table) };
    let (back, read) = join(writer.write_one(item), reader.next()).await;
    assert_eq!((back, read), (None, Some(item)));
}

#[test]
fn flags_and_characters_are_no_numbers() {
    let host = host::install();
    let task = host.start(async {
        meets(like!(bool, u8), true).await;
        meets(like!(char, u32), 'x').await;
    });
    assert!(task.has_exited());
    copies_nothing(&host);
}

#[test]
fn an_end_that_is_gone_is_registered_with_nobody() {
    for version in 1..=3 {
        let _host = host::install();
        let (mut writer, mut reader) = stream::<String>();
        let executor = Executor::new(version);
        // The reader goes with the future.
        let mut read = Box::pin(async move { reader.next().await });
        assert!(executor.poll(&mut read).is_pending());
        let mut write = Box::pin(writer.write_one("item".to_owned()));
        assert_eq!(executor.poll(&mut write), Poll::Ready(None));
        let read = executor.poll(&mut read);
        assert_eq!(read, Poll::Ready(Some("item".to_owned())));
        assert_eq!((executor.registered(), executor.clones()), (vec![], 0));
    }
}

thread_local! {
    /// What is polled when a waker of the table is cloned, and how often one was woken.
    static ON_CLONE: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>> = const { RefCell::new(None) };
    static WOKEN: Cell<u32> = const { Cell::new(0) };
}

static WRITES: RawWakerVTable = RawWakerVTable::new(
    |data| {
        if let Some(mut write) = ON_CLONE.take() {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(write.as_mut().poll(&mut cx).is_ready());
        }
        RawWaker::new(data, &WRITES)
    },
    |_| WOKEN.set(WOKEN.get() + 1),
    |_| WOKEN.set(WOKEN.get() + 1),
    |_| {},
);
