//! What the ledger says of the components of a chain.

use guest_support::ledger;

use crate::bindings::test::chains::numbers;

/// The kind that a resource is booked as, where it is wrapped so many times.
pub fn kind(what: &str, depth: u32) -> String {
    format!("{what} {depth}")
}

/// The kinds from the outermost to the one that wraps nothing.
pub fn kinds(what: &str) -> Vec<String> {
    let depth = numbers::depth();
    assert!(depth > 0, "the runner uses a component that wraps another");
    (0..=depth).rev().map(|depth| kind(what, depth)).collect()
}

/// Asserts that every component made so many, and that so many exist.
#[track_caller]
pub fn assert_books(what: &str, made: u64, alive: u64) {
    for kind in kinds(what) {
        assert_eq!(ledger::made(&kind), made, "{kind} made");
        assert_eq!(ledger::alive(&kind), alive, "{kind} alive");
    }
}

/// Asserts that one of them was destroyed since this was asked, in all components, from the
/// outermost on.
#[track_caller]
pub fn assert_closed(what: &str) {
    assert_eq!(ledger::closings(), kinds(what));
}

/// Asserts that so many exist in every component.
#[track_caller]
pub fn assert_alive(what: &str, alive: u64) {
    for kind in kinds(what) {
        assert_eq!(ledger::alive(&kind), alive, "{kind} alive");
    }
}
