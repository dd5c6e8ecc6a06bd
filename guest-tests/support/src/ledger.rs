//! The books of what must be destroyed exactly once, which the harness keeps.

use crate::bindings::test::harness::ledger;

/// What a resource holds so that the harness sees when it is destroyed, and how often.
#[derive(Debug)]
pub struct Booked(u64);

impl Booked {
    /// Notes that one more of this kind exists, until this is dropped.
    pub fn new(what: &str) -> Booked {
        Booked(ledger::opened(what))
    }
}

impl Drop for Booked {
    fn drop(&mut self) {
        ledger::closed(self.0);
    }
}

/// How many of this kind were made, by all guests and the host.
pub fn made(what: &str) -> u64 {
    ledger::made(what)
}

/// How many of this kind were destroyed.
pub fn destroyed(what: &str) -> u64 {
    ledger::destroyed(what)
}

/// How many of this kind exist.
pub fn alive(what: &str) -> u64 {
    made(what) - destroyed(what)
}

/// The kinds of what was destroyed since this was called last, in that order.
pub fn closings() -> Vec<String> {
    ledger::closings()
}
