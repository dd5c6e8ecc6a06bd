//! Runs the scenarios of chains, on wit-async.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
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
