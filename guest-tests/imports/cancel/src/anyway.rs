//! Callees that do not notice a cancel request, and everything at once.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;

use guest_support::check::{blocking_turns, in_flight, turns};
use wit_async::{AbortOnDrop, JoinHandle, spawn_local, yield_async};

use crate::bindings::test::imports::{gated, peer, peer::Thing};

pub async fn callee_returns_anyway() {
    let mut call = Box::pin(gated::stubborn(50, "result".into()));
    in_flight(&mut call).await;
    assert_eq!(peer::stats().things, 0);
    drop(call);
    assert_eq!(
        peer::stats().things,
        0,
        "what the callee returned was destroyed here"
    );
}

pub async fn callee_returns_anyway_with_start_undelivered() {
    gated::close();
    let mut call = Box::pin(gated::stubborn(50, "result".into()));
    in_flight(&mut call).await;
    gated::open();
    // The callee starts, but no event can reach a task of this instance.
    blocking_turns(10);
    drop(call);
    assert_eq!(
        peer::stats().things,
        0,
        "what the callee returned was destroyed here"
    );
}

/// Counts turns until it is dropped.
fn counts_turns() -> (Rc<Cell<u32>>, AbortOnDrop<JoinHandle<()>>) {
    let count = Rc::new(Cell::new(0));
    let counted = Rc::clone(&count);
    let counts = spawn_local(async move {
        loop {
            yield_async().await;
            counted.set(counted.get() + 1);
        }
    });
    (count, counts.abort_on_drop())
}

pub async fn callee_returns_anyway_while_others_go_on() {
    let mut call = Box::pin(gated::stubborn(50, "result".into()));
    in_flight(&mut call).await;
    let (count, _counts) = counts_turns();
    wit_async::cancel(call).await;
    assert!(count.get() > 3, "this task stood still: {}", count.get());
    turns(3).await;
    assert_eq!(
        peer::stats().things,
        0,
        "what the callee returned was destroyed here"
    );
}

pub async fn cancelled_while_others_go_on() {
    let thing = Thing::new("running");
    let mut running = Box::pin(peer::hold_thing(1, thing, String::new()));
    in_flight(&mut running).await;
    gated::close();
    let thing = Thing::new("held back");
    let mut held_back = Box::pin(peer::hold_thing(2, thing, String::new()));
    in_flight(&mut held_back).await;
    let (_count, _counts) = counts_turns();
    // Both at once.
    wit_async::cancel((running, held_back)).await;
    gated::open();
    turns(3).await;
    let stats = peer::stats();
    assert_eq!((stats.started, stats.cancelled, stats.things), (1, 1, 0));
}

pub async fn many_dropped_at_once() {
    let mut calls: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    let mut add = |future: Pin<Box<dyn Future<Output = ()>>>| calls.push(future);
    for key in 0..25 {
        let thing = Thing::new("never polled");
        add(Box::pin(async move {
            peer::take(false, thing).await;
        }));
        let thing = Thing::new("running");
        add(Box::pin(async move {
            peer::hold_thing(key, thing, String::new()).await;
        }));
    }
    for call in calls.iter_mut().skip(1).step_by(2) {
        in_flight(call).await;
    }
    gated::close();
    for key in 100..150 {
        let thing = Thing::new("held back");
        let mut call = Box::pin(async move {
            peer::hold_thing(key, thing, String::new()).await;
        });
        in_flight(&mut call).await;
        calls.push(call);
    }
    assert_eq!(peer::stats().things, 100);
    drop(calls);
    gated::open();
    turns(10).await;
    let stats = peer::stats();
    assert_eq!((stats.started, stats.cancelled, stats.things), (25, 25, 0));
}
