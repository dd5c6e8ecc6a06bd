//! A component that exports what it imports, on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/chains",
        world: "middle",
        generate_all,
    });
}

#[path = "../../../middle/mod.rs"]
mod program;

use program::Middle;

guest_support::guest!();
bindings::export!(Middle with_types_in bindings);
