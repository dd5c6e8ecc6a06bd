//! Tasks that have resources of the host and wait.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
        path: "../../../wit/resources",
        world: "holder-guest",
        generate_all,
    });
}

use bindings::exports::test::resources::holder;

// The same for each runtime.
#[path = "../../holder.rs"]
mod tasks;

guest_support::guest!();
bindings::export!(Holder with_types_in bindings);

struct Holder;
