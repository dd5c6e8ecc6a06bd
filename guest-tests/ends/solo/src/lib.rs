//! Both ends in one instance, which the host allows for numbers and units.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/ends",
        world: "solo",
        generate_all,
    });
}

mod adapter;
mod cancelled;
mod defaults;
mod dropped;
mod finished;
mod numbers;
mod transfer;
mod units;
mod values;

guest_support::guest!();
bindings::export!(Solo with_types_in bindings);

struct Solo;

guest_support::payloads! { bindings::exports::test::ends::payloads::Guest => Solo, wit_async }

guest_support::scenarios! { bindings::exports::test::ends::scenarios_solo::Guest => Solo {
    dropped: dropped_unused, operations_never_polled, operations_dropped_in_flight,
        read_after_end, write_after_reader_gone, writer_gone_during_read,
        reader_gone_during_write, reader_gone_after_part;
    cancelled: read_cancelled_then_read, write_cancelled_then_written,
        read_cancelled_after_transfer, write_cancelled_after_transfer, cancelled_after_delivery,
        result_outlives_the_other_end;
    transfer: write_in_parts, bytes_beyond_the_limit, zero_length, collect_all, writer_handed_between_tasks,
        thousand_streams, select_of_two_streams, read_moves_between_wakers;
    numbers: numbers_of_every_width;
    adapter: into_stream_ends, into_stream_combinators, into_stream_and_back,
        into_stream_dropped_in_flight, read_ahead_and_back;
    units: units_one_by_one, units_in_lots, units_beyond_the_limit, units_end, units_cancelled;
    values: future_in_both_orders, future_write_cancelled, future_write_cancelled_after_read,
        future_write_reader_gone, future_read_cancelled, future_read_dropped_in_flight;
    defaults: future_default, future_default_in_spawned_task, future_default_nobody_reads,
        future_default_ten_thousand, future_write_dropped_in_flight, future_write_never_polled,
        future_writer_idle_when_reader_goes;
    finished: error_contexts, stream_read_polled_after_finish,
        stream_next_polled_after_finish, stream_write_one_polled_after_finish, stream_write_polled_after_finish,
        future_read_polled_after_finish, future_write_polled_after_finish,
        stream_read_cancelled_after_finish;
    => synchronous: defaults::future_default_in_synchronous_export,
        defaults::future_default_in_block_on;
} }
