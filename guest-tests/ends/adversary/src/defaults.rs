//! Defaults that use ends.

use std::cell::{Cell, RefCell};
use std::future::IntoFuture;
use std::pin::Pin;

use futures::future::join;
use guest_support::check::{in_flight, turns};
use wit_async::{FutureReader, FutureWriter, StreamReader, block_on, spawn_local};

use crate::bindings::test::ends::relay;
use crate::bindings::{wit_future, wit_stream};
use crate::token::{acting, dropped_set};
use crate::words;

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
    static STACK: RefCell<Vec<FutureWriter<String>>> = const { RefCell::new(Vec::new()) };
    static MORE: RefCell<Vec<FutureReader<String>>> = const { RefCell::new(Vec::new()) };
}

fn next_count() -> String {
    COUNT.set(COUNT.get() + 1);
    (COUNT.get() - 1).to_string()
}

/// Drops the next writer of the stack, and is the number of those that went before.
fn drops_the_next() -> String {
    let next = STACK.with_borrow_mut(Vec::pop);
    drop(next);
    next_count()
}

/// Makes a pair, drops its writer and keeps its reader.
fn makes_more() -> String {
    let more = MORE.with_borrow(Vec::len) < 20;
    let (writer, reader) = wit_future::new(if more { makes_more } else { next_count });
    MORE.with_borrow_mut(|readers| readers.push(reader));
    drop(writer);
    next_count()
}

pub async fn defaults_that_act() {
    one_drops_the_next().await;
    one_makes_another().await;
    ends_by_default().await;
    work_by_default().await;
    taken_back_and_offered_again().await;
}

async fn one_drops_the_next() {
    const WRITERS: u32 = 50;
    COUNT.set(0);
    let mut readers = Vec::new();
    for n in 0..WRITERS {
        let (writer, reader) = wit_future::new(drops_the_next);
        STACK.with_borrow_mut(|stack| stack.push(writer));
        readers.push((n, reader));
    }
    let last = STACK.with_borrow_mut(Vec::pop);
    drop(last);
    // The one that is dropped first has its default last.
    for (n, mut reader) in readers {
        let value = match n % 3 {
            0 => reader.await,
            1 => (&mut reader).await,
            _ => relay::read_value(reader).await,
        };
        assert_eq!(value, n.to_string());
    }
    assert_eq!(COUNT.get(), WRITERS, "each default once");
}

async fn one_makes_another() {
    COUNT.set(0);
    let (writer, reader) = wit_future::new(makes_more);
    // Its value is not taken: the default takes its place.
    let mut write = writer.write("lost".to_owned());
    in_flight(&mut write).await;
    drop(write);
    let mut values = vec![relay::read_value(reader).await];
    for reader in MORE.take() {
        values.push(reader.await);
    }
    values.sort_by_key(|value| value.parse::<u32>().expect("a number"));
    assert_eq!(values, words(0, 22));
    assert_eq!(COUNT.get(), 22);
}

/// The default is an end whose other end is used in a future that was spawned for it.
async fn ends_by_default() {
    fn stream() -> StreamReader<String> {
        let (writer, reader) = wit_stream::new();
        spawn_local(async move {
            let mut writer = writer;
            for word in words(0, 5) {
                turns(1).await;
                assert_eq!(writer.write_one(word).await, None);
            }
        });
        reader
    }
    for handed in [false, true] {
        let (writer, reader) = wit_future::new(stream);
        let (never, never_reader) = wit_stream::new::<String>();
        let mut write = writer.write(never_reader);
        in_flight(&mut write).await;
        drop(write);
        let mut never = never;
        assert!(
            never.write_one(String::new()).await.is_some(),
            "its reader has gone"
        );
        let reader = reader.await;
        let received = if handed {
            relay::collect_words(reader).await
        } else {
            reader.collect().await
        };
        assert_eq!(received, words(0, 5));
    }
    // Nobody takes what the default is.
    let (writer, reader) = wit_future::new(|| wit_stream::new::<String>().1);
    drop(reader);
    drop(writer);
    turns(3).await;
}

/// A default that runs a task inside, called wherever a writer can go.
async fn work_by_default() {
    fn work() -> String {
        let (mut writer, reader) = wit_stream::new();
        let (all, ()) = block_on(join(reader.collect(), async move {
            for word in words(0, 3) {
                assert_eq!(writer.write_one(word).await, None);
            }
        }));
        all.concat()
    }
    let (in_task, reader) = wit_future::new(work);
    drop(in_task);
    assert_eq!(reader.await, "012");

    let (in_item, reader) = wit_future::new(work);
    drop(acting(0, move || drop(in_item)));
    assert_eq!(reader.await, "012");

    let (in_spawned, reader) = wit_future::new(work);
    spawn_local(async move { drop(in_spawned) });
    assert_eq!(relay::read_value(reader).await, "012");

    let (in_block_on, reader) = wit_future::new(work);
    let value = block_on(async move {
        spawn_local(async move { drop(in_block_on) });
        reader.await
    });
    assert_eq!(value, "012");

    let (in_read, mut reader) = wit_future::new(work);
    {
        let mut read = (&mut reader).into_future();
        in_flight(&mut read).await;
        drop(in_read);
    }
    assert_eq!(reader.await, "012");
    assert_eq!(dropped_set(), [0]);
}

/// A value is offered, taken back and offered again, while reads come and go.
async fn taken_back_and_offered_again() {
    use wit_async::FutureWriteCancel::Cancelled;
    let (mut writer, mut reader) = wit_future::new(|| unreachable!("it is written"));
    for round in 0_u32..40 {
        if round % 2 == 0 {
            let mut write = Box::pin(writer.write(round.to_string()));
            in_flight(&mut write).await;
            turns(round as usize % 3).await;
            let Cancelled(value, again) = write.as_mut().cancel() else {
                panic!("nobody read in round {round}");
            };
            assert_eq!(value, round.to_string());
            writer = again;
        } else {
            let mut read = (&mut reader).into_future();
            in_flight(&mut read).await;
            turns(round as usize % 3).await;
            if round % 4 == 1 {
                drop(read);
                // It goes on; the next one ends it.
                let mut next = (&mut reader).into_future();
                in_flight(&mut next).await;
                assert_eq!(Pin::new(&mut next).cancel(), None);
                continue;
            }
            assert_eq!(Pin::new(&mut read).cancel(), None);
        }
    }
    let (written, read) = join(writer.write("last".to_owned()), (&mut reader).into_future()).await;
    assert!(written.is_ok());
    assert_eq!(read, "last");
}
