//! A component whose resources wrap those of another: the same text for each runtime.

mod flows;
mod nests;
mod numbers;
#[path = "../pump.rs"]
mod pump;
mod texts;
mod things;

use guest_support::ledger::Booked;

/// What it exports everything with.
pub struct Middle;

/// Books a resource of this component as one that is wrapped so many times.
fn booked(what: &str) -> Booked {
    use crate::bindings::exports::test::chains::numbers::Guest;
    Booked::new(&format!("{what} {}", Middle::depth()))
}
