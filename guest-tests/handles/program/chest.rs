//! A resource whose destructor uses others.

use std::cell::RefCell;

use guest_support::ledger::Booked;

use super::{store_room, tool, wit};

thread_local! {
    static LAST_WORDS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub fn last_words() -> Vec<String> {
    LAST_WORDS.take()
}

/// Dropped from the first field to the last.
pub struct Chest {
    coin: store_room::Coin,
    tool: wit::Tool,
    _case: wit::Box,
    _booked: Booked,
}

impl wit::GuestChest for Chest {
    fn new(label: String) -> Chest {
        let inner = tool::make(format!("inner {label}"));
        Chest {
            coin: store_room::Coin::new(&label),
            tool: tool::make(label),
            _case: wit::Box::new(tool::Case::with(Some(inner))),
            _booked: Booked::new("chest"),
        }
    }
}

impl Drop for Chest {
    fn drop(&mut self) {
        let words = [self.coin.label(), tool::label(&self.tool)];
        LAST_WORDS.with_borrow_mut(|all| all.extend(words));
    }
}
