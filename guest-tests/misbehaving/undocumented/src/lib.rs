//! Exports a scenario that has no doc comment.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/misbehaving",
        world: "undocumented",
        generate_all,
    });
}

use bindings::exports::test::misbehaving::scenarios_undocumented::Guest;

guest_support::guest!();
bindings::export!(Ill with_types_in bindings);

struct Ill;

impl Guest for Ill {
    async fn nameless() {}
}
