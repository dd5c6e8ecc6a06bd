//! The component at the end of a chain, on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/chains",
        world: "leaf",
        generate_all,
    });
}

#[path = "../../../leaf/mod.rs"]
mod program;

use program::Leaf;

guest_support::guest!();
bindings::export!(Leaf with_types_in bindings);
