//! Resources that the harness drives, on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/handles",
        world: "workshop-guest",
        generate_all,
    });
}

// The same text for each runtime.
#[path = "../../program/mod.rs"]
mod program;

guest_support::guest!();
bindings::export!(Workshop with_types_in bindings);

struct Workshop;
