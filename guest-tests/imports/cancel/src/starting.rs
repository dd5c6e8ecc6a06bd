//! Calls that backpressure of the callee holds back.

use std::pin::pin;

use guest_support::check::{blocking_turns, in_flight, turns};

use crate::bindings::test::imports::{gated, peer, peer::Thing};

pub async fn held_back_then_admitted() {
    gated::close();
    let mut call = pin!(peer::ready(41));
    in_flight(&mut call).await;
    let mut held = pin!(peer::hold(7));
    in_flight(&mut held).await;
    turns(5).await;
    in_flight(&mut call).await;
    assert_eq!(
        peer::stats().started,
        0,
        "nothing runs while the callee is closed"
    );
    gated::open();
    assert_eq!(call.await, 42);
    peer::release(7);
    assert_eq!(held.await, 7);
}

pub async fn held_back_in_order() {
    gated::close();
    let mut calls: Vec<_> = (0..20).map(|_| Box::pin(peer::hold(1))).collect();
    for call in &mut calls {
        in_flight(call).await;
    }
    gated::open();
    // The gate goes to the call that reached it first.
    for call in calls {
        peer::release(1);
        assert_eq!(call.await, 1);
    }
    assert_eq!(peer::stats().finished, 20);
}

pub async fn dropped_while_starting() {
    gated::close();
    let mut call = Box::pin(peer::hold_thing(7, Thing::new("kept"), "note".repeat(100)));
    in_flight(&mut call).await;
    assert_eq!(peer::stats().things, 1);
    drop(call);
    assert_eq!(
        peer::stats().things,
        0,
        "the parameter came back and was destroyed here"
    );
    gated::open();
    turns(5).await;
    assert_eq!(peer::stats().started, 0, "the call never ran");
}

pub async fn dropped_while_starting_with_many_things() {
    gated::close();
    let things = (0..100).map(|n| Thing::new(&n.to_string())).collect();
    let mut call = Box::pin(peer::take_all(true, things));
    in_flight(&mut call).await;
    let mut other = Box::pin(Thing::merge(false, Thing::new("a"), Thing::new("b")));
    in_flight(&mut other).await;
    assert_eq!(peer::stats().things, 102);
    drop(call);
    assert_eq!(peer::stats().things, 2);
    drop(other);
    assert_eq!(peer::stats().things, 0);
    gated::open();
}

pub async fn dropped_while_starting_with_lists() {
    gated::close();
    let lists = || {
        (0..20)
            .map(|n| vec!["text".repeat(n); n])
            .collect::<Vec<_>>()
    };
    for key in 0..10 {
        let mut call = Box::pin(peer::hold_lists(key, lists()));
        in_flight(&mut call).await;
        let mut flat = Box::pin(peer::reverse(true, "text".repeat(100)));
        in_flight(&mut flat).await;
        drop(call);
        drop(flat);
    }
    gated::open();
    peer::release(7);
    assert_eq!(peer::hold_lists(7, lists()).await, lists());
    assert_eq!(peer::stats().started, 1);
}

pub async fn dropped_while_starting_with_borrows() {
    gated::close();
    let first = Thing::new("a");
    let second = Thing::new("b");
    let mut call = Box::pin(peer::look(false, &first, &second));
    in_flight(&mut call).await;
    drop(call);
    // The host would trap here if the things were still lent.
    drop(first);
    drop(second);
    assert_eq!(peer::stats().things, 0);
    gated::open();
}

pub async fn dropped_while_starting_admits_the_next() {
    gated::close();
    let mut first = Box::pin(peer::hold(1));
    in_flight(&mut first).await;
    let mut second = Box::pin(peer::hold(2));
    in_flight(&mut second).await;
    drop(first);
    peer::release(1);
    peer::release(2);
    gated::open();
    assert_eq!(second.await, 2);
    let stats = peer::stats();
    assert_eq!((stats.started, stats.finished), (1, 1));
}

pub async fn admitted_then_cancelled() {
    gated::close();
    let mut call = Box::pin(peer::hold_thing(7, Thing::new("gone"), "note".into()));
    in_flight(&mut call).await;
    gated::open();
    // The start is delivered to this task in these turns.
    turns(5).await;
    in_flight(&mut call).await;
    assert_eq!(peer::stats().started, 1);
    drop(call);
    turns(5).await;
    let stats = peer::stats();
    assert_eq!((stats.cancelled, stats.things), (1, 0));
}

pub async fn dropped_with_start_undelivered() {
    gated::close();
    let mut call = Box::pin(peer::hold_thing(7, Thing::new("gone"), "note".into()));
    in_flight(&mut call).await;
    gated::open();
    // The callee starts, but no event can reach a task of this instance.
    blocking_turns(10);
    assert_eq!(peer::stats().started, 1);
    drop(call);
    turns(5).await;
    let stats = peer::stats();
    assert_eq!((stats.cancelled, stats.things), (1, 0));
}

pub async fn dropped_with_start_and_return_undelivered() {
    gated::close();
    let mut call = Box::pin(peer::hold_thing(7, Thing::new("result"), "note".into()));
    in_flight(&mut call).await;
    peer::release(7);
    gated::open();
    blocking_turns(10);
    assert_eq!(peer::stats().finished, 1);
    assert_eq!(peer::stats().things, 1, "the result is on its way");
    drop(call);
    assert_eq!(peer::stats().things, 0, "the result was destroyed here");
}
