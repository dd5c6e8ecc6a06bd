//! The smallest guest on wit-async.

mod bindings {
    wit_async::generate!({
        path: "../../../../wit/bench",
        world: "minimal",
        generate_all,
    });
}

#[path = "../../../programs/minimal.rs"]
mod program;

bindings::export!(Minimal with_types_in bindings);

use program::Minimal;
