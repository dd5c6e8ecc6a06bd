//! Calls the component in which the versions live together, several of its exports at
//! a time, so that operations move between tasks that are alive together.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/interop",
        world: "driver",
        generate_all,
    });
}

mod executors;
mod moves;
mod program;

use bindings::exports::test::interop::scenarios_tasks::Guest;
use executors::{Own, V58, V60, V63};
use moves::{between, returned, theirs, theirs_dropped};

guest_support::guest!();
bindings::export!(Driver with_types_in bindings);

struct Driver;

impl Guest for Driver {
    async fn own_to_own() {
        between::<Own, Own>().await;
    }
    async fn own_to_v63() {
        between::<Own, V63>().await;
    }
    async fn own_to_v60() {
        between::<Own, V60>().await;
    }
    async fn own_to_v58() {
        between::<Own, V58>().await;
    }
    async fn v63_to_own() {
        between::<V63, Own>().await;
    }
    async fn v63_to_v63() {
        between::<V63, V63>().await;
    }
    async fn v63_to_v60() {
        between::<V63, V60>().await;
    }
    async fn v63_to_v58() {
        between::<V63, V58>().await;
    }
    async fn v60_to_own() {
        between::<V60, Own>().await;
    }
    async fn v60_to_v63() {
        between::<V60, V63>().await;
    }
    async fn v60_to_v60() {
        between::<V60, V60>().await;
    }
    async fn v60_to_v58() {
        between::<V60, V58>().await;
    }
    async fn v58_to_own() {
        between::<V58, Own>().await;
    }
    async fn v58_to_v63() {
        between::<V58, V63>().await;
    }
    async fn v58_to_v60() {
        between::<V58, V60>().await;
    }
    async fn v58_to_v58() {
        between::<V58, V58>().await;
    }
    async fn theirs_own_to_v58() {
        theirs::<Own, V58>().await;
    }
    async fn theirs_v63_to_v58() {
        theirs::<V63, V58>().await;
    }
    async fn theirs_v58_to_v63() {
        theirs::<V58, V63>().await;
    }
    async fn theirs_dropped_after_v58() {
        // The one of 0.58 is not told, either.
        guest_support::leaves_a_task();
        theirs_dropped::<V63, V58>().await;
    }
    async fn own_returned_to_own() {
        returned::<Own>().await;
    }
    async fn own_returned_to_v63() {
        returned::<V63>().await;
    }
    async fn own_returned_to_v60() {
        returned::<V60>().await;
    }
    async fn own_returned_to_v58() {
        returned::<V58>().await;
    }
}
