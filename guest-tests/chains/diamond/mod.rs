//! The scenarios of two sides: the same text for each runtime.

mod sides;
mod streams;

use crate::bindings::exports::test::chains::scenarios_diamond;

/// What it exports everything with.
pub struct Diamond;

guest_support::scenarios! { scenarios_diamond::Guest => Diamond {
    sides: both_sides_later, changes_sides_later, cancelled;
    streams: streams;
    => synchronous: sides::both_sides, sides::destroyed_in_order, sides::changes_sides;
} }
