//! The callee on wit-async.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
        path: "../../../../wit/bench",
        world: "callee",
        generate_all,
    });
}

#[path = "../../../programs/peer.rs"]
mod program;

bindings::export!(Peer with_types_in bindings);

use program::Peer;
