//! Gates: each is opened once, with a value, and stays open.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::{Poll, Waker};

enum Gate {
    Closed(Vec<Waker>),
    Open(u32),
}

thread_local! {
    static GATES: RefCell<BTreeMap<u32, Gate>> = const { RefCell::new(BTreeMap::new()) };
}

/// Waits until the gate is open and returns the value it was opened with.
pub async fn pass(gate: u32) -> u32 {
    poll_fn(|cx| {
        GATES.with_borrow_mut(|gates| {
            match gates
                .entry(gate)
                .or_insert_with(|| Gate::Closed(Vec::new()))
            {
                Gate::Open(value) => Poll::Ready(*value),
                Gate::Closed(waiting) => {
                    waiting.push(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
    })
    .await
}

/// Opens the gate. Those who wait are tasks of other calls than this one.
pub fn open(gate: u32, value: u32) {
    let before = GATES.with_borrow_mut(|gates| gates.insert(gate, Gate::Open(value)));
    match before {
        Some(Gate::Closed(waiting)) => waiting.into_iter().for_each(Waker::wake),
        Some(Gate::Open(_)) => panic!("gate {gate} was open already"),
        None => {}
    }
}
