//! A resource that owns others.

use std::cell::RefCell;

use guest_support::ledger::Booked;

use super::{a_while, coin, wit};

/// Many coins.
pub struct Purse {
    coins: RefCell<Vec<wit::Coin>>,
    _booked: Booked,
}

impl wit::GuestPurse for Purse {
    fn new(coins: Vec<wit::Coin>) -> Purse {
        Purse {
            coins: RefCell::new(coins),
            _booked: Booked::new("purse"),
        }
    }

    fn put(&self, coin: wit::Coin) {
        self.coins.borrow_mut().push(coin);
    }

    fn take(&self) -> Option<wit::Coin> {
        self.coins.borrow_mut().pop()
    }

    async fn total(&self) -> f64 {
        a_while().await;
        self.coins.borrow().iter().map(coin::value).sum()
    }

    fn empty(purse: wit::Purse) -> Vec<wit::Coin> {
        purse.get::<Purse>().coins.take()
    }
}
