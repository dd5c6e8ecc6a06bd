//! What becomes of the programs on wit-bindgen 0.63.

use wit_bindgen as runtime;

/// The bindings of the resources alone, to which those of the others are remapped.
mod leaf_alone {
    wit_bindgen::generate!({
        path: "../../../wit/owners",
        world: "leaf-alone",
        generate_all,
    });
}

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/owners",
        world: "runner-v63",
        with: { "test:owners/leaf@0.1.0": crate::leaf_alone::test::owners::leaf },
        generate_all,
    });
}

// What passes on wit-async, with not a word changed.
#[path = "../../../owners/program/runner/mod.rs"]
mod program;

use program::{aggregates, ends, lent, other, values};

guest_support::guest!();
bindings::export!(Runner with_types_in bindings);

struct Runner;

guest_support::scenarios! { bindings::exports::test::owners::scenarios_v63::Guest => Runner {
    values: floats_strings_and_lists, several_resources, two_borrows;
    ends: stream_of_own_type, stream_of_own_type_in_part, future_of_own_type,
        stream_into_own_type, stream_through_another;
    aggregates: aggregates, nested_aggregates, lent_aggregates;
    other: aliases, destroyed_by_another, remapped;
    lent: held_by_its_component, held_by_another, held_through_another, held_twice,
        held_and_dropped, destroyed_while_held, given_while_held, given_to_dropped_call,
        destroyed_by_two_owners, destroyed_as_another, made_up;
} }
