//! Tasks of one instance that wait for each other in plain Rust channels.

use std::pin::pin;

use futures::future::{join, join_all};
use guest_support::check::{in_flight, turns};

use crate::worker;

pub async fn oneshot_from_synchronous_export() {
    let mut call = pin!(worker::receive(1));
    in_flight(&mut call).await;
    turns(3).await;
    worker::send(1, 42);
    assert_eq!(call.await, 42);
}

pub async fn oneshot_from_another_task() {
    let mut call = pin!(worker::receive(1));
    in_flight(&mut call).await;
    turns(3).await;
    worker::send_async(1, 42).await;
    assert_eq!(call.await, 42);
}

pub async fn oneshot_sent_before() {
    worker::send(1, 42);
    assert_eq!(worker::receive(1).await, 42);
}

pub async fn channel_between_tasks() {
    let (received, ()) = join(worker::consume(1000), worker::produce(1000)).await;
    assert!(received.into_iter().eq(0..1000));
}

pub async fn bounded_channel_between_tasks() {
    let (received, ()) = join(worker::consume_bounded(1000), worker::produce_bounded(1000)).await;
    assert!(received.into_iter().eq(0..1000));
}

pub async fn chain_of_hundred_tasks() {
    let calls: Vec<_> = (0..100).map(worker::relay).collect();
    let last = worker::receive(100);
    let first = async { worker::send_async(0, 0).await };
    let (values, (last, ())) = join(join_all(calls), join(last, first)).await;
    assert!(values.into_iter().eq(1..=100));
    assert_eq!(last, 100);
}

pub async fn sent_after_cancel() {
    let mut call = Box::pin(worker::receive(1));
    in_flight(&mut call).await;
    drop(call);
    turns(3).await;
    worker::send(1, 42);
    assert_eq!(
        join(worker::receive(2), worker::send_async(2, 7)).await.0,
        7
    );
}

pub async fn woken_and_cancelled() {
    for key in 0..100 {
        let mut call = Box::pin(worker::receive(key));
        in_flight(&mut call).await;
        worker::send(key, 42);
        drop(call);
    }
    turns(3).await;
    assert_eq!(
        join(worker::receive(100), worker::send_async(100, 7))
            .await
            .0,
        7
    );
}
