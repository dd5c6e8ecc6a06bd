//! An instance that holds calls back.

use std::pin::pin;

use futures::future::join_all;
use guest_support::check::{in_flight, turns};

use crate::worker;

pub async fn backpressure_holds_calls() {
    worker::close();
    let mut calls: Vec<_> = (0..10)
        .map(|n| Box::pin(worker::turns(n.to_string(), 1)))
        .collect();
    for call in &mut calls {
        in_flight(call).await;
    }
    turns(5).await;
    assert!(worker::events().is_empty(), "no call was admitted");
    worker::open();
    join_all(calls).await;
    let expected: Vec<_> = (0..10).map(|n| n.to_string()).collect();
    assert_eq!(
        worker::events(),
        expected,
        "the calls were admitted in order"
    );
}

pub async fn backpressure_nests() {
    worker::close();
    worker::close();
    let mut call = pin!(worker::turns("ran".into(), 1));
    in_flight(&mut call).await;
    worker::open();
    turns(5).await;
    in_flight(&mut call).await;
    assert!(worker::events().is_empty(), "once is not enough");
    worker::open();
    call.await;
    assert_eq!(worker::events(), ["ran"]);
}

pub async fn backpressure_by_a_task() {
    let mut alone = pin!(worker::alone(1));
    in_flight(&mut alone).await;
    let mut call = pin!(worker::turns("ran".into(), 1));
    in_flight(&mut call).await;
    turns(5).await;
    in_flight(&mut call).await;
    assert!(worker::events().is_empty(), "the first call is alone");
    worker::send(1, 42);
    assert_eq!(alone.await, 42);
    call.await;
    assert_eq!(worker::events(), ["ran"]);
}

pub async fn backpressure_spares_running_tasks() {
    let mut running = pin!(worker::receive(1));
    in_flight(&mut running).await;
    worker::close();
    let mut held = pin!(worker::receive(2));
    in_flight(&mut held).await;
    worker::send(1, 1);
    worker::send(2, 2);
    assert_eq!(running.await, 1);
    turns(5).await;
    in_flight(&mut held).await;
    worker::open();
    assert_eq!(held.await, 2);
}
