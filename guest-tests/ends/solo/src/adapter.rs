//! The adapter from a readable end to a `Stream`.

use futures::{FutureExt, Stream, StreamExt};
use guest_support::check::{in_flight, turns};
use wit_async::{StreamReader, spawn_local};

use crate::bindings::wit_stream;

fn counting(count: u32) -> StreamReader<u32> {
    let (mut writer, reader) = wit_stream::new();
    spawn_local(async move {
        for n in 0..count {
            if writer.write_one(n).await.is_some() {
                break;
            }
        }
    });
    reader
}

pub async fn into_stream_ends() {
    let mut items = counting(3).into_stream();
    for n in 0..3 {
        assert_eq!(items.next().await, Some(n));
    }
    for _ in 0..3 {
        assert_eq!(items.next().await, None);
    }
}

pub async fn into_stream_combinators() {
    let even: Vec<u32> = counting(100)
        .into_stream()
        .filter(|n| std::future::ready(n % 2 == 0))
        .map(|n| n / 2)
        .take(40)
        .collect()
        .await;
    assert!(even.into_iter().eq(0..40));
    let buffered: u32 = counting(100)
        .into_stream()
        .map(|n| async move {
            turns(1).await;
            n
        })
        .buffer_unordered(10)
        .fold(0, |sum, n| std::future::ready(sum + n))
        .await;
    assert_eq!(buffered, 4950);
}

pub async fn into_stream_and_back() {
    let mut items = counting(5).into_stream();
    assert_eq!(items.next().await, Some(0));
    assert_eq!(items.next().await, Some(1));
    let mut reader = items.into_inner().expect("no read is in flight");
    assert_eq!(reader.next().await, Some(2));
    assert_eq!(reader.into_stream().collect::<Vec<u32>>().await, [3, 4]);
}

pub async fn into_stream_dropped_in_flight() {
    let (mut writer, reader) = wit_stream::new::<u32>();
    let mut items = reader.into_stream();
    in_flight(&mut Box::pin(items.next())).await;
    drop(items);
    assert_eq!(writer.write_one(1).await, Some(1), "the reader is gone");

    // A stream that was polled and is polled again goes on where it was.
    let (mut writer, reader) = wit_stream::new::<u32>();
    let mut items = reader.into_stream();
    assert_eq!(items.next().now_or_never(), None);
    spawn_local(async move { writer.write_all(vec![1, 2]).await });
    assert_eq!(items.collect::<Vec<u32>>().await, [1, 2]);
}

pub async fn read_ahead_and_back() {
    let (mut writer, reader) = wit_stream::new();
    let writing = spawn_local(async move { writer.write_all((0..10_000_u32).collect()).await });
    let mut items = reader.into_stream();
    assert_eq!(items.next().await, Some(0));
    assert_eq!(items.size_hint().0, 2047);
    let mut reader = items.into_inner().expect("there is more");
    assert_eq!(reader.next().await, Some(1));
    let mut items = reader.buffered(3000);
    for n in 2..5000 {
        assert_eq!(items.next().await, Some(n));
    }
    let reader = items.into_inner().expect("there is more");
    assert!(reader.collect().await.into_iter().eq(5000..10_000));
    assert_eq!(writing.await, Some(vec![]));
}
