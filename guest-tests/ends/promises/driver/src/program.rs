//! Programs of several tasks: the same for exports of each runtime.

use std::future::IntoFuture;
use std::pin::pin;

use futures::future::join;
use guest_support::check::{in_flight, poll_once, turns};

use crate::bindings::{wit_future, wit_stream};
use crate::subject::Subject;

pub async fn read_outlives_its_task<S: Subject>() {
    let (mut writer, reader) = wit_stream::new();
    let read = S::begins_read(reader).await;
    turns(3).await;
    let mut second = pin!(S::finishes(read));
    in_flight(&mut second).await;
    assert_eq!(writer.write_one(42).await, None, "a read is in flight");
    assert_eq!(second.await, 42);
}

pub async fn write_finished_in_another_task<S: Subject>() {
    let (write, mut reader) = S::begins_write().await;
    turns(3).await;
    let mut second = pin!(S::finishes(write));
    in_flight(&mut second).await;
    assert_eq!(reader.next().await, Some(1));
    assert_eq!(second.await, 1);
}

pub async fn write_dropped_in_another_task<S: Subject>() {
    let (write, mut reader) = S::begins_write().await;
    turns(3).await;
    S::drops(write).await;
    assert_eq!(reader.next().await, None, "the writer is gone");
}

pub async fn write_dropped_outside_of_tasks<S: Subject>() {
    let (write, mut reader) = S::begins_write().await;
    turns(3).await;
    S::drops_outside_of_tasks(write);
    turns(3).await;
    assert_eq!(reader.next().await, None, "the writer is gone");
}

pub async fn read_dropped_outside_of_tasks<S: Subject>() {
    let (mut writer, reader) = wit_stream::new();
    let read = S::begins_read(reader).await;
    turns(3).await;
    S::drops_outside_of_tasks(read);
    turns(3).await;
    assert_eq!(writer.write_one(42).await, Some(42), "the reader is gone");
}

pub async fn read_dropped_in_destructor_while_blocked<S: Subject>() {
    let (mut writer, reader) = wit_stream::new();
    let read = S::begins_read(reader).await;
    let (mut key, lock) = wit_stream::new();
    join(S::blocks(lock), async {
        turns(3).await;
        drop(read);
        turns(3).await;
        assert_eq!(key.write_one(1).await, None, "the task is blocked");
    })
    .await;
    turns(3).await;
    assert_eq!(writer.write_one(42).await, Some(42), "the reader is gone");
}

pub async fn cancel_writes_default<S: Subject>() {
    let mut call = Box::pin(S::holds_unwritten_writer());
    in_flight(&mut call).await;
    let mut value = pin!(S::take_reader().into_future());
    in_flight(&mut value).await;
    drop(call);
    assert_eq!(value.await, 4711);
}

pub async fn call_left_to_finish<S: Subject>() {
    let (writer, reader) = wit_future::new(|| unreachable!("it is written"));
    S::leaves_a_call(reader).await;
    turns(3).await;
    assert_eq!(S::called(), None);
    let sent = writer.write("value".to_owned()).await;
    sent.expect("the call goes on");
    turns(10).await;
    assert_eq!(S::called().as_deref(), Some("value"));
}

pub async fn cancelled_while_busy<S: Subject>() {
    const ITEMS: u32 = 100_000;
    let mut call = Box::pin(S::busy());
    let is_over = poll_once(&mut call).await.is_ready();
    drop(call);
    let read = S::items_read();
    turns(10).await;
    assert!(
        !is_over && read < ITEMS / 2,
        "cancelled when {read} of {ITEMS} items were read"
    );
    assert_eq!(S::items_read(), read, "it was cancelled");
}
