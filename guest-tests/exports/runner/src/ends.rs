//! Streams and futures as results, fed after the return.

use std::pin::pin;

use guest_support::check::{in_flight, turns};
use wit_async::StreamResult;

use crate::bindings::{test::exports::callee, wit_stream};
use crate::reported;

pub async fn stream_fed_after_return() {
    let items = callee::counting(1000).await;
    assert!(items.collect().await.into_iter().eq(0..1000));
    reported(&["fed 1000"]).await;
}

pub async fn stream_given_up_after_return() {
    let mut items = callee::counting(1000).await;
    for n in 0..10 {
        assert_eq!(items.next().await, Some(n));
    }
    drop(items);
    reported(&["reader gone"]).await;
}

pub async fn stream_dropped_unread_after_return() {
    drop(callee::counting(1).await);
    reported(&["reader gone"]).await;
}

pub async fn future_written_after_return() {
    let mut value = pin!(callee::eventually(7).await.into_future());
    in_flight(&mut value).await;
    callee::release(7);
    assert_eq!(value.await, 7);
    reported(&["written"]).await;
}

pub async fn stream_and_future_after_return() {
    let (items, sum) = callee::counting_and_sum(100).await;
    let (items, sum) = futures::future::join(items.collect(), sum.into_future()).await;
    assert!(items.into_iter().eq(0..100));
    assert_eq!(sum, 4950);
    reported(&["fed 100"]).await;
}

pub async fn stream_that_is_over_at_return() {
    let mut items = callee::empty_stream().await;
    assert_eq!(items.next().await, None);
    assert_eq!(items.next().await, None, "the end of a stream lasts");
    assert_eq!(
        items.read(Vec::with_capacity(4)).await.0,
        StreamResult::Dropped
    );
    assert!(items.collect().await.is_empty());
}

pub async fn stream_handed_back() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let mut reader = callee::hand_back(reader).await;
    let feeding = wit_async::spawn_local(async move { writer.write_all(vec![1, 2, 3]).await });
    assert_eq!(reader.next().await, Some(1));
    turns(2).await;
    let again = callee::hand_back(reader).await;
    assert_eq!(again.collect().await, [2, 3]);
    assert_eq!(feeding.await, Some(vec![]));
}
