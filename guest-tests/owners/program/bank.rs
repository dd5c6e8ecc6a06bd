//! What the bank does, on each runtime.

use std::cell::RefCell;

use guest_support::check::Gates;
use guest_support::ledger::Booked;

use crate::Bank;
use crate::bindings::exports::test::owners::bank as wit;
use crate::bindings::test::owners::leaf::{self, Purse};
use crate::bindings::wit_stream;
use crate::runtime::{StreamReader, spawn_local};

thread_local! {
    static GATES: RefCell<Gates> = RefCell::default();
}

/// A note, which owns a resource of another component.
pub struct Note {
    money: RefCell<Option<leaf::Coin>>,
    _booked: Booked,
}

impl Note {
    fn of(money: leaf::Coin) -> Note {
        Note {
            money: RefCell::new(Some(money)),
            _booked: Booked::new("note"),
        }
    }

    fn label(&self) -> String {
        let money = self.money.borrow();
        format!("note of {}", money.as_ref().expect("money").label())
    }
}

impl wit::GuestCoin for Note {
    fn new(money: wit::Money) -> Note {
        Note::of(money)
    }

    fn label(&self) -> String {
        self.label()
    }

    fn back(coin: wit::Coin) -> wit::Penny {
        coin.get::<Note>().money.take().expect("money")
    }
}

impl wit::Guest for Bank {
    type Coin = Note;

    fn peek(penny: &wit::Money, coin: wit::CoinBorrow<'_>) -> String {
        format!("{} and {}", penny.label(), coin.get::<Note>().label())
    }

    async fn hold(penny: &wit::Penny) -> String {
        let released = GATES.with_borrow_mut(|gates| gates.wait(0));
        released.await.expect("nobody drops the gates");
        penny.label()
    }

    async fn hold_through(penny: &wit::Penny) -> String {
        format!("{} and {}", penny.hold().await, penny.label())
    }

    fn let_go() {
        GATES.with_borrow_mut(|gates| gates.release(0));
    }

    async fn notes(mut pennies: StreamReader<wit::Money>) -> StreamReader<wit::Coin> {
        let (mut writer, reader) = wit_stream::new();
        spawn_local(async move {
            while let Some(penny) = pennies.next().await {
                let note = wit::Coin::new(Note::of(penny));
                if writer.write_one(note).await.is_some() {
                    break;
                }
            }
        });
        reader
    }

    async fn sum(purse: Purse) -> f64 {
        let mut sum = purse.total().await;
        while let Some(coin) = purse.take() {
            sum += coin.value();
        }
        // Each once by `total`, and once one by one.
        sum / 2.0
    }
}
