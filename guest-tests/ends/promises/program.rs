//! Programs in safe Rust, and what is promised of them: the same text for each runtime.

use std::cell::Cell;
use std::future::IntoFuture;
use std::mem;
use std::task::Poll;

use futures::StreamExt;
use futures::future::{join, join3};
use guest_support::check::{blocking_turns, in_flight, poll_once, turns};

use crate::bindings::test::ends::relay;
use crate::bindings::{wit_future, wit_stream};
use crate::runtime;

/// The words `from`, .. `to` - 1.
pub fn words(from: u32, to: u32) -> Vec<String> {
    (from..to).map(|n| n.to_string()).collect()
}

pub async fn end_lasts() {
    let mut reader = relay::words(1).await;
    assert_eq!(reader.next().await.as_deref(), Some("0"));
    for _ in 0..3 {
        assert_eq!(reader.next().await, None);
    }
    assert!(reader.collect().await.is_empty());
}

pub async fn writes_after_the_reader() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    drop(reader);
    for _ in 0..3 {
        assert_eq!(writer.write_all(vec![1, 2]).await, [1, 2]);
    }
}

pub async fn cancels_find_what_happened() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut read = Box::pin(reader.read(Vec::with_capacity(4)));
    in_flight(&mut read).await;
    assert!(writer.write_all(vec![1, 2]).await.is_empty());
    assert_eq!(read.as_mut().cancel().1, [1, 2], "each item once");
    drop(read);

    let mut write = Box::pin(writer.write(vec![3, 4]));
    in_flight(&mut write).await;
    assert_eq!(reader.next().await, Some(3));
    let (_, rest) = write.as_mut().cancel();
    assert_eq!(rest.into_vec(), [4], "each item once");
}

pub async fn dropped_read_had_its_event() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut read = Box::pin(reader.read(Vec::with_capacity(4)));
    in_flight(&mut read).await;
    assert!(writer.write_all(vec![1, 2]).await.is_empty());
    // The task has the event, and does not poll the read.
    turns(2).await;
    drop(read);
    let reads = async move { reader.next().await };
    let (item, _) = join(reads, async move { writer.write_one(3).await }).await;
    assert_eq!(item, Some(1), "each item once");
}

pub async fn yield_loop_lets_events_through() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let arrived = Cell::new(0);
    let reads = async {
        while reader.next().await.is_some() {
            arrived.set(arrived.get() + 1);
        }
    };
    let writes = async move {
        for _ in 0..5 {
            writer.write_one(1).await;
        }
    };
    let spins = async {
        for spins in 0.. {
            if arrived.get() == 5 {
                break;
            }
            assert!(spins < 10_000, "events are kept from the task");
            turns(1).await;
        }
    };
    join3(reads, writes, spins).await;
}

pub async fn dropped_reads_lose_nothing() {
    const WORDS: u32 = 50;
    let mut reader = relay::words(WORDS).await;
    let mut read = Vec::new();
    while read.len() < WORDS as usize {
        let mut next = Box::pin(reader.next());
        match poll_once(&mut next).await {
            Poll::Ready(Some(word)) => read.push(word),
            Poll::Ready(None) => break,
            Poll::Pending => {
                // The other side may write meanwhile; then the read is dropped.
                turns(2).await;
                blocking_turns(2);
            }
        }
    }
    assert_eq!(read, words(0, WORDS), "each word once");
}

pub async fn dropped_read_goes_along() {
    let mut reader = relay::words(3).await;
    let mut read = Box::pin(reader.read(Vec::with_capacity(1)));
    // What arrives at once is in the hands of this function.
    if let Poll::Ready((_, items)) = poll_once(&mut read).await {
        drop(read);
        assert_eq!(items, words(0, 1), "each word once");
        assert_eq!(
            relay::collect_words(reader).await,
            words(1, 3),
            "each word once"
        );
        return;
    }
    blocking_turns(10);
    drop(read);
    assert_eq!(
        relay::collect_words(reader).await,
        words(0, 3),
        "each word once"
    );
}

pub async fn dropped_read_goes_along_in_block_on() {
    let mut reader = relay::words(3).await;
    let mut read = Box::pin(reader.read(Vec::with_capacity(1)));
    let from = match poll_once(&mut read).await {
        // What arrives at once is in the hands of this function.
        Poll::Ready((_, items)) => items.len() as u32,
        Poll::Pending => 0,
    };
    blocking_turns(10);
    drop(read);
    // The task stands still until the other component has had all of it.
    let collected = runtime::block_on(relay::collect_words(reader));
    assert_eq!(collected, words(from, 3), "each word once");
}

pub async fn forgotten_read_then_read() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut read = Box::pin(reader.next());
    in_flight(&mut read).await;
    mem::forget(read);
    // What the leaked read gets is lost; what comes after it is not.
    let reads = async {
        let mut last = None;
        while let Some(byte) = reader.next().await {
            last = Some(byte);
        }
        last
    };
    let writes = async move {
        for byte in [1, 2, 3] {
            writer.write_one(byte).await;
        }
    };
    assert_eq!(join(reads, writes).await.0, Some(3));
}

pub async fn forgotten_read_then_dropped() {
    let (writer, mut reader) = wit_stream::new::<u8>();
    let mut read = Box::pin(reader.next());
    in_flight(&mut read).await;
    mem::forget(read);
    drop(reader);
    drop(writer);
}

pub async fn forgotten_read_then_handed_away() {
    let (mut writer, mut reader) = wit_stream::new::<String>();
    let mut read = Box::pin(reader.next());
    in_flight(&mut read).await;
    mem::forget(read);
    let writes = async move {
        for word in words(0, 3) {
            writer.write_one(word).await;
        }
    };
    let (collected, ()) = join(relay::collect_words(reader), writes).await;
    assert_eq!(collected.last().map(String::as_str), Some("2"));
}

pub async fn forgotten_write_then_write() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut write = Box::pin(writer.write_one(1));
    in_flight(&mut write).await;
    mem::forget(write);
    let writes = async move {
        assert_eq!(writer.write_one(2).await, None);
    };
    let reads = async {
        let mut last = None;
        while let Some(byte) = reader.next().await {
            last = Some(byte);
        }
        last
    };
    assert_eq!(join(reads, writes).await.0, Some(2));
}

pub async fn forgotten_write_then_dropped() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let mut write = Box::pin(writer.write_one(1));
    in_flight(&mut write).await;
    mem::forget(write);
    drop(writer);
    drop(reader);
}

pub async fn forgotten_read_then_told_of_the_end() {
    let (writer, mut reader) = wit_stream::new::<u8>();
    let mut read = Box::pin(reader.next());
    in_flight(&mut read).await;
    mem::forget(read);
    drop(writer);
    // The task is told of the end, for nobody.
    turns(2).await;
    for _ in 0..3 {
        assert_eq!(reader.next().await, None);
    }
}

pub async fn forgotten_read_that_moved() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut read = Box::pin(reader.next());
    in_flight(&mut read).await;
    runtime::block_on(async {
        in_flight(&mut read).await;
        mem::forget(read);
    });
    let writes = async move {
        for byte in [1, 2, 3] {
            writer.write_one(byte).await;
        }
    };
    let reads = async {
        let mut last = None;
        while let Some(byte) = reader.next().await {
            last = Some(byte);
        }
        last
    };
    assert_eq!(join(reads, writes).await.0, Some(3));
}

pub fn read_dropped_in_synchronous_export() {
    let (writer, mut reader) = wit_stream::new::<u8>();
    let mut read = Box::pin(reader.next());
    runtime::block_on(in_flight(&mut read));
    drop(read);
    drop(reader);
    drop(writer);
}

pub fn write_dropped_in_synchronous_export() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let mut write = Box::pin(writer.write_one(1));
    runtime::block_on(in_flight(&mut write));
    drop(write);
    drop(writer);
    drop(reader);
}

pub fn future_dropped_in_synchronous_export() {
    let (writer, reader) = wit_future::new(|| 7_u32);
    drop(writer);
    drop(reader);
}

pub async fn read_finished_in_block_on() {
    let mut reader = relay::words(2).await;
    let mut read = Box::pin(reader.read(Vec::with_capacity(1)));
    let first = match poll_once(&mut read).await {
        Poll::Ready(first) => first,
        Poll::Pending => runtime::block_on(&mut read),
    };
    drop(read);
    assert_eq!(first.1, words(0, 1));
    assert_eq!(reader.next().await.as_deref(), Some("1"));
}

pub async fn backpressure_below_zero() {
    runtime::backpressure_dec();
    runtime::backpressure_inc();
    runtime::backpressure_dec();
}

pub async fn busy_stream_lets_others_go_on() {
    const ITEMS: u32 = 100_000;
    let (mut writer, mut reader) = wit_stream::new();
    let read = Cell::new(0);
    let seen = Cell::new(0);
    // One write in flight, so that each read is ready at once.
    let writes = async move {
        writer.write_all((0..ITEMS).collect()).await;
    };
    let reads = async {
        while reader.next().await.is_some() {
            read.set(read.get() + 1);
        }
    };
    let other = async {
        turns(1).await;
        seen.set(read.get());
    };
    join3(writes, reads, other).await;
    assert_eq!(read.get(), ITEMS);
    assert!(
        seen.get() < ITEMS / 2,
        "others had their turn when {} of {ITEMS} items were read",
        seen.get()
    );
}

pub async fn adapter_waits_again() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let mut items = reader.into_stream();
    in_flight(&mut items.next()).await;
    assert!(writer.write_all(vec![1]).await.is_empty());
    turns(2).await;
    let writes = async move { writer.write_all(vec![2, 3]).await };
    let (received, _) = join(items.collect::<Vec<u8>>(), writes).await;
    assert_eq!(received, [1, 2, 3], "each item once");
}

pub async fn dropped_read_is_not_cancelled() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    in_flight(&mut Box::pin(reader.next())).await;
    let mut write = Box::pin(writer.write(vec![1]));
    let is_done = poll_once(&mut write).await.is_ready();
    assert!(is_done, "the read is not there any more");
    drop(write);
    assert_eq!(reader.next().await, Some(1));
}

pub async fn dropped_write_is_cancelled() {
    let (mut writer, bytes) = wit_stream::new();
    let pumped = relay::pump(bytes).await;
    // The peer has a byte to pass on, which nobody takes.
    assert_eq!(writer.write_one(0).await, None);
    turns(10).await;
    in_flight(&mut Box::pin(writer.write_one(1))).await;
    let writes = async move { writer.write_one(2).await };
    let (received, _) = join(pumped.collect(), writes).await;
    assert_eq!(received, [0, 2], "what was dropped is not sent");
}

pub async fn dropped_read_of_future_is_cancelled() {
    let (writer, reader) = wit_future::new(|| 7_u32);
    in_flight(&mut Box::pin(reader.into_future())).await;
    let sent = writer.write(8).await;
    assert_eq!(sent.expect_err("nobody reads").value, 8);

    let reader = relay::value("value".to_owned(), true).await;
    in_flight(&mut Box::pin(reader.into_future())).await;
    // The peer sees that nobody reads.
    turns(10).await;
}
