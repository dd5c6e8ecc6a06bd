//! Async functions that are imported with synchronous bindings.

use std::pin::pin;

use guest_support::check::in_flight;

use crate::bindings::test::imports::peer as concurrent;
use crate::synchronous_bindings::test::imports::peer;

pub async fn synchronous_call_ready() {
    assert_eq!(peer::ready(41), 42);
    peer::ready_nothing();
    assert_eq!(peer::reverse(false, "abc"), "cba");
}

pub async fn synchronous_call_waits() {
    assert_eq!(peer::pending(41), 42);
    peer::pending_nothing();
    assert_eq!(peer::reverse(true, "abc"), "cba");
    assert_eq!(peer::five(true, 1, 2, 3.0, 4), 10.0);
}

pub async fn synchronous_call_beside_pending() {
    let mut held = pin!(concurrent::hold(7));
    in_flight(&mut held).await;
    let mut waiting = pin!(concurrent::pending(1));
    in_flight(&mut waiting).await;
    assert_eq!(peer::pending(41), 42);
    concurrent::release(7);
    assert_eq!(peer::pending(42), 43);
    assert_eq!(held.await, 7);
    assert_eq!(waiting.await, 2);
}
