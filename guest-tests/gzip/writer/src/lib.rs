//! The guest that writes.

use wit_async as runtime;

mod bindings {
    #![allow(missing_docs, reason = "generated")]
    wit_async::generate!({
        path: "../../../wit/gzip",
        world: "writer",
        generate_all,
    });
}

#[path = "../../programs/input.rs"]
mod input;
#[path = "../../programs/writer.rs"]
mod program;
#[path = "../../programs/pump.rs"]
mod pump;

guest_support::guest!();
bindings::export!(Writer with_types_in bindings);

use program::Writer;
