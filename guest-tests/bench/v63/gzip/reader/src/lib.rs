//! The guest that reads on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    #![allow(missing_docs, reason = "generated")]
    wit_bindgen::generate!({
        path: "../../../../../wit/gzip",
        world: "reader",
        generate_all,
    });
}

#[path = "../../../../../gzip/programs/input.rs"]
mod input;
#[path = "../../../../../gzip/programs/reader.rs"]
mod program;
#[path = "../../../../../gzip/programs/pump.rs"]
mod pump;

bindings::export!(Reader with_types_in bindings);

use program::Reader;
