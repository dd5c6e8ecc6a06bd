//! Borrowed parameters that are held across waits.

use std::pin::pin;

use guest_support::check::in_flight;

use crate::bindings::test::exports::callee::{self, Token};

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
