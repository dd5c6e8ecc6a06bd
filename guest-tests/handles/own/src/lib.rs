//! Resources that the harness drives.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
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
