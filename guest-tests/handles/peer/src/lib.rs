//! What the workshop uses: another component, with a resource.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/handles",
        world: "store-room-guest",
        generate_all,
    });
}

use std::cell::{Cell, RefCell};

use bindings::exports::test::handles::store_room::{CoinBorrow, Guest, GuestCoin};
use guest_support::check::Gates;
use guest_support::ledger::Booked;

guest_support::guest!();
bindings::export!(StoreRoom with_types_in bindings);

thread_local! {
    static GATES: RefCell<Gates> = RefCell::default();
    static WAITING: Cell<u32> = const { Cell::new(0) };
}

struct StoreRoom;

/// A call that waits.
struct Waiting;

impl Waiting {
    fn new() -> Waiting {
        WAITING.set(WAITING.get() + 1);
        Waiting
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.set(WAITING.get() - 1);
    }
}

impl Guest for StoreRoom {
    type Coin = Coin;

    async fn wait(coin: CoinBorrow<'_>) -> String {
        StoreRoom::wait_alone().await;
        coin.get::<Coin>().label.clone()
    }

    async fn wait_alone() {
        let _waiting = Waiting::new();
        let released = GATES.with_borrow_mut(|gates| gates.wait(0));
        released.await.expect("nobody drops the gates");
    }

    fn waiting() -> u32 {
        WAITING.get()
    }

    fn release() {
        GATES.with_borrow_mut(|gates| gates.release(0));
    }
}

struct Coin {
    label: String,
    _booked: Booked,
}

impl GuestCoin for Coin {
    fn new(label: String) -> Coin {
        Coin {
            label,
            _booked: Booked::new("coin"),
        }
    }

    fn label(&self) -> String {
        self.label.clone()
    }
}
