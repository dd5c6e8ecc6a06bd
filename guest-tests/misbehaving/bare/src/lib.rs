//! A component that does not export what the harness asks for.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/misbehaving",
        world: "bare",
        generate_all,
    });
}

use bindings::exports::test::misbehaving::scenarios_bare::Guest;

bindings::export!(Ill with_types_in bindings);

struct Ill;

impl Guest for Ill {
    async fn alone() {}
}
