//! The guest that compresses on wit-async.

use wit_async as runtime;

mod bindings {
    #![allow(missing_docs, reason = "generated")]
    wit_async::generate!({
        path: "../../../../../wit/gzip",
        world: "compressor",
        generate_all,
    });
}

#[path = "../../../../../gzip/programs/input.rs"]
mod input;
#[path = "../../../../../gzip/programs/compressor.rs"]
mod program;

bindings::export!(Compressor with_types_in bindings);

use program::Compressor;
