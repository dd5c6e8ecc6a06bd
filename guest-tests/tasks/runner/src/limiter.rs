//! An instance that admits one call at a time.

use std::pin::pin;

use guest_support::check::{in_flight, turns};

use crate::worker;

pub async fn limiter_holds_calls() {
    let mut first = pin!(worker::limited(1));
    in_flight(&mut first).await;
    assert_eq!(worker::events(), ["in 1"]);
    let mut second = pin!(worker::limited(2));
    in_flight(&mut second).await;
    // Calls of other functions too.
    let mut other = pin!(worker::turns("other".into(), 1));
    in_flight(&mut other).await;
    turns(5).await;
    in_flight(&mut other).await;
    assert!(worker::events().is_empty(), "no call was started");
    worker::send(1, 10);
    assert_eq!(first.await, 10);
    in_flight(&mut second).await;
    turns(5).await;
    worker::send(2, 20);
    assert_eq!(second.await, 20);
    other.await;
    assert_eq!(worker::events(), ["in 2", "other"]);
}

pub async fn limiter_admits_in_order() {
    let mut calls: Vec<_> = (0..3)
        .map(|n| Box::pin(worker::limited_behind(10 + n, n)))
        .collect();
    for call in &mut calls {
        in_flight(call).await;
    }
    // They have started, and ask in another order.
    for n in [2, 0, 1] {
        worker::send(10 + n, 0);
        turns(5).await;
    }
    assert_eq!(worker::events(), ["in 2"]);
    for (n, then) in [(2, Some(0)), (0, Some(1)), (1, None)] {
        worker::send(n, 100 + n);
        assert_eq!(calls[n as usize].as_mut().await, 100 + n);
        turns(5).await;
        let expected: Vec<_> = then.iter().map(|then| format!("in {then}")).collect();
        assert_eq!(worker::events(), expected);
    }
}

pub async fn limiter_cancelled_call() {
    let mut first = Box::pin(worker::limited(1));
    in_flight(&mut first).await;
    let mut second = pin!(worker::limited(2));
    in_flight(&mut second).await;
    turns(5).await;
    assert_eq!(worker::events(), ["in 1"]);
    drop(first);
    in_flight(&mut second).await;
    turns(5).await;
    assert_eq!(worker::events(), ["in 2"], "the permit came back");
    worker::send(2, 20);
    assert_eq!(second.await, 20);
    // It admits others as before.
    let mut third = pin!(worker::limited(3));
    in_flight(&mut third).await;
    worker::send(3, 30);
    assert_eq!(third.await, 30);
}

pub async fn limiter_cancelled_while_waiting() {
    let mut calls: Vec<_> = (0..3)
        .map(|n| Some(Box::pin(worker::limited_behind(10 + n, n))))
        .collect();
    for call in calls.iter_mut().flatten() {
        in_flight(call).await;
    }
    for n in 0..3 {
        worker::send(10 + n, 0);
        turns(5).await;
    }
    assert_eq!(worker::events(), ["in 0"]);
    drop(calls[1].take());
    worker::send(0, 100);
    assert_eq!(calls[0].take().expect("it is there").await, 100);
    turns(5).await;
    assert_eq!(worker::events(), ["in 2"]);
    worker::send(2, 102);
    assert_eq!(calls[2].take().expect("it is there").await, 102);
}
