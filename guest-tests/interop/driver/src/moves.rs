//! The ways in which operations move between two calls.

use crate::bindings::test::interop::{parking, peer};
use crate::executors::{Executor, Own};
use futures::join;

/// Opens a gate, so that nobody waits at it any more. What passes does not matter.
fn release(gate: u32) {
    peer::open(gate, 0);
}

/// Waits until operations were parked so often.
async fn parked(times: u32) {
    while parking::count() < times {
        wit_async::yield_async().await;
    }
}

/// From a call that `From` runs to one that `To` runs, while the first is alive.
pub async fn between<From: Executor, To: Executor>() {
    let theirs = From::HOLDS_THEIRS && To::HOLDS_THEIRS;
    let operations = if theirs { 9 } else { 3 };

    // Started in one, finished in the other.
    join!(From::park(1, 11, theirs), async {
        parked(1).await;
        assert_eq!(To::finish(1).await, operations);
        release(11);
    });

    // Started in one, polled in the other, finished in a third.
    join!(
        From::park(2, 12, theirs),
        async {
            parked(2).await;
            To::touch(22).await;
        },
        async {
            parked(3).await;
            assert_eq!(From::finish(2).await, operations);
            release(12);
            release(22);
        }
    );

    // Started in one, dropped in the other.
    join!(From::park(3, 13, theirs), async {
        parked(4).await;
        To::discard().await;
        release(3);
        release(13);
    });

    // Started in one, polled in the other, dropped in a third.
    join!(
        From::park(4, 14, theirs),
        async {
            parked(5).await;
            To::touch(24).await;
        },
        async {
            parked(6).await;
            From::discard().await;
            release(4);
            release(14);
            release(24);
        }
    );
}

/// Those of wit-bindgen too, which do not know of the task that cannot be held on to.
pub async fn theirs<From: Executor, To: Executor>() {
    join!(From::park(1, 11, true), async {
        parked(1).await;
        assert_eq!(To::finish(1).await, 9);
        release(11);
    });
}

/// The same, but they are polled in the second one and dropped in a third.
pub async fn theirs_dropped<From: Executor, To: Executor>() {
    join!(
        From::park(1, 11, true),
        async {
            parked(1).await;
            To::touch(21).await;
        },
        async {
            parked(2).await;
            From::discard().await;
            release(1);
            release(11);
            release(21);
        }
    );
}

/// From a call of wit-async that returned to one that `To` runs. wit-async knows what
/// its own operations need of the first task, so only these can move.
pub async fn returned<To: Executor>() {
    const OPERATIONS: u32 = 3;
    // Nothing holds the first call.
    release(10);

    Own::park(1, 10, false).await;
    assert_eq!(To::finish(1).await, OPERATIONS);

    Own::park(2, 10, false).await;
    To::discard().await;
    release(2);

    Own::park(3, 10, false).await;
    join!(To::touch(23), async {
        parked(4).await;
        assert_eq!(Own::finish(3).await, OPERATIONS);
        release(23);
    });
}
