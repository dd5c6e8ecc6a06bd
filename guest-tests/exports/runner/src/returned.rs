//! How exports return, and what they do afterwards.

use std::pin::pin;

use futures::future::join_all;
use guest_support::check::{at_once, in_flight};

use crate::bindings::test::exports::callee;
use crate::reported;

pub async fn returns_at_once() {
    let mut call = pin!(callee::at_once(41));
    assert_eq!(at_once(&mut call).await, 42);
}

pub async fn returns_after_waiting() {
    let mut call = pin!(callee::after_a_while(41));
    in_flight(&mut call).await;
    assert_eq!(call.await, 42);
}

pub async fn returns_when_told() {
    let mut call = pin!(callee::after_release(7));
    in_flight(&mut call).await;
    reported(&["started"]).await;
    in_flight(&mut call).await;
    callee::release(7);
    assert_eq!(call.await, 7);
    reported(&["finished"]).await;
}

pub async fn works_after_return() {
    let mut call = pin!(callee::works_after_return(7));
    assert_eq!(at_once(&mut call).await, 7);
    reported(&["working 7"]).await;
    callee::release(7);
    reported(&["worked 7"]).await;
}

pub async fn works_in_depth_after_return() {
    callee::works_in_depth(7, 10).await;
    callee::release(7);
    reported(&["worked"]).await;
}

pub async fn many_work_after_return() {
    for key in 0..10 {
        assert_eq!(callee::works_after_return(key).await, key);
        reported(&[&format!("working {key}")]).await;
    }
    for key in [9, 3, 0, 7, 1, 8, 2, 6, 4, 5] {
        callee::release(key);
        reported(&[&format!("worked {key}")]).await;
    }
}

pub async fn thousand_concurrent_calls() {
    let mut calls: Vec<_> = (0..1000)
        .map(|key| Box::pin(callee::after_release(key)))
        .collect();
    for call in &mut calls {
        in_flight(call).await;
    }
    assert_eq!(callee::events(), ["started"; 1000]);
    for key in (0..1000).rev() {
        callee::release(key);
    }
    assert!(join_all(calls).await.into_iter().eq(0..1000));
    assert_eq!(callee::events(), ["finished"; 1000]);
}

pub async fn synchronous_beside_pending() {
    let mut call = pin!(callee::after_release(7));
    in_flight(&mut call).await;
    let mut other = pin!(callee::after_a_while(1));
    in_flight(&mut other).await;
    assert_eq!(callee::sum(&[1, 2, 3]), 6);
    assert_eq!(callee::check_even(4), Ok(2));
    assert_eq!(callee::check_even(5), Err("5 is odd".to_owned()));
    assert_eq!(other.await, 2);
    assert_eq!(callee::sum(&[]), 0);
    callee::release(7);
    assert_eq!(call.await, 7);
}

pub fn synchronous_from_the_host() {
    assert_eq!(callee::sum(&[1, 2, 3]), 6);
    assert_eq!(callee::check_even(5), Err("5 is odd".to_owned()));
    assert!(callee::events().is_empty());
}
