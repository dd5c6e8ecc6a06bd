//! What becomes of the programs on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/ends",
        world: "promises-v63",
        generate_all,
    });
}

#[path = "../../payloads.rs"]
mod payloads;
// What passes on wit-async, with not a word changed.
#[path = "../../program.rs"]
mod program;

guest_support::guest!();
bindings::export!(Promises with_types_in bindings);

struct Promises;

/// What a program comes to: nothing that is unexpected, or a trap or a failure that says so.
macro_rules! comes_to {
    ($($name:ident $(: $text:literal)?;)* => synchronous: $($sync:ident $(: $sync_text:literal)?;)*) => {
        impl bindings::exports::test::ends::scenarios_promises_v63::Guest for Promises {
            $(async fn $name() {
                $(guest_support::expect_trap($text);)?
                program::$name().await
            })*
            $(fn $sync() {
                $(guest_support::expect_trap($sync_text);)?
                program::$sync()
            })*
        }
    };
}

comes_to! {
    end_lasts;
    dropped_reads_lose_nothing;
    dropped_read_goes_along;
    forgotten_read_then_read;
    forgotten_read_then_dropped;
    forgotten_read_then_handed_away;
    forgotten_write_then_write;
    forgotten_write_then_dropped;
    backpressure_below_zero;
    busy_stream_lets_others_go_on;
    => synchronous:
    read_dropped_in_synchronous_export;
    write_dropped_in_synchronous_export;
    future_dropped_in_synchronous_export;
}
