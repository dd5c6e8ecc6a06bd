//! Calls of tasks that own resources of the host, which are cancelled: the same text for each
//! runtime.

use guest_support::check::in_flight;
use guest_support::{expect_trap, ledger};

use crate::bindings::test::resources::channels;
use crate::bindings::test::resources::vault::{self, Token};
use crate::holder;

/// Demands that so many tokens were made and destroyed, ever.
#[track_caller]
fn balance(made: u64, destroyed: u64) {
    let found = (ledger::made("token"), ledger::destroyed("token"));
    assert_eq!(found, (made, destroyed), "tokens made and destroyed");
}

fn tokens(numbers: impl IntoIterator<Item = u32>) -> Vec<Token> {
    numbers.into_iter().map(Token::new).collect()
}

/// Lets the host and the other guest go on for a while.
async fn turns() {
    for _ in 0..10 {
        crate::runtime::yield_async().await;
    }
}

fn blocking_turns() {
    for _ in 0..10 {
        crate::runtime::yield_blocking();
    }
}

pub async fn let_go_on() {
    let mut call = Box::pin(holder::keep(Token::new(1)));
    in_flight(&mut call).await;
    holder::let_go();
    let token = call.await;
    balance(1, 0);
    {
        let mut call = Box::pin(holder::keep_lent(&token));
        in_flight(&mut call).await;
        // Lent twice, once to the host.
        assert_eq!(vault::look(true, &token).await, 1);
        holder::let_go();
        assert_eq!(call.await, 1);
    }
    drop(token);
    balance(1, 1);
    holder::let_go();
    assert_eq!(holder::keep_list(tokens(2..5)).await.len(), 3);
    balance(4, 4);
}

pub async fn cancelled_while_it_owns() {
    let mut call = Box::pin(holder::keep(Token::new(1)));
    in_flight(&mut call).await;
    let mut list = Box::pin(holder::keep_list(tokens(2..12)));
    in_flight(&mut list).await;
    balance(11, 0);
    drop(call);
    turns().await;
    balance(11, 1);
    drop(list);
    turns().await;
    balance(11, 11);
}

pub async fn cancelled_while_lent() {
    let token = Token::new(1);
    let mut call = Box::pin(holder::keep_lent(&token));
    in_flight(&mut call).await;
    drop(call);
    turns().await;
    balance(1, 0);
    assert_eq!(vault::take(true, token).await, 1);
    balance(1, 1);
}

pub async fn cancelled_with_a_read_in_flight() {
    let reader = channels::open().await;
    let mut call = Box::pin(holder::keep_read(reader));
    in_flight(&mut call).await;
    channels::feed(&[1]);
    turns().await;
    in_flight(&mut call).await;
    balance(1, 0);
    drop(call);
    turns().await;
    balance(1, 1);
    channels::feed(&[2]);
    turns().await;
    balance(2, 2);
}

pub async fn cancelled_with_a_write_in_flight() {
    let mut call = Box::pin(holder::keep_write());
    in_flight(&mut call).await;
    turns().await;
    balance(3, 0);
    assert_eq!(channels::accept(1).await, [1]);
    balance(3, 1);
    drop(call);
    turns().await;
    balance(3, 3);
    assert!(channels::accept(1).await.is_empty());
}

pub async fn cancelled_with_a_value_in_flight() {
    let mut call = Box::pin(holder::keep_value());
    in_flight(&mut call).await;
    turns().await;
    balance(1, 0);
    drop(call);
    assert_eq!(channels::expected().await, 9);
    turns().await;
    balance(2, 2);
}

pub async fn cancelled_before_it_started() {
    holder::close();
    let mut call = Box::pin(holder::keep(Token::new(1)));
    in_flight(&mut call).await;
    let mut list = Box::pin(holder::keep_list(tokens(2..12)));
    in_flight(&mut list).await;
    let token = Token::new(12);
    let mut lent = Box::pin(holder::keep_lent(&token));
    in_flight(&mut lent).await;
    balance(12, 0);
    drop((call, lent));
    turns().await;
    balance(12, 1);
    assert_eq!(vault::take(false, token).await, 12);
    drop(list);
    turns().await;
    balance(12, 12);
    holder::open();
}

pub async fn cancelled_when_it_had_returned() {
    let mut call = Box::pin(holder::keep(Token::new(1)));
    in_flight(&mut call).await;
    holder::let_go();
    // The other guest returns, and no event can reach a task of this one.
    blocking_turns();
    balance(1, 0);
    drop(call);
    turns().await;
    balance(1, 1);
}

pub async fn returned_anyway() {
    let mut call = Box::pin(holder::stubborn(Token::new(1)));
    in_flight(&mut call).await;
    balance(1, 0);
    drop(call);
    turns().await;
    balance(1, 1);
}

pub async fn trapped_while_it_owns() {
    let mut call = Box::pin(holder::keep(Token::new(1)));
    in_flight(&mut call).await;
    let token = Token::new(2);
    let mut lent = Box::pin(holder::keep_lent(&token));
    in_flight(&mut lent).await;
    balance(2, 0);
    expect_trap("the callee owns 3");
    holder::panics(Token::new(3)).await;
}
