//! What the leaf does, on each runtime.

mod aggregates;
mod coin;
mod purse;

use std::cell::RefCell;

use guest_support::check::Gates;

use crate::Leaf;
use crate::bindings::exports::test::owners::leaf as wit;
use crate::bindings::{wit_future, wit_stream};
use crate::runtime::{FutureReader, StreamReader, spawn_local, yield_async};

thread_local! {
    static GATES: RefCell<Gates> = RefCell::default();
}

/// Lets others have a few turns.
async fn a_while() {
    for _ in 0..3 {
        yield_async().await;
    }
}

impl wit::Guest for Leaf {
    type Coin = coin::Coin;
    type Purse = purse::Purse;

    fn release() {
        GATES.with_borrow_mut(|gates| gates.release(0));
    }
}
