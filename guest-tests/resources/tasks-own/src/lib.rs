//! Calls of tasks that own resources of the host, which are cancelled.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
        path: "../../../wit/resources",
        world: "tasks",
        generate_all,
    });
}

use bindings::test::resources::holder;

// What becomes of it on wit-bindgen 0.63 is in `resources-tasks-v63`, with not a word changed.
#[path = "../../tasks.rs"]
mod tasks;

guest_support::guest!();
bindings::export!(Tasks with_types_in bindings);

struct Tasks;

guest_support::scenarios! { bindings::exports::test::resources::scenarios_tasks::Guest => Tasks {
    tasks: let_go_on, cancelled_while_it_owns, cancelled_while_lent,
        cancelled_with_a_read_in_flight, cancelled_with_a_write_in_flight,
        cancelled_with_a_value_in_flight, cancelled_before_it_started,
        cancelled_when_it_had_returned, returned_anyway, trapped_while_it_owns;
} }
