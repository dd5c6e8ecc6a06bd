//! Readable ends that exports return, and tasks that share a pair.

use futures::future::join;
use guest_support::check::in_flight;

use crate::bindings::test::pairs::maker;
use crate::program::words;

pub async fn stream_returned_during_write() {
    let reader = maker::stream_during_write().await;
    assert_eq!(reader.collect().await, words());
}

pub async fn value_returned_during_write() {
    assert_eq!(maker::value_during_write().await.await, "value");
}

pub async fn stream_returned_from_synchronous_function() {
    assert_eq!(maker::ended_stream().collect().await, words()[..0]);
}

pub async fn default_returned_from_synchronous_function() {
    assert_eq!(maker::default_value().await, "default");
}

pub async fn stream_returned_with_dropped_write() {
    maker::begin_stream().await;
    let reader = maker::end_stream();
    // A write that was dropped may still be read, or not.
    let collected = reader.collect().await;
    assert!(
        collected.is_empty() || collected == words(),
        "{collected:?}"
    );
}

pub async fn value_returned_with_dropped_write() {
    maker::begin_value().await;
    let value = maker::end_value().await;
    assert!(["value", "default"].contains(&&*value), "{value:?}");
}

pub async fn two_tasks_write_first() {
    maker::make();
    let mut write = Box::pin(maker::writes());
    in_flight(&mut write).await;
    assert_eq!(join(write, maker::reads()).await, (0, words()));
    let mut write = Box::pin(maker::writes_value());
    in_flight(&mut write).await;
    assert_eq!(join(write, maker::reads_value()).await.1, "value");
}

pub async fn two_tasks_read_first() {
    maker::make();
    let mut read = Box::pin(maker::reads());
    in_flight(&mut read).await;
    assert_eq!(join(maker::writes(), read).await, (0, words()));
    let mut read = Box::pin(maker::reads_value());
    in_flight(&mut read).await;
    assert_eq!(join(maker::writes_value(), read).await.1, "value");
}
