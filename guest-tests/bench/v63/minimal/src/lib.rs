//! The smallest guest on wit-bindgen 0.63.

mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/bench",
        world: "minimal",
        generate_all,
    });
}

#[path = "../../../programs/minimal.rs"]
mod program;

bindings::export!(Minimal with_types_in bindings);

use program::Minimal;
