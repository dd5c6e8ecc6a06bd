//! Both ends in one component, on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/pairs",
        world: "v63",
        generate_all,
    });
}

// What passes on wit-async, with not a word changed.
#[path = "../../program.rs"]
mod program;

guest_support::guest!();
bindings::export!(Pairs with_types_in bindings);

struct Pairs;

macro_rules! traps {
    ($($name:ident)*) => {
        impl bindings::exports::test::pairs::scenarios_v63::Guest for Pairs {
            $(async fn $name() {
                guest_support::expect_trap(
                    "cannot read from and write to intra-component",
                );
                program::$name().await
            })*
        }
    };
}

traps! {
    stream_of_strings stream_of_records stream_of_bools stream_of_enums
    stream_of_imported_resources stream_of_exported_resources stream_of_streams
    future_of_strings future_of_records future_of_bools future_of_chars future_of_enums
    future_of_imported_resources future_of_exported_resources future_of_streams
    default_of_future
}
