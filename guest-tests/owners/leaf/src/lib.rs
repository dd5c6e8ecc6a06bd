//! The component whose resources they are.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
        path: "../../../wit/owners",
        world: "leaf-guest",
        generate_all,
    });
}

// The same text for each runtime.
#[path = "../../program/leaf/mod.rs"]
mod program;

guest_support::guest!();
bindings::export!(Leaf with_types_in bindings);

struct Leaf;
