//! A resource that belongs neither to the caller nor to the callee.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/exports",
        world: "vault-guest",
        generate_all,
    });
}

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

use bindings::exports::test::exports::vault::{Guest, GuestCoin};

guest_support::guest!();
bindings::export!(Vault with_types_in bindings);

thread_local! {
    static ALIVE: Cell<u32> = const { Cell::new(0) };
    static WAITING: Cell<u32> = const { Cell::new(0) };
    static OPEN: Cell<bool> = const { Cell::new(false) };
    static KNOCKING: RefCell<Option<Waker>> = const { RefCell::new(None) };
}

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

struct Vault;

impl Guest for Vault {
    type Coin = Coin;

    fn coins() -> u32 {
        ALIVE.get()
    }

    async fn waits() {
        let _waiting = Waiting::new();
        std::future::pending().await
    }

    fn waiting() -> u32 {
        WAITING.get()
    }

    async fn until_open() {
        let _waiting = Waiting::new();
        poll_fn(|cx| {
            KNOCKING.set(Some(cx.waker().clone()));
            match OPEN.get() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    fn opens() {
        OPEN.set(true);
        if let Some(waker) = KNOCKING.take() {
            waker.wake();
        }
    }
}

/// A coin as its owner sees it.
struct Coin {
    label: String,
}

impl GuestCoin for Coin {
    fn new(label: String) -> Coin {
        ALIVE.set(ALIVE.get() + 1);
        Coin { label }
    }

    fn label(&self) -> String {
        self.label.clone()
    }
}

impl Drop for Coin {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
    }
}
