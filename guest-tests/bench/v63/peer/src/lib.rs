//! The callee on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/bench",
        world: "callee",
        generate_all,
    });
}

#[path = "../../../programs/peer.rs"]
mod program;

bindings::export!(Peer with_types_in bindings);

use program::Peer;
