//! The component whose resources they are, on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/owners",
        world: "leaf-guest",
        generate_all,
    });
}

// The same text for each runtime.
#[path = "../../../owners/program/leaf/mod.rs"]
mod program;

guest_support::guest!();
bindings::export!(Leaf with_types_in bindings);

struct Leaf;
