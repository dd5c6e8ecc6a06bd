//! Calls of imported functions that run to their end, and what can happen to
//! one in flight.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/imports",
        world: "runner",
        generate_all,
    });
}

/// The same import, bound synchronously.
mod synchronous_bindings {
    wit_async::generate!({
        path: "../../../wit/imports",
        world: "synchronous",
        type_section_suffix: "synchronous",
        sync: true,
        generate_all,
    });
}

mod cancelled;
mod many;
mod memory;
mod moved;
mod resources;
mod synchronous;
mod values;

guest_support::guest!();
bindings::export!(Runner with_types_in bindings);

struct Runner;

guest_support::scenarios! { bindings::exports::test::imports::scenarios_calls::Guest => Runner {
    many: ready_at_once, pending_then_ready, no_parameters_no_result, ten_thousand_joined,
        ten_thousand_unordered, ten_thousand_ready_in_a_row, finish_in_any_order, in_flight_kept_apart,
        goes_on_beside_many_events;
    values: four_parameters, five_parameters, seventeen_parameters, strings, byte_lists,
        nested_lists, records, results_and_variants;
    memory: strings_are_freed, nested_lists_are_freed, strings_of_cancelled_calls_are_freed,
        calls_dropped_again_and_again, calls_cancelled_again_and_again;
    resources: own_parameters, own_results, borrowed_parameters, resource_methods;
    cancelled: never_polled, cancelled_while_running, cancelled_while_running_with_things,
        cancelled_while_running_with_lists, cancelled_after_return, dropped_instead_of_polled, cancel_one_of_many,
        select_cancels_the_loser;
    moved: moved_to_a_spawned_task, finished_in_block_on, started_in_block_on, last_waker_wins,
        polled_after_finish;
    synchronous: synchronous_call_ready, synchronous_call_waits, synchronous_call_beside_pending;
} }
