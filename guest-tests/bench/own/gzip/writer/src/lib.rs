//! The guest that writes on wit-async.

use wit_async as runtime;

mod bindings {
    #![allow(missing_docs, reason = "generated")]
    wit_async::generate!({
        path: "../../../../../wit/gzip",
        world: "writer",
        generate_all,
    });
}

#[path = "../../../../../gzip/programs/input.rs"]
mod input;
#[path = "../../../../../gzip/programs/writer.rs"]
mod program;
#[path = "../../../../../gzip/programs/pump.rs"]
mod pump;

bindings::export!(Writer with_types_in bindings);

use program::Writer;
