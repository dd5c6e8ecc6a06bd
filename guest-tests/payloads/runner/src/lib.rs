//! The scenarios of all payload classes. What happens is written once, generic
//! over the class; `classes` says what each class is made of.

mod class;
mod classes;
mod future_ends;
mod stream_reads;
mod stream_writes;

mod bindings {
    wit_async::generate!({
        path: "../../../wit/payloads",
        world: "runner",
        generate_all,
    });
}

guest_support::guest!();
bindings::export!(Runner with_types_in bindings);

struct Runner;
