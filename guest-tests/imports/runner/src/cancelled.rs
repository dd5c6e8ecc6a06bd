//! Calls whose future is dropped before it has returned.

use std::pin::pin;

use futures::future::{Either, join_all, select};
use guest_support::check::{blocking_turns, in_flight, turns};

use crate::bindings::test::imports::peer::{self, Thing};

pub async fn never_polled() {
    drop(peer::hold(1));
    let call = peer::hold_thing(1, Thing::new("kept"), "note".into());
    assert_eq!(peer::stats().things, 1);
    drop(call);
    let stats = peer::stats();
    assert_eq!(
        (stats.started, stats.things),
        (0, 0),
        "no call was made, no parameter was lost"
    );
}

pub async fn cancelled_while_running() {
    let mut call = Box::pin(peer::hold(1));
    in_flight(&mut call).await;
    assert_eq!(peer::stats().started, 1);
    drop(call);
    turns(5).await;
    let stats = peer::stats();
    assert_eq!(
        (stats.cancelled, stats.finished),
        (1, 0),
        "the callee was told"
    );
}

pub async fn cancelled_while_running_with_things() {
    let mut call = Box::pin(peer::hold_thing(1, Thing::new("gone"), "note".repeat(100)));
    in_flight(&mut call).await;
    assert_eq!(peer::stats().things, 1, "the callee owns the thing now");
    drop(call);
    turns(5).await;
    let stats = peer::stats();
    assert_eq!(
        (stats.cancelled, stats.things),
        (1, 0),
        "the callee destroyed what it owned"
    );
}

fn lists() -> Vec<Vec<String>> {
    (0..20).map(|n| vec!["text".repeat(n); n]).collect()
}

pub async fn cancelled_while_running_with_lists() {
    for key in 0..10 {
        let mut call = Box::pin(peer::hold_lists(key, lists()));
        in_flight(&mut call).await;
        drop(call);
        // Returned, but not delivered: now the result has lists as well.
        let mut call = Box::pin(peer::hold_lists(100, lists()));
        in_flight(&mut call).await;
        peer::release(100);
        blocking_turns(10);
        drop(call);
    }
    turns(5).await;
    let stats = peer::stats();
    assert_eq!((stats.cancelled, stats.finished), (10, 10));
    peer::release(100);
    assert_eq!(peer::hold_lists(100, lists()).await, lists());
}

pub async fn cancelled_after_return() {
    let mut call = Box::pin(peer::hold_thing(
        1,
        Thing::new("result"),
        "note".repeat(100),
    ));
    in_flight(&mut call).await;
    peer::release(1);
    // The callee returns, but no event can reach a task of this instance.
    blocking_turns(10);
    assert_eq!(peer::stats().finished, 1);
    assert_eq!(peer::stats().things, 1, "the result is on its way");
    drop(call);
    let stats = peer::stats();
    assert_eq!(
        (stats.cancelled, stats.things),
        (0, 0),
        "the result was destroyed here"
    );
}

pub async fn dropped_instead_of_polled() {
    let mut call = Box::pin(peer::hold_thing(1, Thing::new("result"), "note".into()));
    in_flight(&mut call).await;
    peer::release(1);
    // These turns deliver the return to this task, which does not poll the call.
    turns(10).await;
    assert_eq!(peer::stats().finished, 1);
    drop(call);
    assert_eq!(peer::stats().things, 0, "the result was destroyed here");
}

pub async fn cancel_one_of_many() {
    let mut calls: Vec<_> = (0..100).map(|key| Box::pin(peer::hold(key))).collect();
    for call in &mut calls {
        in_flight(call).await;
    }
    drop(calls.remove(50));
    for key in 0..100 {
        peer::release(key);
    }
    let results = join_all(calls).await;
    assert!(results.into_iter().eq((0..50).chain(51..100)));
    let stats = peer::stats();
    assert_eq!(
        (stats.started, stats.finished, stats.cancelled),
        (100, 99, 1)
    );
}

pub async fn select_cancels_the_loser() {
    for _ in 0..3 {
        let loser = pin!(peer::hold(1));
        let winner = pin!(peer::pending(41));
        match select(loser, winner).await {
            Either::Right((result, _loser)) => assert_eq!(result, 42),
            Either::Left(_) => panic!("nobody let the loser go"),
        }
    }
    turns(5).await;
    let stats = peer::stats();
    assert_eq!((stats.started, stats.cancelled), (3, 3));
}
