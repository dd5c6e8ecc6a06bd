//! Tasks that yield.

use std::cell::Cell;
use std::pin::pin;

use guest_support::check::poll_once;
use wit_async::{FutureReader, yield_async};

use crate::report;

thread_local! {
    static FLAG: Cell<bool> = const { Cell::new(false) };
}

/// A loop that spins longer than this has been kept from its events.
const PATIENCE: u32 = 100_000;

pub async fn turns(label: &str, turns: u32) {
    for _ in 0..turns {
        report(label.to_owned());
        yield_async().await;
    }
}

pub fn set_flag(flag: bool) {
    FLAG.set(flag);
}

pub async fn spin_until_flag() -> u32 {
    let mut spins = 0;
    while !FLAG.get() {
        spins += 1;
        assert!(spins < PATIENCE, "the flag was never raised");
        yield_async().await;
    }
    spins
}

pub async fn spin_until_value(value: FutureReader<u32>) -> u32 {
    let mut value = pin!(value.into_future());
    for _ in 0..PATIENCE {
        if let std::task::Poll::Ready(value) = poll_once(&mut value).await {
            return value;
        }
        yield_async().await;
    }
    panic!("the event of the read was never delivered");
}
