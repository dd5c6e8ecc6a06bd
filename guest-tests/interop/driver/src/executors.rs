//! The versions as those who run the calls.

use crate::bindings::test::interop as wit;

/// The exports of one version.
pub trait Executor {
    /// Whether operations of wit-bindgen can move into its tasks and out again.
    const HOLDS_THEIRS: bool;

    async fn park(gate: u32, hold: u32, theirs: bool);
    async fn touch(hold: u32);
    async fn finish(gate: u32) -> u32;
    async fn discard();
}

macro_rules! executor {
    ($name:ident, $interface:ident, $holds_theirs:literal) => {
        pub struct $name;

        impl Executor for $name {
            const HOLDS_THEIRS: bool = $holds_theirs;

            async fn park(gate: u32, hold: u32, theirs: bool) {
                wit::$interface::park(gate, hold, theirs).await;
            }

            async fn touch(hold: u32) {
                wit::$interface::touch(hold).await;
            }

            async fn finish(gate: u32) -> u32 {
                wit::$interface::finish(gate).await
            }

            async fn discard() {
                wit::$interface::discard().await;
            }
        }
    };
}

executor!(Own, executor_own, true);
executor!(V63, executor_v63, true);
executor!(V60, executor_v60, true);
executor!(V58, executor_v58, false);
