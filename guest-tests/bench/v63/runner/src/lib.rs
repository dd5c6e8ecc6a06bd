//! The runner on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
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
