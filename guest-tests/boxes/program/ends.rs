//! Boxes in streams and futures.

use std::future::IntoFuture;
use std::pin::pin;

use futures::future::join;
use futures::poll;

use guest_support::ledger;

use super::{VALUE, collected, numbered, numbers};
use crate::bindings::test::boxes::{boxes, keeper};
use crate::bindings::{wit_future, wit_stream};
use crate::runtime::{StreamResult, spawn_local};

pub async fn streamed_to_the_host() {
    let (mut writer, reader) = wit_stream::new();
    let write = async {
        let unsent = writer.write_all(numbered(&[1, 2, 3])).await;
        assert!(unsent.is_empty());
        drop(writer);
    };
    let (received, ()) = join(boxes::receive(reader, 9), write).await;
    assert_eq!(received, [1, 2, 3]);
    collected(3, 0);
}

pub async fn streamed_to_the_host_in_part() {
    let (mut writer, reader) = wit_stream::new();
    let write = writer.write_all(numbered(&[1, 2, 3, 4, 5]));
    let (received, unsent) = join(boxes::receive(reader, 2), write).await;
    assert_eq!(received, [1, 2]);
    assert_eq!(numbers(&unsent), [3, 4, 5]);
    collected(5, 3);
    drop(unsent);
    collected(5, 0);
}

pub async fn streamed_and_cancelled() {
    let (mut writer, reader) = wit_stream::new();
    {
        let mut write = pin!(writer.write(numbered(&[1, 2, 3])));
        assert!(poll!(write.as_mut()).is_pending(), "nobody reads");
        let (result, buffer) = write.as_mut().cancel();
        assert_eq!(result, StreamResult::Cancelled);
        let back = buffer.into_vec();
        assert_eq!(numbers(&back), [1, 2, 3]);
        collected(3, 3);
    }
    collected(3, 0);
    {
        let mut write = pin!(writer.write(numbered(&[4, 5])));
        assert!(poll!(write.as_mut()).is_pending(), "nobody reads");
    }
    drop((writer, reader));
    collected(5, 0);
}

pub async fn streamed_from_the_host() {
    let mut reader = boxes::send(vec![1, 2, 3]).await;
    let first = reader.next().await.expect("three were sent");
    let rest = reader.collect().await;
    assert_eq!(numbers(&rest), [2, 3]);
    assert_eq!(boxes::add(&first, 1), Ok(2));
    collected(3, 3);
    drop((first, rest));
    collected(3, 0);
}

pub async fn streamed_from_the_host_in_part() {
    let mut reader = boxes::send(vec![1, 2, 3, 4, 5]).await;
    let (result, items) = reader.read(Vec::with_capacity(2)).await;
    assert_eq!(result, StreamResult::Complete(2));
    drop(reader);
    assert_eq!(numbers(&items), [1, 2]);
    // The host hears of it in a turn of its own.
    for _ in 0..10 {
        crate::runtime::yield_async().await;
    }
    collected(5, 2);
    drop(items);
    collected(5, 0);
}

pub async fn streamed_through_another() {
    let sent: Vec<u64> = (0..20).collect();
    let mut reader = keeper::pump(boxes::send(sent.clone()).await).await;
    let mut received = Vec::new();
    while let Some(it) = reader.next().await {
        received.push(it);
    }
    assert_eq!(numbers(&received), sent);
    collected(20, 20);

    let (mut writer, reader) = wit_stream::new();
    spawn_local(async move {
        let unsent = writer.write_all(received).await;
        drop(unsent);
    });
    let back = keeper::pump(reader).await;
    let received = boxes::receive(back, 5).await;
    assert_eq!(received[0], 0);
    // What is still on its way goes when each side hears that the next one is gone.
    for _ in 0..20 {
        crate::runtime::yield_async().await;
    }
    collected(20, 0);
}

pub async fn in_futures() {
    let it = boxes::send_one(7).await.await;
    assert_eq!(numbers([&it]), [7]);
    let (writer, reader) = wit_future::new(|| boxes::number(0));
    let (received, written) = join(boxes::receive_one(reader), writer.write(it)).await;
    assert_eq!((received, written.is_ok()), (Ok(7), true));
    collected(1, 0);

    // Unread, from either side.
    drop(boxes::send_one(8).await);
    let (writer, reader) = wit_future::new(|| boxes::number(0));
    drop(reader);
    let unsent = writer.write(boxes::number(9)).await;
    assert_eq!(numbers([&unsent.expect_err("nobody reads").value]), [9]);
    for _ in 0..10 {
        crate::runtime::yield_async().await;
    }
    collected(3, 0);

    // A read that is dropped in flight.
    let (writer, reader) = wit_future::new(|| boxes::number(0));
    {
        let mut read = pin!(reader.into_future());
        assert!(poll!(read.as_mut()).is_pending(), "nothing was written");
    }
    drop(writer);
    for _ in 0..10 {
        crate::runtime::yield_async().await;
    }
    boxes::collect();
    assert_eq!(ledger::alive(VALUE), 0);
    assert!(ledger::made(VALUE) >= 3, "7, 8, 9, and perhaps a default");
}
