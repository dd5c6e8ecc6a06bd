//! Calls the exports under test and looks at what they did.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/exports",
        world: "runner",
        generate_all,
    });
}

mod alone;
mod borrows;
mod cancelled;
mod ends;
mod returned;

use bindings::test::exports::callee;

guest_support::guest!();
bindings::export!(Runner with_types_in bindings);

struct Runner;

guest_support::scenarios! { bindings::exports::test::exports::scenarios::Guest => Runner {
    returned: returns_at_once, returns_after_waiting, returns_when_told, works_after_return,
        works_in_depth_after_return, many_work_after_return, thousand_concurrent_calls,
        synchronous_beside_pending;
    ends: stream_fed_after_return, stream_given_up_after_return,
        stream_dropped_unread_after_return, future_written_after_return,
        stream_and_future_after_return, stream_that_is_over_at_return, stream_handed_back;
    cancelled: cancelled_by_caller, cancelled_spawned_go_on, cancelled_while_reading_future, cancelled_in_its_own_time, cancelled_and_accepted,
        cancelled_while_collecting, cancelled_owns_parameters, cancelled_while_starting,
        cancel_wakes_sibling, cancel_writes_default, stale_waker_from_sync_export,
        stale_waker_from_another_task, cancelled_a_hundred_times;
    alone: read_dropped_in_destructor, read_dropped_in_synchronous_function, read_of_bytes_dropped_in_destructor, read_of_bytes_dropped_in_synchronous_function, wait_for_value_dropped_in_destructor, wait_for_value_dropped_in_synchronous_function, write_dropped_in_destructor, write_dropped_in_synchronous_function, write_of_value_dropped_in_destructor, write_of_value_dropped_in_synchronous_function, call_dropped_in_destructor, call_dropped_in_synchronous_function, read_dropped_in_destructor_while_blocked, read_dropped_in_synchronous_function_while_blocked;
    borrows: cancelled_releases_borrows, borrow_across_await, method_across_await,
        foreign_borrow_across_await, foreign_borrow_cancelled, foreign_borrow_shared;
    => synchronous: returned::synchronous_from_the_host;
} }

/// Waits until the callee has reported `expected`, in this order, and demands
/// that it reported nothing else.
async fn reported(expected: &[&str]) {
    let mut events = callee::events();
    for _ in 0..100 {
        if events.len() >= expected.len() {
            break;
        }
        wit_async::yield_async().await;
        events.extend(callee::events());
    }
    assert_eq!(events, expected);
}
