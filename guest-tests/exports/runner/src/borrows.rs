//! Borrowed parameters that are held across waits.

use std::pin::pin;

use futures::future::join_all;
use guest_support::check::in_flight;

use crate::bindings::test::exports::callee::{self, Token};
use crate::bindings::test::exports::vault::{self, Coin};

pub async fn borrow_across_await() {
    let token = Token::new("ab");
    {
        let mut call = pin!(callee::borrows(&token, 7));
        in_flight(&mut call).await;
        assert_eq!(token.label(), "ab");
        callee::release(7);
        assert_eq!(call.await, "abab");
    }
    drop(token);
    assert_eq!(callee::tokens(), 0);
}

pub async fn method_across_await() {
    let token = Token::new("ab");
    {
        let mut first = pin!(token.hold(1));
        in_flight(&mut first).await;
        let mut second = pin!(token.hold(2));
        in_flight(&mut second).await;
        callee::release(2);
        assert_eq!(second.await, "ab");
        callee::release(1);
        assert_eq!(first.await, "ab");
    }
    drop(token);
    assert_eq!(callee::tokens(), 0);
}

pub async fn cancelled_releases_borrows() {
    let token = Token::new("ab");
    let mut call = Box::pin(callee::borrows(&token, 7));
    in_flight(&mut call).await;
    drop(call);
    // The host would trap here if the token were still lent.
    drop(token);
    assert_eq!(callee::tokens(), 0);
}

pub async fn foreign_borrow_across_await() {
    let (first, second) = (Coin::new("a"), Coin::new("b"));
    {
        let mut call = pin!(callee::inspects(&first, &second, 7));
        in_flight(&mut call).await;
        assert_eq!(first.label(), "a");
        callee::release(7);
        assert_eq!(call.await, "ab");
    }
    // The host would trap here if the coins were still lent.
    drop(first);
    drop(second);
    assert_eq!(vault::coins(), 0);
}

pub async fn foreign_borrow_cancelled() {
    let (first, second) = (Coin::new("a"), Coin::new("b"));
    for _ in 0..3 {
        let mut call = Box::pin(callee::inspects(&first, &second, 7));
        in_flight(&mut call).await;
        drop(call);
    }
    drop(first);
    drop(second);
    assert_eq!(vault::coins(), 0);
}

pub async fn foreign_borrow_shared() {
    let (first, second) = (Coin::new("a"), Coin::new("b"));
    let mut calls: Vec<_> = (0..100)
        .map(|key| Box::pin(callee::inspects(&first, &second, key)))
        .collect();
    for call in &mut calls {
        in_flight(call).await;
    }
    for key in (0..100).rev() {
        callee::release(key);
    }
    assert_eq!(join_all(calls).await, vec!["ab"; 100]);
    drop(first);
    drop(second);
    assert_eq!(vault::coins(), 0);
}
