//! What is promised of safe code.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
        path: "../../../../wit/ends",
        world: "promises",
        generate_all,
    });
}

mod again;
mod beyond;
mod forgotten;
// What becomes of it on wit-bindgen 0.63 is in `promises-v63`, with not a word changed.
#[path = "../../program.rs"]
mod program;

guest_support::guest!(only_calls);
bindings::export!(Promises with_types_in bindings);

struct Promises;

guest_support::payloads! { bindings::exports::test::ends::payloads::Guest => Promises, wit_async }

guest_support::scenarios! { bindings::exports::test::ends::scenarios_promises::Guest => Promises {
    program: end_lasts, writes_after_the_reader, cancels_find_what_happened,
        dropped_read_had_its_event, yield_loop_lets_events_through, dropped_reads_lose_nothing, dropped_read_goes_along,
        dropped_read_goes_along_in_block_on,
        read_finished_in_block_on, backpressure_below_zero, busy_stream_lets_others_go_on,
        adapter_waits_again, dropped_read_is_not_cancelled, dropped_write_is_cancelled,
        dropped_read_of_future_is_cancelled;
    forgotten: forgotten_read_then_read, forgotten_read_then_dropped,
        forgotten_read_then_handed_away, forgotten_write_then_write,
        forgotten_write_then_dropped, forgotten_read_then_told_of_the_end,
        forgotten_read_that_moved;
    => synchronous: program::read_dropped_in_synchronous_export,
        program::write_dropped_in_synchronous_export,
        program::future_dropped_in_synchronous_export;
} }

guest_support::scenarios! { bindings::exports::test::ends::scenarios_beyond::Guest => Promises {
    beyond: future_by_reference, future_by_reference_goes_along, write_from_dropped,
        write_from_in_parts, write_from_reader_gone;
    again: reads_cancelled_again_and_again, reads_dropped_again_and_again,
        writes_cancelled_again_and_again, writes_dropped_again_and_again,
        writes_from_a_buffer_dropped_again_and_again, future_writes_cancelled_again_and_again,
        future_writes_dropped_again_and_again, future_reads_cancelled_again_and_again,
        future_reads_by_reference_dropped_again_and_again;
} }
