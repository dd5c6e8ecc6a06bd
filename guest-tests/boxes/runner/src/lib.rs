//! Boxes that are kept, passed, streamed and dropped.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
        path: "../../../wit/boxes",
        world: "runner",
        generate_all,
    });
}

// The same program on wit-bindgen 0.63, with not a word changed.
#[path = "../../program/mod.rs"]
mod program;

use program::{access, ends, life, passing};

guest_support::guest!();
bindings::export!(Boxes with_types_in bindings);

struct Boxes;

guest_support::scenarios! { bindings::exports::test::boxes::scenarios::Guest => Boxes {
    life: kept_and_dropped, dropped_last, values_go_under_pressure, task_cancelled, guest_trapped;
    access: wrong_type, released, wraps_nothing, accesses_at_once, busy_across_an_await;
    passing: borrowed_by_another, owned_by_another, passed_in_lists, kept_by_the_host;
    ends: streamed_to_the_host, streamed_to_the_host_in_part, streamed_and_cancelled,
        streamed_from_the_host, streamed_from_the_host_in_part, streamed_through_another,
        in_futures;
} }
