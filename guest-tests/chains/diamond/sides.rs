//! Numbers of both sides.

use std::future::Future;

use futures::future::join;
use guest_support::check::{in_flight, turns};
use guest_support::ledger;

use crate::bindings::test::chains::left::{self, Number as Left};
use crate::bindings::test::chains::right::{self, Number as Right};

/// What the shared instance books.
pub const LEAF: &str = "number 0";
/// What both sides book.
pub const SIDE: &str = "number 1";

/// Asserts that so many were made and exist: by the leaf, and by both sides together.
#[track_caller]
pub fn assert_books(leaf: (u64, u64), sides: (u64, u64)) {
    assert_eq!((left::depth(), right::depth()), (1, 1));
    let books = |kind| (ledger::made(kind), ledger::alive(kind));
    assert_eq!((books(LEAF), books(SIDE)), (leaf, sides));
}

pub fn both_sides() {
    let (a, b) = (Left::new(1.0), Right::new(10.0));
    let (a2, b2) = (Left::add(&a, &a), Right::add(&b, &b));
    assert_eq!((a2.value(), b2.value()), (2.0, 20.0));
    // The leaf, and one side: the other one has nothing to do with it.
    assert_eq!((a.uses(), b.uses()), (vec![2, 2], vec![2, 2]));
    assert_books((4, 4), (4, 4));
    drop((a, b2));
    assert_books((4, 2), (4, 2));
    assert_eq!((a2.value(), b.value()), (2.0, 10.0));
    drop((a2, b));
    assert_books((4, 0), (4, 0));
}

pub async fn both_sides_later() {
    let (a, b) = (Left::new(1.0), Right::new(10.0));
    let (a2, b2) = join(Left::add_later(&a, &a), Right::add_later(&b, &b)).await;
    let values = join(a2.value_later(), b2.value_later()).await;
    assert_eq!(values, (2.0, 20.0));
    assert_books((4, 4), (4, 4));
    drop((a, b2));
    let values = join(a2.value_later(), b.value_later()).await;
    assert_eq!(values, (2.0, 10.0));
    drop((a2, b));
    assert_books((4, 0), (4, 0));
}

pub fn destroyed_in_order() {
    let (a, b, c) = (Left::new(1.0), Right::new(2.0), Left::new(3.0));
    assert_eq!(ledger::closings(), [""; 0]);
    drop(b);
    assert_eq!(ledger::closings(), [SIDE, LEAF]);
    assert_eq!((a.value(), c.value()), (1.0, 3.0));
    drop(a);
    assert_eq!(ledger::closings(), [SIDE, LEAF]);
    drop(c);
    assert_eq!(ledger::closings(), [SIDE, LEAF]);
    assert_books((3, 0), (3, 0));
}

/// A number that is the same, in another wrapper.
fn assert_changed(right: Right) {
    assert_eq!(right.value(), 4.0);
    assert_eq!(ledger::closings(), [SIDE]);
    assert_books((1, 1), (2, 1));
    left::keep(Left::new(5.0));
    drop(right);
    assert_eq!(ledger::closings(), [SIDE, SIDE, LEAF]);
    // What was kept last comes out on either side.
    assert_eq!(right::take().expect("it is kept").value(), 5.0);
    assert!(left::take().is_none());
    assert_eq!(ledger::closings(), [SIDE, LEAF]);
    assert_books((2, 0), (4, 0));
}

pub fn changes_sides() {
    left::keep(Left::new(4.0));
    assert_changed(right::take().expect("it is kept"));
}

pub async fn changes_sides_later() {
    left::keep_later(Left::new(4.0)).await;
    assert_changed(right::take_later().await.expect("it is kept"));
}

async fn until(waiting: u32) {
    for _ in 0..100 {
        if Left::waiting() == waiting {
            return;
        }
        turns(1).await;
    }
    assert_eq!(Left::waiting(), waiting);
}

async fn started(call: &mut (impl Future + Unpin), waiting: u32) {
    in_flight(call).await;
    until(waiting).await;
}

pub async fn cancelled() {
    let (a, b) = (Left::new(1.0), Right::new(10.0));
    let mut lefts = Box::pin(Left::add_never(&a, &a));
    started(&mut lefts, 1).await;
    let mut rights = Box::pin(Right::add_never(&b, &b));
    started(&mut rights, 2).await;
    drop(lefts);
    until(1).await;
    in_flight(&mut rights).await;
    assert_eq!(Left::add_later(&a, &a).await.value(), 2.0);
    drop(a);
    assert_eq!(Right::waiting(), 1);
    drop(rights);
    until(0).await;
    assert_eq!(b.value(), 10.0);
    drop(b);
    assert_books((3, 0), (3, 0));
}
