//! Ends whose other end is in a guest, for what only a guest can do.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/ends",
        world: "guests-runner",
        generate_all,
    });
}

mod defaults;
mod streams;

guest_support::guest!();
bindings::export!(Runner with_types_in bindings);

struct Runner;

guest_support::scenarios! { bindings::exports::test::ends::scenarios_keeper::Guest => Runner {
    defaults: default_from_synchronous_export, default_from_task, default_after_return,
        default_from_kept_writer, default_to_read_in_flight, default_from_destructor,
        default_that_nobody_reads, defaults_leave_no_ends;
    streams: stream_end_from_synchronous_export, reader_dropped_in_synchronous_export,
        part_read_by_peer, peeked_by_peer, through_two_components, items_without_size_in_lots;
} }
