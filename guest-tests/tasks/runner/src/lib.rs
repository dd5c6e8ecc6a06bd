//! Calls the worker so that several of its tasks run at once.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/tasks",
        world: "runner",
        sync: [
            "export:test:tasks/scenarios-calls@0.1.0#block-on-in-synchronous-lift",
            "export:test:tasks/scenarios-calls@0.1.0#spawn-in-synchronous-lift",
        ],
        generate_all,
    });
}

mod backpressure;
mod blocking;
mod channels;
mod limiter;
mod moved;
mod wakers;
mod yielding;

use bindings::test::tasks::worker;

guest_support::guest!();
bindings::export!(Runner with_types_in bindings);

struct Runner;

guest_support::scenarios! { bindings::exports::test::tasks::scenarios_calls::Guest => Runner {
    channels: oneshot_from_synchronous_export, oneshot_from_another_task, oneshot_sent_before,
        channel_between_tasks, bounded_channel_between_tasks, chain_of_hundred_tasks,
        sent_after_cancel, woken_and_cancelled;
    wakers: waker_list_from_synchronous_export, waker_list_from_another_task,
        woken_from_resource_destructor, woken_from_destructor_in_a_task,
        woken_ten_thousand_times, thousand_tasks_woken_at_once, woken_again_and_again;
    yielding: tasks_take_turns, spins_until_flag, spins_until_value, cancelled_while_spinning,
        progress_beside_a_spinning_task;
    backpressure: backpressure_holds_calls, backpressure_nests, backpressure_by_a_task,
        backpressure_spares_running_tasks;
    limiter: limiter_holds_calls, limiter_admits_in_order, limiter_cancelled_call,
        limiter_cancelled_while_waiting;
    blocking: block_on_holds_siblings_up, block_on_read, block_on_stream, block_on_call,
        block_on_joined_calls;
    moved: read_moves_between_tasks, read_outlives_its_task, read_moves_into_block_on,
        read_dropped_in_another_task, write_moves_between_tasks, write_dropped_in_another_task;
    => synchronous: blocking::block_on_in_synchronous_lift, blocking::spawn_in_synchronous_lift;
} }
