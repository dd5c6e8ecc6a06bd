//! What the guests of each runtime do.

pub mod access;
pub mod ends;
pub mod life;
pub mod passing;

use guest_support::ledger;

use crate::bindings::test::boxes::boxes::{self, Box as Boxed};

/// What the harness calls a value in a box.
const VALUE: &str = "value in a box";

/// Boxes with these numbers.
fn numbered(numbers: &[u64]) -> Vec<Boxed> {
    numbers.iter().copied().map(boxes::number).collect()
}

/// The numbers of these boxes.
fn numbers<'a>(all: impl IntoIterator<Item = &'a Boxed>) -> Vec<u64> {
    let number = |it| boxes::read_number(it).expect("it is a number");
    all.into_iter().map(number).collect()
}

/// Runs the collector and demands that so many values were made, and so many are there.
#[track_caller]
fn collected(made: u64, alive: u64) {
    boxes::collect();
    assert_eq!((ledger::made(VALUE), ledger::alive(VALUE)), (made, alive));
}
