//! Runs the scenarios of chains, on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/chains",
        world: "runner",
        generate_all,
    });
}

#[path = "../../../runner/mod.rs"]
mod program;

use program::Runner;

guest_support::guest!();
bindings::export!(Runner with_types_in bindings);
