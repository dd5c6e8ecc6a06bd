//! A component that uses the resources of another, under other names.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
        path: "../../../wit/owners",
        world: "bank-guest",
        generate_all,
    });
}

// The same text for each runtime.
#[path = "../../program/bank.rs"]
mod program;

guest_support::guest!();
bindings::export!(Bank with_types_in bindings);

struct Bank;
