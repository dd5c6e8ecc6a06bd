//! Own and borrow as parameters and results of calls.

use std::pin::pin;

use guest_support::check::in_flight;
use guest_support::ledger;

use super::{balance, blocking_turns, tokens, turns};
use crate::bindings::test::resources::vault::{self, BesideToken, SlowToken, Token};

pub async fn own_parameters() {
    assert_eq!(vault::take_now(Token::new(7)), 7);
    balance(1, 1);
    assert_eq!(vault::take(false, Token::new(8)).await, 8);
    balance(2, 2);
    assert_eq!(vault::take(true, Token::new(9)).await, 9);
    balance(3, 3);
}

pub async fn own_results() {
    let now = vault::make_now(1);
    let at_once = vault::make(false, 2).await;
    let later = vault::make(true, 3).await;
    assert_eq!((now.number(), at_once.number(), later.number()), (1, 2, 3));
    balance(3, 0);
    drop(at_once);
    balance(3, 1);
    drop((later, now));
    balance(3, 3);
}

pub async fn handed_back() {
    let mut token = Token::new(5);
    for wait in [false, true] {
        token = vault::pass_now(token);
        token = vault::pass(wait, token).await;
    }
    balance(1, 0);
    assert_eq!(token.number(), 5);
    drop(token);
    balance(1, 1);
}

pub async fn borrowed() {
    let (first, second) = (Token::new(1), Token::new(2));
    assert_eq!(vault::look_now(&first), 1);
    assert_eq!(vault::look(false, &second).await, 2);
    {
        let mut call = pin!(vault::look(true, &first));
        in_flight(&mut call).await;
        // Lent again while it is lent.
        assert_eq!(vault::look_now(&first), 1);
        assert_eq!(vault::look(true, &first).await, 1);
        assert_eq!(call.await, 1);
    }
    assert!(first.same_as(&first));
    assert!(!first.same_as(&second));
    balance(2, 0);
    // One goes and another one is lent, in one call.
    for wait in [false, true] {
        let made = vault::exchange(wait, Token::new(10), &second).await;
        assert_eq!(made.number(), 12);
    }
    balance(6, 4);
    drop((first, second));
    balance(6, 6);
}

pub async fn methods() {
    let first = Token::new(1);
    assert_eq!(first.number_later().await, 1);
    for wait in [false, true] {
        let merged = Token::merge(wait, Token::new(2), Token::new(3)).await;
        assert_eq!(merged.number(), 5);
    }
    balance(7, 6);
    drop(first);
    balance(7, 7);
}

pub async fn destructors() {
    let slow = SlowToken::new(1);
    let beside = BesideToken::new(2);
    let tokens = tokens(3..5);
    assert_eq!((slow.number(), beside.number()), (1, 2));
    drop((beside, tokens, slow));
    // Each was over when `drop` returned.
    assert_eq!(
        ledger::closings(),
        ["beside-token", "token", "token", "slow-token"]
    );
    for kind in ["slow-token", "beside-token"] {
        assert_eq!((ledger::made(kind), ledger::destroyed(kind)), (1, 1));
    }
    balance(2, 2);
}

pub async fn never_polled() {
    let call = vault::hold(1, Token::new(1));
    balance(1, 0);
    drop(call);
    balance(1, 1);
}

pub async fn cancelled_while_the_host_holds_it() {
    let mut call = Box::pin(vault::hold(1, Token::new(1)));
    in_flight(&mut call).await;
    balance(1, 0);
    drop(call);
    turns().await;
    balance(1, 1);
}

pub async fn cancelled_when_the_host_had_returned_it() {
    let mut call = Box::pin(vault::hold(1, Token::new(1)));
    in_flight(&mut call).await;
    vault::release(1);
    // The host returns, and no event can reach a task of this guest.
    blocking_turns();
    balance(1, 0);
    drop(call);
    turns().await;
    balance(1, 1);
}

pub async fn delivered_and_not_polled() {
    let mut call = Box::pin(vault::hold(1, Token::new(1)));
    in_flight(&mut call).await;
    vault::release(1);
    turns().await;
    balance(1, 0);
    drop(call);
    turns().await;
    balance(1, 1);
}

pub async fn cancelled_while_lent() {
    let token = Token::new(1);
    let mut call = Box::pin(vault::hold_lent(1, &token));
    in_flight(&mut call).await;
    drop(call);
    turns().await;
    // It is not lent any more: it can be handed away.
    balance(1, 0);
    assert_eq!(vault::take(false, token).await, 1);
    balance(1, 1);
}
