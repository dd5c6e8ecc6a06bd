//! Cancellation in the states that only a guest as callee can bring about.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/imports",
        world: "cancel-runner",
        generate_all,
    });
}

mod anyway;
mod starting;

guest_support::guest!();
bindings::export!(Runner with_types_in bindings);

struct Runner;

guest_support::scenarios! { bindings::exports::test::imports::scenarios_cancel::Guest => Runner {
    starting: held_back_then_admitted, held_back_in_order, dropped_while_starting,
        dropped_while_starting_with_many_things, dropped_while_starting_with_lists, dropped_while_starting_with_borrows,
        dropped_while_starting_admits_the_next, admitted_then_cancelled,
        dropped_with_start_undelivered, dropped_with_start_and_return_undelivered;
    anyway: callee_returns_anyway, callee_returns_anyway_with_start_undelivered,
        callee_returns_anyway_while_others_go_on, cancelled_while_others_go_on, many_dropped_at_once;
} }
