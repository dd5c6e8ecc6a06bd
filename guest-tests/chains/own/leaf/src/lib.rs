//! The component at the end of a chain, on wit-async.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
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
