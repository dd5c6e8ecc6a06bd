//! What was passed is freed.

use guest_support::check::{in_flight, keeps_memory, leaves_nothing, turns};

use crate::bindings::test::imports::peer::{self, Thing};

const LENGTH: usize = 100_000;

fn long() -> String {
    "x".repeat(LENGTH)
}

pub async fn strings_are_freed() {
    for wait in [false, true] {
        keeps_memory(LENGTH, || async move {
            assert_eq!(peer::reverse(wait, long()).await.len(), LENGTH);
        })
        .await;
    }
}

pub async fn nested_lists_are_freed() {
    for wait in [false, true] {
        keeps_memory(LENGTH, || async move {
            let doubled = peer::double(wait, vec![vec![long()], vec![]]).await;
            assert_eq!(doubled[0][0].len(), 2 * LENGTH);
        })
        .await;
    }
}

pub async fn strings_of_cancelled_calls_are_freed() {
    keeps_memory(LENGTH, || async {
        let mut call = Box::pin(peer::hold_thing(0, Thing::new("thing"), long()));
        in_flight(&mut call).await;
        drop(call);
        turns(1).await;
    })
    .await;
}

pub async fn calls_dropped_again_and_again() {
    leaves_nothing(async || {
        in_flight(&mut Box::pin(peer::hold(1))).await;
    })
    .await;
}

pub async fn calls_cancelled_again_and_again() {
    leaves_nothing(async || {
        let mut call = Box::pin(peer::hold(1));
        in_flight(&mut call).await;
        wit_async::cancel(call).await;
    })
    .await;
}
