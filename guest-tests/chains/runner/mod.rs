//! The scenarios: the same text for each runtime.

mod attempts;
mod books;
mod flows;
mod numbers;
mod texts;
mod things;

use crate::bindings::exports::test::chains::{
    scenarios_attempts, scenarios_flows, scenarios_numbers, scenarios_texts, scenarios_things,
};

/// What it exports everything with.
pub struct Runner;

guest_support::scenarios! { scenarios_numbers::Guest => Runner {
    numbers: floats_later, static_constructors_later, add_later, used_and_handed_on_later,
        destroyed_in_order_later, given_and_taken_later, cancelled;
    => synchronous: numbers::floats, numbers::static_constructors, numbers::add,
        numbers::used_and_handed_on, numbers::destroyed_in_order, numbers::given_and_taken,
        numbers::many;
} }

guest_support::scenarios! { scenarios_texts::Guest => Runner {
    texts: lists_of_strings_later, lists_of_bytes_later, joined_later, errors_later;
    => synchronous: texts::lists_of_strings, texts::lists_of_bytes, texts::joined,
        texts::errors;
} }

guest_support::scenarios! { scenarios_things::Guest => Runner {
    things: free_functions_later, borrows_in_aggregates_later, owns_in_aggregates_later,
        nested_later;
    => synchronous: things::free_functions, things::borrows_in_aggregates,
        things::owns_in_aggregates, things::nested, things::nest_dropped;
} }

guest_support::scenarios! { scenarios_flows::Guest => Runner {
    flows: produced, produced_later, collected, doubled, doubled_later, reader_dropped,
        writer_told, nothing, several, futures, futures_later;
} }

guest_support::scenarios! { scenarios_attempts::Guest => Runner {
    attempts: dropped_while_lent, given_while_lent, streamed_and_dropped;
    => synchronous: attempts::dropped_twice, attempts::given_and_dropped, attempts::given_twice;
} }
