//! The guest that compresses.

use wit_async as runtime;

mod bindings {
    #![allow(missing_docs, reason = "generated")]
    wit_async::generate!({
        path: "../../../wit/gzip",
        world: "compressor",
        generate_all,
    });
}

#[path = "../../programs/input.rs"]
mod input;
#[path = "../../programs/compressor.rs"]
mod program;

guest_support::guest!();
bindings::export!(Compressor with_types_in bindings);

use program::Compressor;
