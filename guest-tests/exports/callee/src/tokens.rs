//! The resource of the callee.

use std::cell::Cell;

use crate::bindings::exports::test::exports::callee::GuestToken;
use crate::state::gate;

thread_local! {
    static ALIVE: Cell<u32> = const { Cell::new(0) };
}

/// How many tokens there are.
pub fn alive() -> u32 {
    ALIVE.get()
}

/// A token as its owner sees it.
pub struct OwnToken {
    label: String,
}

impl OwnToken {
    /// What the token is called.
    pub fn label(&self) -> String {
        self.label.clone()
    }
}

impl GuestToken for OwnToken {
    fn new(label: String) -> OwnToken {
        ALIVE.set(ALIVE.get() + 1);
        OwnToken { label }
    }

    fn label(&self) -> String {
        self.label.clone()
    }

    async fn hold(&self, key: u32) -> String {
        gate(key).await;
        self.label.clone()
    }
}

impl Drop for OwnToken {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
    }
}
