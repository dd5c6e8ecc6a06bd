//! What is lent to a call that is in flight.

use guest_support::check::{in_flight, turns};
use guest_support::expect_trap;

use super::{Coin, Purse, coin, coins, counts, release};
use crate::bindings::test::owners::bank;

pub async fn held_by_its_component() {
    let coin = coin("a");
    let mut hold = Box::pin(coin.hold());
    in_flight(&mut hold).await;
    assert_eq!(coin.label(), "a", "others may be called");
    release();
    assert_eq!(hold.await, "a");
    drop(coin);
    assert_eq!(counts("coin"), (1, 1));
}

pub async fn held_by_another() {
    let coin = coin("a");
    let mut hold = Box::pin(bank::hold(&coin));
    in_flight(&mut hold).await;
    assert_eq!(coin.label(), "a");
    bank::let_go();
    assert_eq!(hold.await, "a");
    assert_eq!(counts("coin"), (1, 0), "it was only lent");
    drop(coin);
    assert_eq!(counts("coin"), (1, 1));
}

pub async fn held_through_another() {
    let coin = coin("a");
    let mut hold = Box::pin(bank::hold_through(&coin));
    in_flight(&mut hold).await;
    release();
    assert_eq!(hold.await, "a and a");
    drop(coin);
    assert_eq!(counts("coin"), (1, 1));
}

pub async fn held_twice() {
    let coin = coin("a");
    let mut first = Box::pin(bank::hold(&coin));
    in_flight(&mut first).await;
    let mut second = Box::pin(coin.hold());
    in_flight(&mut second).await;
    let mut third = Box::pin(bank::hold(&coin));
    in_flight(&mut third).await;
    bank::let_go();
    assert_eq!(first.await, "a");
    release();
    assert_eq!(second.await, "a");
    in_flight(&mut third).await;
    bank::let_go();
    assert_eq!(third.await, "a");
    drop(coin);
    assert_eq!(counts("coin"), (1, 1));
}

pub async fn held_and_dropped() {
    let coin = coin("a");
    let mut hold = Box::pin(bank::hold(&coin));
    in_flight(&mut hold).await;
    drop(hold);
    let mut hold = Box::pin(coin.hold());
    in_flight(&mut hold).await;
    drop(hold);
    let mut hold = Box::pin(bank::hold_through(&coin));
    in_flight(&mut hold).await;
    drop(hold);
    turns(3).await;
    assert_eq!(counts("coin"), (1, 0));
    drop(coin);
    assert_eq!(counts("coin"), (1, 1));
}

pub async fn given_to_dropped_call() {
    let mut sum = Box::pin(bank::sum(Purse::new(coins())));
    in_flight(&mut sum).await;
    assert_eq!((counts("purse"), counts("coin")), ((1, 0), (3, 0)));
    drop(sum);
    turns(3).await;
    assert_eq!((counts("purse"), counts("coin")), ((1, 1), (3, 3)));
}

/// Another owner of the same handle, which safe code cannot have.
fn another_owner(coin: &Coin) -> Coin {
    // SAFETY: The handle is one of a coin of this instance. That it has two owners then is what
    // the host has to find out before it does harm.
    unsafe { Coin::from_handle(coin.handle()) }
}

pub async fn destroyed_while_held() {
    expect_trap("cannot remove owned resource while borrowed");
    let coin = coin("a");
    let mut hold = Box::pin(bank::hold(&coin));
    in_flight(&mut hold).await;
    drop(another_owner(&coin));
}

pub async fn given_while_held() {
    expect_trap("cannot remove owned resource while borrowed");
    let coin = coin("a");
    let purse = Purse::new(Vec::new());
    let mut hold = Box::pin(bank::hold(&coin));
    in_flight(&mut hold).await;
    purse.put(another_owner(&coin));
}

pub async fn destroyed_by_two_owners() {
    expect_trap("unknown handle index");
    let coin = coin("a");
    drop(another_owner(&coin));
    assert_eq!(counts("coin"), (1, 1));
    drop(coin);
}

pub async fn destroyed_as_another() {
    expect_trap("used with the wrong type");
    let purse = Purse::new(coins());
    // SAFETY: The host has to find out that this is no coin.
    drop(unsafe { Coin::from_handle(purse.take_handle()) });
}

pub async fn made_up() {
    expect_trap("unknown handle index");
    let coin = coin("a");
    // SAFETY: The host has to find out that there is no such handle.
    let other = unsafe { Coin::from_handle(coin.handle() + 1000) };
    other.label();
}
