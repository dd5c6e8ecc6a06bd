//! What the callee remembers for its caller.

use std::cell::RefCell;

use guest_support::check::Gates;

thread_local! {
    static GATES: RefCell<Gates> = RefCell::default();
    static EVENTS: RefCell<Vec<String>> = RefCell::default();
}

/// Adds to what the caller gets to see.
pub fn report(event: impl Into<String>) {
    EVENTS.with_borrow_mut(|events| events.push(event.into()));
}

/// What was reported since the last time.
pub fn take_events() -> Vec<String> {
    EVENTS.take()
}

/// Waits for `release(key)`.
pub async fn gate(key: u32) {
    let receiver = GATES.with_borrow_mut(|gates| gates.wait(key));
    receiver.await.expect("a gate is released, never dropped");
}

/// Lets one wait for `key` go.
pub fn release(key: u32) {
    GATES.with_borrow_mut(|gates| gates.release(key));
}

/// Reports how the function ended that holds it.
pub struct Watched {
    finished: bool,
}

impl Watched {
    /// Reports the start.
    pub fn start() -> Watched {
        report("started");
        Watched { finished: false }
    }

    /// The function came to its end.
    pub fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        report(if self.finished { "finished" } else { "dropped" });
    }
}
