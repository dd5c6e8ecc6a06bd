//! Streams that the peer writes.

use futures::AsyncReadExt;
use futures::future::join;
use guest_support::check::{in_flight, poll_once, turns};
use std::task::Poll;
use wit_async::{StreamResult, spawn_local};

use crate::bindings::test::ends::relay;
use crate::bindings::wit_stream;
use crate::{in_use_again, words};

pub async fn end_of_stream_lasts() {
    let mut reader = relay::words(3).await;
    for word in words(0, 3) {
        assert_eq!(reader.next().await, Some(word));
    }
    for _ in 0..3 {
        assert_eq!(reader.next().await, None);
        assert_eq!(
            reader.read(Vec::with_capacity(4)).await,
            (StreamResult::Dropped, vec![])
        );
        assert_eq!(reader.read(Vec::new()).await.0, StreamResult::Dropped);
        turns(1).await;
    }
    assert_eq!(reader.collect().await, Vec::<String>::new());
}

pub async fn empty_stream() {
    assert!(relay::words(0).await.collect().await.is_empty());
    let mut reader = relay::words(0).await;
    turns(5).await;
    assert_eq!(reader.next().await, None);
    assert_eq!(reader.next().await, None);
    drop(relay::words(0).await);
}

pub async fn read_more_than_there_is() {
    let mut reader = relay::words(10).await;
    let mut received = Vec::new();
    loop {
        let (result, part) = reader.read(Vec::with_capacity(1000)).await;
        received.extend(part);
        if result == StreamResult::Dropped {
            break;
        }
    }
    assert_eq!(received, words(0, 10));
}

pub async fn dropped_reads_lose_nothing() {
    let mut reader = relay::words(100).await;
    let mut received = Vec::new();
    for round in 0.. {
        let mut read = Box::pin(reader.read(Vec::with_capacity(1 + round % 5)));
        if let Poll::Ready((_, items)) = poll_once(&mut read).await {
            received.extend(items);
        }
        drop(read);
        turns(round % 3).await;
        match reader.next().await {
            Some(word) => received.push(word),
            None => break,
        }
    }
    assert_eq!(received, words(0, 100));
}

pub async fn dropped_byte_reads_lose_nothing() {
    let sent: Vec<u8> = (0..50_000_u32).map(|n| (n % 251) as u8).collect();
    let (mut writer, reader) = wit_stream::new();
    let writing = spawn_local({
        let sent = sent.clone();
        async move { writer.write_all(sent).await }
    });
    let mut bytes = relay::pump(reader).await.into_async_read();
    let mut received = Vec::new();
    let mut buffer = [0; 700];
    for round in 0.. {
        let room = &mut buffer[..1 + round * 97 % 700];
        if let Poll::Ready(count) = poll_once(&mut bytes.read(room)).await {
            received.extend(&room[..count.expect("it never fails")]);
        }
        turns(round % 2).await;
        if round % 9 == 8 {
            // What was read ahead goes back, and is read in another way.
            let Some(mut reader) = bytes.into_inner() else {
                break;
            };
            received.extend(reader.next().await);
            bytes = reader.into_async_read();
        }
    }
    assert!(received == sent, "the bytes arrive as they were sent");
    assert_eq!(writing.await, Some(vec![]));
}

pub async fn reader_dropped_early() {
    for count in 0..7 {
        let mut reader = relay::words(100).await;
        for word in words(0, count) {
            assert_eq!(reader.next().await, Some(word));
        }
        drop(reader);
    }
}

pub async fn reader_dropped_with_read_in_flight() {
    let mut reader = relay::words(5).await;
    assert_eq!(reader.next().await.as_deref(), Some("0"));
    {
        let mut read = Box::pin(reader.read(Vec::with_capacity(100)));
        // It may be in flight or not; what it holds is given up with it.
        let _ = guest_support::check::poll_once(&mut read).await;
    }
    drop(reader);
    turns(3).await;
}

pub async fn told_of_end_while_idle() {
    let (mut writer, reader) = wit_stream::new();
    let mut pumped = relay::pump(reader).await;
    // Only an end that was waited for is told anything unasked.
    let mut read = Box::pin(pumped.next());
    in_flight(&mut read).await;
    assert_eq!(join(writer.write_one(7), read).await, (None, Some(7)));
    drop(writer);
    // The peer drops its end in these turns.
    turns(20).await;
    assert_eq!(pumped.next().await, None);
    turns(10).await;
    assert_eq!(pumped.next().await, None);
    drop(pumped);
    in_use_again().await;
}

pub async fn ticks_from_peer() {
    for count in [0, 1, 1000] {
        let mut ticks = relay::ticks(count).await;
        for _ in 0..count {
            assert_eq!(ticks.next().await, Some(()));
        }
        assert_eq!(ticks.next().await, None);
    }
    assert_eq!(relay::ticks(1 << 20).await.collect().await.len(), 1 << 20);
}
