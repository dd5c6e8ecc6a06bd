//! The guest that reads.

use wit_async as runtime;

mod bindings {
    #![allow(missing_docs, reason = "generated")]
    wit_async::generate!({
        path: "../../../wit/gzip",
        world: "reader",
        generate_all,
    });
}

#[path = "../../programs/input.rs"]
mod input;
#[path = "../../programs/reader.rs"]
mod program;
#[path = "../../programs/pump.rs"]
mod pump;

guest_support::guest!();
bindings::export!(Reader with_types_in bindings);

use program::Reader;
