//! Operations that are started and cancelled again and again.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/ends",
        world: "cycles",
        generate_all,
    });
}

mod spawned;
mod streams;
mod values;

guest_support::guest!();
bindings::export!(Cycles with_types_in bindings);

struct Cycles;

guest_support::payloads! { bindings::exports::test::ends::payloads::Guest => Cycles, wit_async }

guest_support::scenarios! { bindings::exports::test::ends::scenarios_cycles::Guest => Cycles {
    streams: reads_cancelled, reads_dropped, reads_dropped_with_their_stream, writes_cancelled,
        writes_dropped, writes_from_a_buffer_dropped, cancelled_together;
    values: future_reads_cancelled, future_reads_dropped, future_reads_by_reference_dropped,
        future_writes_cancelled, future_writes_dropped;
    spawned: spawned_aborted, scopes_dropped, join_sets_dropped, join_sets_aborted,
        admissions_dropped;
} }
