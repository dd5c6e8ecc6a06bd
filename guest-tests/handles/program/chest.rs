//! Resources whose destructors use others, and the host, and trap.

use std::cell::RefCell;

use guest_support::ledger::Booked;

use super::{host_things, store_room, tool, wit};

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

/// A resource that wants to be destroyed while it is.
pub struct Phoenix {
    _booked: Booked,
}

impl wit::GuestPhoenix for Phoenix {
    fn new() -> Phoenix {
        Phoenix {
            _booked: Booked::new("phoenix"),
        }
    }
}

impl Drop for Phoenix {
    fn drop(&mut self) {
        let told = host_things::destroy_again();
        LAST_WORDS.with_borrow_mut(|all| all.push(told));
    }
}

/// A resource that cannot be destroyed.
pub struct Bomb;

impl wit::GuestBomb for Bomb {
    fn new() -> Bomb {
        Bomb
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        drop(Booked::new("blast"));
        panic!("the destructor gives up");
    }
}
