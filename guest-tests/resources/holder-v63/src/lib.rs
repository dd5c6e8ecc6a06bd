//! Tasks that have resources of the host and wait, on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/resources",
        world: "holder-v63-guest",
        generate_all,
    });
}

use bindings::exports::test::resources::holder_v63 as holder;

// The same for each runtime.
#[path = "../../holder.rs"]
mod tasks;

guest_support::guest!();
bindings::export!(Holder with_types_in bindings);

struct Holder;
