//! How long a value in a box lives.

use guest_support::check::in_flight;
use guest_support::{expect_trap, ledger};

use super::{VALUE, collected, numbered, numbers};
use crate::bindings::test::boxes::{boxes, keeper};

pub async fn kept_and_dropped() {
    let it = boxes::number(40);
    collected(1, 1);
    assert_eq!(boxes::add(&it, 2), Ok(42));
    assert_eq!(boxes::read_number(&it), Ok(42));
    drop(it);
    assert_eq!(ledger::alive(VALUE), 1, "nothing was collected");
    collected(1, 0);
}

pub async fn dropped_last() {
    drop(numbered(&[1, 2, 3]));
    assert_eq!(ledger::alive(VALUE), 3, "nothing was collected");
}

pub async fn values_go_under_pressure() {
    const KEPT: u64 = 100;
    const TIMES: u64 = 20_000;
    /// So many boxes fit into the collector's heap before it grows.
    const ROOM: u64 = 1 << 11;
    let all: Vec<u64> = (0..KEPT).collect();
    let kept = numbered(&all);
    let mut most = 0;
    for number in 0..TIMES {
        drop(boxes::number(number));
        most = most.max(ledger::alive(VALUE));
    }
    assert_eq!(ledger::made(VALUE), KEPT + TIMES);
    assert!(most > KEPT + 1, "values wait for the collector");
    assert!(most <= ROOM, "{most} values at once");
    assert_eq!(numbers(&kept), all);
    drop(kept);
    collected(KEPT + TIMES, 0);
}

pub async fn task_cancelled() {
    let it = boxes::number(1);
    {
        let mut call = std::boxed::Box::pin(keeper::hold_for_ever(it));
        in_flight(&mut call).await;
        collected(1, 1);
    }
    collected(1, 0);
}

pub async fn guest_trapped() {
    let kept = numbered(&[1, 2, 3]);
    keeper::put(boxes::number(4));
    boxes::keep(boxes::number(5));
    drop(boxes::number(6));
    assert_eq!(numbers(&kept), [1, 2, 3]);
    assert_eq!(ledger::alive(VALUE), 6);
    expect_trap("in hand");
    keeper::fail(boxes::number(7));
}
