//! Runs the scenarios of diamonds, on wit-async.

mod bindings {
    wit_async::generate!({
        path: "../../../../wit/chains",
        world: "diamond",
        generate_all,
    });
}

#[path = "../../../diamond/mod.rs"]
mod program;

use program::Diamond;

guest_support::guest!();
bindings::export!(Diamond with_types_in bindings);
