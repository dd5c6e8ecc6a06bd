//! Items on their way, in parts, in many streams, between tasks.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Wake, Waker};

use futures::StreamExt;
use futures::stream::{FuturesUnordered, select};
use guest_support::check::{at_once, in_flight, turns};
use wit_async::{StreamResult, spawn_local};

use crate::bindings::wit_stream;

pub async fn write_in_parts() {
    let (mut writer, mut reader) = wit_stream::new::<u32>();
    let writing = spawn_local(async move {
        let (mut result, mut buffer) = writer.write((0..10).collect()).await;
        let mut writes = 1;
        while buffer.remaining() > 0 {
            assert!(matches!(result, StreamResult::Complete(_)));
            (result, buffer) = writer.write_buf(buffer).await;
            writes += 1;
        }
        writes
    });
    let mut items = Vec::new();
    while items.len() < 10 {
        let (result, part) = reader.read(Vec::with_capacity(3)).await;
        assert_eq!(result, StreamResult::Complete(part.len()));
        assert!(
            part.len() <= 3,
            "a read returns no more than it has room for"
        );
        items.extend(part);
        turns(3).await;
    }
    assert!(items.into_iter().eq(0..10));
    assert_eq!(writing.await, Some(4));
}

pub async fn bytes_beyond_the_limit() {
    const MANY: usize = (1 << 28) + 10;
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    // A write of more: what fits goes, the rest comes back.
    let mut write = Box::pin(writer.write(vec![0; MANY]));
    in_flight(&mut write).await;
    assert_eq!(
        reader.read(Vec::with_capacity(100)).await,
        (StreamResult::Complete(100), vec![0; 100])
    );
    let (result, buffer) = write.await;
    assert_eq!(
        (result, buffer.remaining()),
        (StreamResult::Complete(100), MANY - 100)
    );
    drop(buffer);
    // A read with room for more.
    let mut read = Box::pin(reader.read(Vec::with_capacity(MANY)));
    in_flight(&mut read).await;
    assert!(writer.write_all(vec![7; 100]).await.is_empty());
    let (result, items) = read.await;
    assert_eq!((result, items), (StreamResult::Complete(100), vec![7; 100]));
}

pub async fn zero_length() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    // A zero-length read waits until the writer is ready.
    let mut ready = Box::pin(reader.read(Vec::new()));
    in_flight(&mut ready).await;
    let mut write = Box::pin(writer.write(vec![1]));
    in_flight(&mut write).await;
    assert_eq!(ready.await, (StreamResult::Complete(0), vec![]));
    assert_eq!(at_once(&mut Box::pin(reader.next())).await, Some(1));
    assert_eq!(write.await.0, StreamResult::Complete(1));
    // A zero-length write waits until the reader is ready.
    let mut ready = Box::pin(writer.write(vec![]));
    in_flight(&mut ready).await;
    let mut read = Box::pin(reader.read(Vec::with_capacity(4)));
    in_flight(&mut read).await;
    assert_eq!(ready.await.0, StreamResult::Complete(0));
    assert_eq!(writer.write(vec![2]).await.0, StreamResult::Complete(1));
    assert_eq!(read.await, (StreamResult::Complete(1), vec![2]));
}

pub async fn collect_all() {
    let (mut writer, reader) = wit_stream::new::<u32>();
    spawn_local(async move {
        assert_eq!(writer.write_one(0).await, None);
        assert!(writer.write_all((1..1000).collect()).await.is_empty());
        turns(5).await;
        assert!(writer.write_all(vec![]).await.is_empty());
        assert_eq!(writer.write_one(1000).await, None);
    });
    assert!(reader.collect().await.into_iter().eq(0..=1000));
}

pub async fn writer_handed_between_tasks() {
    let (mut writer, reader) = wit_stream::new::<u32>();
    spawn_local(async move {
        for round in 0..10 {
            let handed = spawn_local(async move {
                assert_eq!(writer.write_one(2 * round).await, None);
                turns(2).await;
                assert_eq!(writer.write_one(2 * round + 1).await, None);
                writer
            });
            writer = handed.await.expect("nobody cancels the task");
        }
    });
    assert!(reader.collect().await.into_iter().eq(0..20));
}

pub async fn thousand_streams() {
    let mut reads = FuturesUnordered::new();
    let mut writers = Vec::new();
    for n in 0..1000_u32 {
        let (writer, mut reader) = wit_stream::new::<u32>();
        writers.push((n, writer));
        reads.push(Box::pin(async move {
            (reader.next().await, reader.next().await)
        }));
    }
    in_flight(&mut Box::pin(reads.next())).await;
    spawn_local(async move {
        // The last one first.
        while let Some((n, mut writer)) = writers.pop() {
            assert_eq!(writer.write_one(n).await, None);
        }
    });
    let mut received = Vec::new();
    while let Some((item, end)) = reads.next().await {
        assert_eq!(end, None);
        received.extend(item);
    }
    received.sort_unstable();
    assert!(received.into_iter().eq(0..1000));
}

pub async fn select_of_two_streams() {
    let stream = |offset: u32, pause: usize| {
        let (mut writer, reader) = wit_stream::new::<u32>();
        spawn_local(async move {
            for n in 0..100 {
                assert_eq!(writer.write_one(offset + n).await, None);
                turns(pause).await;
            }
        });
        reader.into_stream()
    };
    let mut items: Vec<u32> = select(stream(0, 1), stream(100, 3)).collect().await;
    items.sort_unstable();
    assert!(items.into_iter().eq(0..200));
}

/// Counts its wake-ups and passes them on to nobody.
struct CountingWaker(AtomicU32);

impl Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

pub async fn read_moves_between_wakers() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut read = Box::pin(reader.read(Vec::with_capacity(4)));
    let counters: [_; 3] = std::array::from_fn(|_| Arc::new(CountingWaker(AtomicU32::new(0))));
    for counter in &counters {
        let waker = Waker::from(counter.clone());
        let poll = Pin::new(&mut read).poll(&mut Context::from_waker(&waker));
        assert!(poll.is_pending());
    }
    assert_eq!(writer.write_one(1).await, None);
    turns(3).await;
    let woken = counters.map(|counter| counter.0.load(Ordering::Relaxed));
    assert_eq!(woken, [0, 0, 1], "only the last waker is woken");
    assert_eq!(read.await, (StreamResult::Complete(1), vec![1]));
}
