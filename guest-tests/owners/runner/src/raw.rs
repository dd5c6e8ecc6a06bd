//! A callee that does with its handles what safe code cannot.

use guest_support::check::in_flight;
use guest_support::expect_trap;

use crate::bindings::test::owners::raw;
use crate::program::{coin, counts};

pub async fn dropped_by_another_task() {
    let coin = coin("a");
    let mut keep = Box::pin(raw::keep(&coin));
    in_flight(&mut keep).await;
    raw::drop_kept().await;
    keep.await;
    assert_eq!(counts("coin"), (1, 0), "only the borrow was dropped");
    assert_eq!(coin.label(), "a");
    drop(coin);
    assert_eq!(counts("coin"), (1, 1));
}

pub async fn never_dropped() {
    expect_trap("borrow handles still remain at the end of the call");
    raw::forget(&coin("a")).await;
}

pub async fn dropped_twice() {
    expect_trap("unknown handle index");
    raw::drop_twice(&coin("a")).await;
}

pub async fn lent_twice() {
    let coin = coin("a");
    raw::take_two(&coin, &coin).await;
    assert_eq!(counts("coin"), (1, 0));
    drop(coin);
    assert_eq!(counts("coin"), (1, 1));
}

pub async fn used_when_dropped() {
    expect_trap("unknown handle index");
    raw::use_dropped(&coin("a")).await;
}

pub async fn given_away() {
    expect_trap("cannot lift own resource from a borrow");
    raw::give_away(&coin("a")).await;
}
