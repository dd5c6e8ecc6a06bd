//! The smallest scenarios.

mod bindings {
    wit_async::generate!({
        path: "../../wit/smoke",
        world: "smoke",
        generate_all,
    });
}

use bindings::exports::test::smoke::scenarios::Guest;

guest_support::guest!();
bindings::export!(Smoke with_types_in bindings);

struct Smoke;

impl Guest for Smoke {
    async fn returns_at_once() {}

    async fn yields_once() {
        wit_async::yield_async().await;
    }

    fn synchronous() {
        guest_support::log("synchronous");
    }

    async fn expected_trap() {
        guest_support::expect_trap("on purpose");
        panic!("on purpose");
    }
}
