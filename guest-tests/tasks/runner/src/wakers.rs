//! Tasks of one instance whose wakers are kept and woken by hand.

use std::pin::pin;

use futures::future::join_all;
use guest_support::check::{in_flight, turns};

use crate::worker;

async fn waiters(count: usize) -> Vec<std::pin::Pin<Box<impl Future<Output = ()>>>> {
    let mut calls: Vec<_> = (0..count)
        .map(|_| Box::pin(worker::wait_notified()))
        .collect();
    for call in &mut calls {
        in_flight(call).await;
    }
    turns(3).await;
    calls
}

pub async fn waker_list_from_synchronous_export() {
    let calls = waiters(5).await;
    assert_eq!(worker::notify_all(), 5);
    join_all(calls).await;
    assert_eq!(worker::notify_all(), 0);
}

pub async fn waker_list_from_another_task() {
    let calls = waiters(5).await;
    assert_eq!(worker::notify_all_async().await, 5);
    join_all(calls).await;
}

pub async fn woken_from_resource_destructor() {
    let bell = worker::Bell::new(1);
    let mut call = pin!(worker::wait_bell(1));
    in_flight(&mut call).await;
    turns(3).await;
    drop(bell);
    call.await;
}

pub async fn woken_from_destructor_in_a_task() {
    let bell = worker::Bell::new(1);
    let mut call = pin!(worker::wait_bell(1));
    in_flight(&mut call).await;
    turns(3).await;
    worker::drop_bell(bell).await;
    call.await;
}

pub async fn woken_ten_thousand_times() {
    let mut calls = waiters(2).await;
    // The waiters are woken, but not notified, and wait on.
    worker::wake_storm(10_000);
    turns(3).await;
    for call in &mut calls {
        in_flight(call).await;
    }
    worker::wake_storm(10_000);
    assert_eq!(worker::notify_all(), 2);
    join_all(calls).await;
    worker::wake_itself(10_000).await;
}

pub async fn thousand_tasks_woken_at_once() {
    let calls = waiters(1000).await;
    assert_eq!(worker::notify_all(), 1000);
    join_all(calls).await;
}

pub async fn woken_again_and_again() {
    for _ in 0..1000 {
        let mut call = pin!(worker::wait_notified());
        in_flight(&mut call).await;
        assert_eq!(worker::notify_all(), 1);
        call.await;
    }
}
