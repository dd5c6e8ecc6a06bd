//! Calls that are ready at once, calls that wait, and many of them.

use std::pin::pin;
use std::task::Poll;

use futures::StreamExt;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use guest_support::check::{at_once, blocking_turns, in_flight, poll_once};
use wit_async::{UnitStreamOps, yield_async};

use crate::bindings::test::imports::peer;

const MANY: u32 = 10_000;

pub async fn ready_at_once() {
    let mut call = pin!(peer::ready(41));
    assert_eq!(at_once(&mut call).await, 42);
}

pub async fn pending_then_ready() {
    let mut call = pin!(peer::pending(41));
    in_flight(&mut call).await;
    assert_eq!(call.await, 42);
}

pub async fn no_parameters_no_result() {
    let mut call = pin!(peer::ready_nothing());
    at_once(&mut call).await;
    let mut call = pin!(peer::pending_nothing());
    in_flight(&mut call).await;
    call.await;
}

pub async fn ten_thousand_joined() {
    let results = join_all((0..MANY).map(peer::pending)).await;
    assert!(
        results.into_iter().eq(1..=MANY),
        "every call returns its own result, in order"
    );
}

pub async fn ten_thousand_unordered() {
    let mut calls: FuturesUnordered<_> = (0..MANY).map(peer::hold).collect();
    {
        let mut first = pin!(calls.next());
        in_flight(&mut first).await;
    }
    assert_eq!(
        peer::stats().started,
        MANY,
        "all calls are in flight at once"
    );
    for key in 0..MANY {
        peer::release(key);
    }
    let mut results = Vec::new();
    while let Some(result) = calls.next().await {
        results.push(result);
    }
    results.sort_unstable();
    assert!(results.into_iter().eq(0..MANY));
    assert_eq!(peer::stats().finished, MANY);
}

pub async fn ten_thousand_ready_in_a_row() {
    for n in 0..MANY {
        assert_eq!(peer::ready(n).await, n + 1);
    }
}

pub async fn finish_in_any_order() {
    let mut calls: FuturesUnordered<_> = (0..5).map(peer::hold).collect();
    {
        let mut first = pin!(calls.next());
        in_flight(&mut first).await;
    }
    for key in [3, 0, 4, 1, 2] {
        peer::release(key);
        assert_eq!(calls.next().await, Some(key));
    }
    assert_eq!(calls.next().await, None);
}

pub async fn in_flight_kept_apart() {
    // What this call used is used again.
    assert_eq!(peer::five(true, 0, 0, 0.5, 0).await, 0.5);
    let calls = (0..20).map(|n| peer::five(true, n, 0, 0.25, 1000));
    let mut calls = pin!(join_all(calls));
    in_flight(&mut calls).await;
    // All of them return before this task gets the first event.
    blocking_turns(20);
    let sums = calls.await;
    assert!(
        sums.iter()
            .copied()
            .eq((0..20).map(|n| f64::from(n) + 1000.25)),
        "found {sums:?}"
    );
}

pub async fn goes_on_beside_many_events() {
    let mut call = pin!(peer::pending(41));
    in_flight(&mut call).await;
    let (mut writer, mut reader) = UnitStreamOps::new();
    loop {
        let mut read = pin!(reader.next());
        in_flight(&mut read).await;
        at_once(&mut pin!(writer.write_one(()))).await;
        // The event of the read is there: the task could go on without the host.
        yield_async().await;
        assert_eq!(read.await, Some(()));
        if let Poll::Ready(result) = poll_once(&mut call).await {
            return assert_eq!(result, 42);
        }
    }
}
