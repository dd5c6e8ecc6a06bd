//! Operations that move between tasks of different versions.
//!
//! Each scenario runs in a task of `From`. A task of `To` is a `block_on` inside
//! of it: so both are alive, and the operations are polled by one after the other.

use crate::executors::Executor;
use futures::poll;
use interop_own::bindings::test::interop::peer;
use interop_own::exercise::Pending;

const GATE: u32 = 8;
/// What gates are opened with.
pub const VALUE: u32 = 50;

/// Started in the first task, finished in the second.
pub async fn to<From: Executor, To: Executor>() {
    let mut operations = started::<From, To>().await;
    To::block_on(async {
        peer::open(GATE, VALUE);
        finish(&mut operations).await;
    });
}

/// Started in the first task, polled in the second, finished in the first.
pub async fn through<From: Executor, To: Executor>() {
    let mut operations = started::<From, To>().await;
    To::block_on(async {
        poll_all(&mut operations).await;
        peer::open(GATE, VALUE);
    });
    finish(&mut operations).await;
}

/// Started in the first task, dropped in the second.
pub async fn dropped_in<From: Executor, To: Executor>() {
    let operations = started::<From, To>().await;
    To::block_on(async { drop(operations) });
    nothing_is_in_the_way().await;
}

/// Started in the first task, polled in the second and dropped there.
pub async fn dropped_through<From: Executor, To: Executor>() {
    let mut operations = started::<From, To>().await;
    To::block_on(async {
        poll_all(&mut operations).await;
        drop(operations);
    });
    nothing_is_in_the_way().await;
}

/// Operations that wait in the current task.
async fn started<From: Executor, To: Executor>() -> Vec<Pending> {
    // Operations of wit-bindgen move only between tasks that they can hold on to,
    // and only since 0.59.
    let theirs = From::REVISION >= 2 && To::REVISION >= 2;
    let mut operations = pending(GATE, theirs).await;
    poll_all(&mut operations).await;
    operations
}

/// Operations of wit-async that will wait at the gate, and maybe some of wit-bindgen.
pub async fn pending(gate: u32, theirs: bool) -> Vec<Pending> {
    let mut operations = interop_own::exercise::pending(gate).await;
    if theirs {
        operations.extend(interop_v63::exercise::pending(gate).await);
        operations.extend(interop_v60::exercise::pending(gate).await);
    }
    operations
}

/// Polls each operation, which has to wait.
pub async fn poll_all(operations: &mut [Pending]) {
    for operation in operations {
        assert!(poll!(operation.as_mut()).is_pending(), "the gate is closed");
    }
}

/// Awaits each operation.
pub async fn finish(operations: &mut [Pending]) {
    for operation in operations {
        assert_eq!(operation.await, VALUE);
    }
}

/// What was left behind by a dropped operation would disturb the next one.
async fn nothing_is_in_the_way() {
    peer::open(GATE, VALUE);
    for mut operation in interop_own::exercise::pending(GATE).await {
        assert_eq!(operation.as_mut().await, VALUE);
    }
}
