//! Imports what nobody exports.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/misbehaving",
        world: "lonely",
        generate_all,
    });
}

use bindings::exports::test::misbehaving::scenarios_lonely::Guest;

guest_support::guest!();
bindings::export!(Ill with_types_in bindings);

struct Ill;

impl Guest for Ill {
    async fn calls_nobody() {
        bindings::test::misbehaving::nobody::call();
    }
}
