//! A guest whose bindings a build script made, by calling the generator.

#[allow(clippy::all, reason = "written by generators of several versions")]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

#[path = "../exercise.rs"]
mod exercise;

use bindings::runtime;
use exercise::Forms;

guest_support::guest!();
bindings::export!(Forms with_types_in bindings);

impl bindings::scenarios::Guest for Forms {
    async fn kinds() {
        exercise::kinds().await;
    }

    async fn spawned() {
        exercise::spawned().await;
    }

    fn synchronous() {
        exercise::synchronous();
    }
}
