//! Both ends in one component.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
        path: "../../../wit/pairs",
        world: "pairs",
        generate_all,
    });
}

mod dropped;
mod handed;
mod nested;
// What traps on wit-bindgen 0.63, with not a word changed.
#[path = "../../program.rs"]
mod program;
mod returned;
mod trips;

guest_support::guest!();
bindings::export!(Pairs with_types_in bindings);

struct Pairs;

guest_support::scenarios! { bindings::exports::test::pairs::scenarios::Guest => Pairs {
    program: stream_of_strings, stream_of_records, stream_of_bools, stream_of_enums,
        stream_of_imported_resources, stream_of_exported_resources,
        stream_of_streams, future_of_strings, future_of_records, future_of_bools,
        future_of_chars, future_of_enums, future_of_imported_resources,
        future_of_exported_resources, future_of_streams, default_of_future;
    nested: stream_of_streams_handed_away, stream_of_streams_comes_back;
    dropped: reader_dropped_during_write, writer_dropped_during_read, operations_cancelled,
        operations_dropped_in_flight, nothing_meets, items_are_freed;
    handed: stream_handed_away_during_write, stream_handed_away_after_part,
        value_handed_away_during_write, default_handed_away;
    returned: stream_returned_during_write, value_returned_during_write,
        stream_returned_from_synchronous_function, default_returned_from_synchronous_function,
        stream_returned_with_dropped_write, value_returned_with_dropped_write,
        two_tasks_write_first, two_tasks_read_first;
    trips: stream_after_round_trip, stream_after_round_trip_read_first,
        future_after_round_trip, stream_in_item_that_came_back, stream_after_round_trip_unused;
} }
