//! A guest that owns, lends and hands away resources of the host: the same text for each
//! runtime.

pub mod aggregates;
pub mod calls;
pub mod forced;
pub mod futures;
pub mod reads;
pub mod trapped;
pub mod writes;

use crate::bindings::test::resources::vault::Token;

/// Demands that so many tokens were made and destroyed, ever.
#[track_caller]
pub fn balance(made: u64, destroyed: u64) {
    let found = (
        guest_support::ledger::made("token"),
        guest_support::ledger::destroyed("token"),
    );
    assert_eq!(found, (made, destroyed), "tokens made and destroyed");
}

/// Tokens of this guest with these numbers.
pub fn tokens(numbers: impl IntoIterator<Item = u32>) -> Vec<Token> {
    numbers.into_iter().map(Token::new).collect()
}

/// Their numbers.
pub fn numbers(tokens: &[Token]) -> Vec<u32> {
    tokens.iter().map(Token::number).collect()
}

/// Lets the host, and other tasks of this guest, go on for a while.
pub async fn turns() {
    for _ in 0..10 {
        crate::runtime::yield_async().await;
    }
}

/// Lets the host go on for a while, while no event reaches this task.
pub fn blocking_turns() {
    for _ in 0..10 {
        crate::runtime::yield_blocking();
    }
}
