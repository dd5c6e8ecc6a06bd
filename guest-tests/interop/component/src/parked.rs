//! Operations that move between calls of this component, through a place where one
//! call leaves them and another finds them.

use crate::moves::{VALUE, finish as finish_all, pending, poll_all};
use interop_own::bindings::test::interop::peer;
use interop_own::exercise::Pending;
use std::cell::{Cell, RefCell};

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
    static PARKED: RefCell<Vec<Pending>> = const { RefCell::new(Vec::new()) };
}

/// How often operations were left here.
pub fn count() -> u32 {
    COUNT.get()
}

fn leave(operations: Vec<Pending>) {
    PARKED.set(operations);
    COUNT.set(COUNT.get() + 1);
}

/// Starts operations in the current task and leaves them to others.
pub async fn park(gate: u32, hold: u32, theirs: bool) {
    let mut operations = pending(gate, theirs).await;
    poll_all(&mut operations).await;
    leave(operations);
    peer::pass(hold).await;
}

/// Polls the operations in the current task and leaves them to others.
pub async fn touch(hold: u32) {
    let mut operations = PARKED.take();
    assert!(!operations.is_empty(), "something is parked");
    poll_all(&mut operations).await;
    leave(operations);
    peer::pass(hold).await;
}

/// Awaits the operations in the current task.
pub async fn finish(gate: u32) -> u32 {
    let mut operations = PARKED.take();
    peer::open(gate, VALUE);
    finish_all(&mut operations).await;
    u32::try_from(operations.len()).expect("a handful")
}

/// Drops the operations in the current task.
pub fn discard() {
    let operations = PARKED.take();
    assert!(!operations.is_empty(), "something is parked");
    drop(operations);
}
