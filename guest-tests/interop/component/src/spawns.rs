//! Futures that one version spawns and another one runs.

use futures::channel::oneshot;
use std::cell::Cell;
use std::rc::Rc;

const GATE: u32 = 9;

/// One scenario per version that spawns: the future waits for an import of the
/// same version, and its handle delivers the result.
macro_rules! spawns {
    ($name:ident, $spawn_local:path, $bindings:ident) => {
        pub async fn $name() {
            use $bindings::bindings::test::interop::peer;

            let ran = Rc::new(Cell::new(false));
            let joined = $spawn_local({
                let ran = ran.clone();
                async move {
                    ran.set(true);
                    peer::pass(GATE).await
                }
            });
            assert!(!ran.get(), "spawning does not poll");
            // Its handle is gone: it must get its turns without.
            let (sender, detached) = oneshot::channel();
            drop($spawn_local(async move {
                sender
                    .send(peer::echo(3).await)
                    .expect("the receiver waits");
            }));
            peer::open(GATE, 90);
            assert_eq!(joined.await, Some(90));
            assert!(ran.get());
            assert_eq!(detached.await, Ok(3), "a dropped handle detaches");

            let mut cancelled = $spawn_local(std::future::pending::<()>());
            cancelled.cancel();
            assert_eq!(cancelled.await, None);
        }
    };
}

spawns!(own, interop_own::runtime::spawn_local, interop_own);
spawns!(v63, interop_v63::runtime::spawn_local, interop_v63);
spawns!(wasip3, wasip3::spawn_local, interop_v63);

/// Spawns where the task belongs to a version that cannot take the future.
pub fn refused() {
    guest_support::expect_trap("spawn_local");
    drop(interop_own::runtime::spawn_local(async {}));
}
