//! What one task does with its own futures.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/tasks",
        world: "solo",
        generate_all,
    });
}

mod blocking;
mod handles;
mod spawned;
mod together;
mod woken;
mod yielding;

guest_support::guest!();
bindings::export!(Solo with_types_in bindings);

struct Solo;

guest_support::scenarios! { bindings::exports::test::tasks::scenarios_solo::Guest => Solo {
    spawned: spawn_and_join, join_out_of_order, join_after_finish, join_in_another_task, detached,
        spawn_inside_spawn, spawn_ten_thousand, spawn_from_destructor, returns_before_spawned_run;
    handles: cancel_by_handle, cancel_after_finish, cancel_before_first_poll,
        cancel_a_ready_sibling, handles_dropped_in_every_state;
    together: scope_borrows_and_joins, scope_spawns_from_within, scope_dropped_in_flight,
        scope_aborts, abort_on_drop, join_set_in_order_of_completion, join_set_aborted;
    woken: oneshot_between_tasks, channel_between_tasks, channel_closed, wake_from_destructor,
        wake_itself_while_polled, wake_ten_thousand_times, waker_outlives_future,
        waker_cloned_and_dropped;
    yielding: yield_takes_turns, yield_loop_lets_events_through, yield_ten_thousand_times,
        yield_blocking_goes_on, backpressure_up_and_down, backpressure_below_zero,
        backpressure_above_the_host_counter;
    blocking: block_on_ready, block_on_yields, block_on_borrows, block_on_nested,
        spawn_inside_block_on, stream_inside_block_on, block_on_steals_no_spawned_task,
        block_on_inside_spawned, spawns_and_waits_after_block_on;
    => synchronous: blocking::block_on_ready_in_synchronous_export,
        blocking::block_on_yields_in_synchronous_export,
        blocking::spawn_inside_block_on_in_synchronous_export,
        yielding::yield_blocking_in_synchronous_export;
} }
