//! What becomes of the calls where both guests are on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/resources",
        world: "tasks-v63",
        generate_all,
    });
}

use bindings::test::resources::holder_v63 as holder;

// What passes on wit-async, with not a word changed.
#[path = "../../tasks.rs"]
mod tasks;

guest_support::guest!();
bindings::export!(Tasks with_types_in bindings);

struct Tasks;

/// What a function of the program comes to: what the trap or the failed assertion says, or
/// nothing where it does what it does on wit-async.
macro_rules! comes_to {
    ($($name:ident: $text:literal;)*) => {
        impl bindings::exports::test::resources::scenarios_v63_tasks::Guest for Tasks {
            $(async fn $name() {
                if !$text.is_empty() {
                    guest_support::expect_trap($text);
                }
                tasks::$name().await
            })*
        }
    };
}

comes_to! {
    let_go_on: "";
    cancelled_while_it_owns: "";
    cancelled_while_lent: "";
    cancelled_with_a_read_in_flight: "";
    cancelled_with_a_write_in_flight: "";
    cancelled_with_a_value_in_flight: "";
    cancelled_before_it_started: "";
    cancelled_when_it_had_returned: "";
    returned_anyway: "";
    trapped_while_it_owns: "";
}
