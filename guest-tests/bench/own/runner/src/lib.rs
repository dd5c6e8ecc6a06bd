//! The runner on wit-async.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
        path: "../../../../wit/bench",
        world: "runner",
        generate_all,
    });
}

mod adapters;
#[path = "../../../programs/calls.rs"]
mod calls;
#[path = "../../../programs/items.rs"]
mod items;
#[path = "../../../programs/streams.rs"]
mod streams;
#[path = "../../../programs/tasks.rs"]
mod tasks;

bindings::export!(Runner with_types_in bindings);

struct Runner;
