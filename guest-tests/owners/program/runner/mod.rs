//! What the runner does, on each runtime.

pub mod aggregates;
pub mod ends;
pub mod lent;
pub mod other;
pub mod values;

use guest_support::ledger;

use crate::leaf_alone::test::owners::leaf::{Coin, Purse, release};

/// A coin of this label, of the value 1.
pub fn coin(label: &str) -> Coin {
    Coin::new(label, 1.0)
}

/// Coins `a`, `b`, `c`.
pub fn coins() -> Vec<Coin> {
    ["a", "b", "c"].map(coin).into()
}

/// How many were made, and how many of those destroyed.
pub fn counts(what: &str) -> (u64, u64) {
    (ledger::made(what), ledger::destroyed(what))
}
