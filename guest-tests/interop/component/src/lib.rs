//! One component in which wit-async, wit-bindgen 0.63, 0.60 and 0.58 and the
//! wasip3 crate live together. Each version exports an interface and so runs the
//! tasks of its functions; in these tasks operations of every version wait.

mod executors;
mod moves;
mod parked;
mod program;
mod spawns;
mod wasi;

use executors::{Own, V58, V60, V63};

guest_support::guest!();
interop_own::bindings::export_own!(Interop with_types_in interop_own::bindings);
interop_v63::bindings::export_v63!(Interop with_types_in interop_v63::bindings);
interop_v60::bindings::export_v60!(Interop with_types_in interop_v60::bindings);
interop_v58::bindings::export_v58!(Interop with_types_in interop_v58::bindings);
wasip3::cli::command::export!(Interop);

struct Interop;

/// What every version exports so that others can move operations in and out.
macro_rules! executor {
    ($interface:path) => {
        impl $interface for Interop {
            async fn park(gate: u32, hold: u32, theirs: bool) {
                parked::park(gate, hold, theirs).await;
            }
            async fn touch(hold: u32) {
                parked::touch(hold).await;
            }
            async fn finish(gate: u32) -> u32 {
                parked::finish(gate).await
            }
            async fn discard() {
                parked::discard();
            }
        }
    };
}

impl interop_own::bindings::exports::test::interop::parking::Guest for Interop {
    fn count() -> u32 {
        parked::count()
    }
}

executor!(interop_own::bindings::exports::test::interop::executor_own::Guest);
executor!(interop_v63::bindings::exports::test::interop::executor_v63::Guest);
executor!(interop_v60::bindings::exports::test::interop::executor_v60::Guest);
executor!(interop_v58::bindings::exports::test::interop::executor_v58::Guest);

/// The scenarios that every version exports, and those that only it does.
macro_rules! scenarios {
    ($interface:path, $here:ty, { $($own:tt)* }) => {
        impl $interface for Interop {
            async fn awaits_own() {
                interop_own::exercise::awaits().await;
            }
            async fn streams_own() {
                interop_own::exercise::streams().await;
            }
            async fn drops_own() {
                interop_own::exercise::drops().await;
            }
            async fn awaits_v63() {
                interop_v63::exercise::awaits().await;
            }
            async fn streams_v63() {
                interop_v63::exercise::streams().await;
            }
            async fn drops_v63() {
                interop_v63::exercise::drops().await;
            }
            async fn awaits_v60() {
                interop_v60::exercise::awaits().await;
            }
            async fn streams_v60() {
                interop_v60::exercise::streams().await;
            }
            async fn drops_v60() {
                interop_v60::exercise::drops().await;
            }
            async fn awaits_v58() {
                interop_v58::exercise::awaits().await;
            }
            async fn streams_v58() {
                interop_v58::exercise::streams().await;
            }
            async fn drops_v58() {
                interop_v58::exercise::drops().await;
            }
            async fn awaits_wasip3() {
                wasi::awaits().await;
            }
            async fn drops_wasip3() {
                wasi::drops().await;
            }
            async fn moves_to_own() {
                moves::to::<$here, Own>().await;
            }
            async fn moves_through_own() {
                moves::through::<$here, Own>().await;
            }
            async fn drops_in_own() {
                moves::dropped_in::<$here, Own>().await;
            }
            async fn drops_through_own() {
                moves::dropped_through::<$here, Own>().await;
            }
            async fn moves_to_v63() {
                moves::to::<$here, V63>().await;
            }
            async fn moves_through_v63() {
                moves::through::<$here, V63>().await;
            }
            async fn drops_in_v63() {
                moves::dropped_in::<$here, V63>().await;
            }
            async fn drops_through_v63() {
                moves::dropped_through::<$here, V63>().await;
            }
            async fn moves_to_v60() {
                moves::to::<$here, V60>().await;
            }
            async fn moves_through_v60() {
                moves::through::<$here, V60>().await;
            }
            async fn drops_in_v60() {
                moves::dropped_in::<$here, V60>().await;
            }
            async fn drops_through_v60() {
                moves::dropped_through::<$here, V60>().await;
            }
            async fn moves_to_v58() {
                moves::to::<$here, V58>().await;
            }
            async fn moves_through_v58() {
                moves::through::<$here, V58>().await;
            }
            async fn drops_in_v58() {
                moves::dropped_in::<$here, V58>().await;
            }
            async fn drops_through_v58() {
                moves::dropped_through::<$here, V58>().await;
            }
            $($own)*
        }
    };
}

scenarios!(
    interop_own::bindings::exports::test::interop::scenarios_own::Guest,
    Own,
    {
        async fn spawns_own() {
            spawns::own().await;
        }
        async fn spawns_v63() {
            spawns::v63().await;
        }
        async fn spawns_wasip3() {
            spawns::wasip3().await;
        }
    }
);

scenarios!(
    interop_v63::bindings::exports::test::interop::scenarios_v63::Guest,
    V63,
    {
        async fn spawns_own() {
            spawns::own().await;
        }
        async fn spawns_v63() {
            spawns::v63().await;
        }
        async fn spawns_wasip3() {
            spawns::wasip3().await;
        }
    }
);

scenarios!(
    interop_v60::bindings::exports::test::interop::scenarios_v60::Guest,
    V60,
    {
        async fn spawn_refused() {
            spawns::refused();
        }
    }
);

scenarios!(
    interop_v58::bindings::exports::test::interop::scenarios_v58::Guest,
    V58,
    {
        async fn spawn_refused() {
            spawns::refused();
        }
    }
);
