//! Owned handles and borrows between components, from the caller's side.

use wit_async as runtime;

/// The bindings of the resources alone, to which those of the others are remapped.
mod leaf_alone {
    wit_async::generate!({
        path: "../../../wit/owners",
        world: "leaf-alone",
        generate_all,
    });
}

mod bindings {
    wit_async::generate!({
        path: "../../../wit/owners",
        world: "runner",
        with: { "test:owners/leaf@0.1.0": crate::leaf_alone::test::owners::leaf },
        generate_all,
    });
}

// What it comes to on wit-bindgen 0.63 is in `owners-v63-runner`, with not a word changed.
#[path = "../../program/runner/mod.rs"]
mod program;
mod raw;

use program::{aggregates, ends, lent, other, values};

guest_support::guest!();
bindings::export!(Runner with_types_in bindings);

struct Runner;

guest_support::scenarios! { bindings::exports::test::owners::scenarios::Guest => Runner {
    values: floats_strings_and_lists, several_resources, two_borrows;
    ends: stream_of_own_type, stream_of_own_type_in_part, future_of_own_type,
        stream_into_own_type, stream_through_another;
    aggregates: aggregates, nested_aggregates, lent_aggregates;
    other: aliases, destroyed_by_another, remapped;
    lent: held_by_its_component, held_by_another, held_through_another, held_twice,
        held_and_dropped, destroyed_while_held, given_while_held, given_to_dropped_call,
        destroyed_by_two_owners, destroyed_as_another, made_up;
} }

guest_support::scenarios! { bindings::exports::test::owners::scenarios_raw::Guest => Runner {
    raw: dropped_by_another_task, never_dropped, dropped_twice, lent_twice, used_when_dropped,
        given_away;
} }
