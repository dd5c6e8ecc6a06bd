//! A component that exports what it imports, on wit-async.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
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
