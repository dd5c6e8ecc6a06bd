//! A component that uses the resources of another, under other names, on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/owners",
        world: "bank-guest",
        generate_all,
    });
}

// The same text for each runtime.
#[path = "../../../owners/program/bank.rs"]
mod program;

guest_support::guest!();
bindings::export!(Bank with_types_in bindings);

struct Bank;
