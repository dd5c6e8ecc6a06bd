//! The guest that compresses on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    #![allow(missing_docs, reason = "generated")]
    wit_bindgen::generate!({
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
