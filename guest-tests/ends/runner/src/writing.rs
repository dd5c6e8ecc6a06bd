//! Streams that the peer reads.

use core::task::Poll;

use futures::future::{join, join_all};
use guest_support::check::{in_flight, poll_once, turns};
use wit_async::{StreamResult, spawn_local};

use crate::bindings::test::ends::relay;
use crate::bindings::wit_stream;
use crate::{in_use_again, words};

pub async fn words_come_back() {
    let (mut writer, reader) = wit_stream::new();
    relay::drop_words(reader, false).await;
    for _ in 0..3 {
        assert_eq!(writer.write_all(words(0, 3)).await, words(0, 3));
        assert_eq!(
            writer.write_one("word".into()).await.as_deref(),
            Some("word")
        );
        let (result, buffer) = writer.write(words(0, 2)).await;
        assert_eq!(
            (result, buffer.into_vec()),
            (StreamResult::Dropped, words(0, 2))
        );
        turns(1).await;
    }
}

pub async fn words_come_back_in_flight() {
    let (mut writer, reader) = wit_stream::new();
    let mut dropping = Box::pin(relay::drop_words(reader, true));
    in_flight(&mut dropping).await;
    let mut write = Box::pin(writer.write(words(0, 3)));
    in_flight(&mut write).await;
    let ((result, buffer), ()) = join(write, dropping).await;
    assert_eq!(
        (result, buffer.into_vec()),
        (StreamResult::Dropped, words(0, 3))
    );
    assert_eq!(writer.write_all(words(3, 5)).await, words(3, 5));
}

pub async fn rest_comes_back() {
    for count in 0..5 {
        let (mut writer, reader) = wit_stream::new();
        let (taken, rest) = join(
            relay::take_words(reader, count),
            writer.write_all(words(0, 10)),
        )
        .await;
        assert_eq!(taken, words(0, count));
        assert_eq!(rest, words(count, 10));
        assert_eq!(writer.write_all(rest).await, words(count, 10));
    }
}

pub async fn told_of_reader_gone_while_idle() {
    let (mut writer, reader) = wit_stream::new();
    // Only an end that was waited for is told anything unasked.
    let mut write = Box::pin(writer.write_one("0".into()));
    in_flight(&mut write).await;
    let mut taking = Box::pin(relay::take_words(reader, 2));
    assert_eq!(
        join(write, poll_once(&mut taking)).await,
        (None, Poll::Pending)
    );
    assert!(writer.write_all(words(1, 2)).await.is_empty());
    assert_eq!(taking.await, words(0, 2));
    // The writable end is idle when the notice comes.
    turns(10).await;
    assert_eq!(writer.write_all(words(2, 4)).await, words(2, 4));
    turns(10).await;
    assert_eq!(writer.write_all(words(2, 4)).await, words(2, 4));
    drop(writer);
    in_use_again().await;
}

async fn pump(bytes: Vec<u8>) -> Vec<u8> {
    let (mut writer, reader) = wit_stream::new();
    let pumped = relay::pump(reader).await;
    let writing = spawn_local(async move { writer.write_all(bytes).await });
    let received = pumped.collect().await;
    assert_eq!(writing.await, Some(vec![]));
    received
}

pub async fn mebibyte_pumped() {
    let bytes: Vec<u8> = (0..1_u32 << 20)
        .map(|n| (n * 7 + (n >> 11)) as u8)
        .collect();
    assert!(
        pump(bytes.clone()).await == bytes,
        "the bytes arrive as they were sent"
    );
    assert!(pump(vec![]).await.is_empty());
}

pub async fn ten_streams_pumped() {
    let sent: Vec<Vec<u8>> = (0..10).map(|n| vec![n; 10_000]).collect();
    let received = join_all(sent.iter().cloned().map(pump)).await;
    assert!(received == sent, "each stream has its own bytes");
}

pub async fn ticks_to_peer() {
    for count in [0, 1, 1000, 1 << 20] {
        let (mut writer, reader) = wit_stream::new::<()>();
        let writing = spawn_local(async move { writer.write_all(vec![(); count]).await.len() });
        assert_eq!(relay::count_ticks(reader).await, count as u64);
        assert_eq!(writing.await, Some(0));
    }
}
