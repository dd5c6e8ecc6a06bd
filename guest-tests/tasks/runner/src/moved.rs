//! Operations that one task of the worker starts and another one finishes.

use std::pin::pin;

use guest_support::check::{in_flight, turns};
use wit_async::StreamResult;

use crate::bindings::wit_stream;
use crate::worker;

pub async fn read_moves_between_tasks() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let mut first = pin!(worker::start_read(reader, 1));
    in_flight(&mut first).await;
    let mut second = pin!(worker::finish_read());
    in_flight(&mut second).await;
    turns(3).await;
    assert!(writer.write_one(42).await.is_none(), "a read is in flight");
    assert_eq!(second.await, Some(42));
    // The first task is not disturbed by what was taken from it.
    worker::send(1, 0);
    first.await;
}

pub async fn read_outlives_its_task() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    worker::start_read_and_return(reader).await;
    turns(3).await;
    let mut second = pin!(worker::finish_read());
    in_flight(&mut second).await;
    assert!(writer.write_one(42).await.is_none(), "a read is in flight");
    assert_eq!(second.await, Some(42));
}

pub async fn read_moves_into_block_on() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let mut first = pin!(worker::start_read(reader, 1));
    in_flight(&mut first).await;
    let mut second = pin!(worker::finish_read_blocking());
    in_flight(&mut second).await;
    assert!(writer.write_one(42).await.is_none(), "a read is in flight");
    assert_eq!(second.await, Some(42));
    worker::send(1, 0);
    first.await;
}

pub async fn read_dropped_in_another_task() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let mut first = pin!(worker::start_read(reader, 1));
    in_flight(&mut first).await;
    worker::drop_read().await;
    turns(3).await;
    assert_eq!(writer.write_one(42).await, Some(42), "the reader is gone");
    worker::send(1, 0);
    first.await;
}

pub async fn write_moves_between_tasks() {
    let mut reader = worker::take_writable();
    let mut first = pin!(worker::start_write(vec![1, 2, 3], 1));
    in_flight(&mut first).await;
    let mut second = pin!(worker::finish_write());
    in_flight(&mut second).await;
    turns(3).await;
    assert_eq!(reader.next().await, Some(1));
    assert_eq!(reader.next().await, Some(2));
    drop(reader);
    assert_eq!(second.await, [3], "what was not read comes back");
    worker::send(1, 0);
    first.await;
}

pub async fn write_dropped_in_another_task() {
    let mut reader = worker::take_writable();
    let mut first = pin!(worker::start_write(vec![1, 2, 3], 1));
    in_flight(&mut first).await;
    assert_eq!(reader.next().await, Some(1));
    worker::drop_write().await;
    assert_eq!(
        reader.read(Vec::with_capacity(8)).await.0,
        StreamResult::Dropped
    );
    worker::send(1, 0);
    first.await;
}
