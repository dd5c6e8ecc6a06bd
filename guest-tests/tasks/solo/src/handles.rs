//! Cancelling and dropping the handles of spawned tasks.

use std::future::pending;

use futures::channel::oneshot;
use guest_support::check::{Drops, in_flight, turns};
use wit_async::spawn_local;

pub async fn cancel_by_handle() {
    let drops = Drops::new();
    let guard = drops.guard();
    let mut handle = spawn_local(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    turns(2).await;
    assert_eq!(drops.count(), 0);
    handle.cancel();
    assert_eq!(handle.await, None);
    assert_eq!(drops.count(), 1, "what the task owned was destroyed");
}

pub async fn cancel_after_finish() {
    let mut handle = spawn_local(async { 42 });
    turns(2).await;
    handle.cancel();
    assert_eq!(handle.await, Some(42));
}

pub async fn cancel_before_first_poll() {
    let drops = Drops::new();
    let guard = drops.guard();
    let mut handle = spawn_local(async move {
        let _guard = guard;
        panic!("a task ran that was cancelled before");
    });
    handle.cancel();
    assert_eq!(handle.await, None);
    assert_eq!(drops.count(), 1);
}

pub async fn cancel_a_ready_sibling() {
    let drops = Drops::new();
    let guard = drops.guard();
    let (sender, receiver) = oneshot::channel::<()>();
    let mut handle = spawn_local(async move {
        let _guard = guard;
        let _ = receiver.await;
        panic!("a task ran on that was cancelled");
    });
    turns(2).await;
    sender.send(()).expect("the task waits");
    handle.cancel();
    assert_eq!(handle.await, None);
    assert_eq!(drops.count(), 1);
}

pub async fn handles_dropped_in_every_state() {
    let finished = Drops::new();
    let task = |turns_of_task: usize| {
        let guard = finished.guard();
        spawn_local(async move {
            turns(turns_of_task).await;
            drop(guard);
        })
    };
    // Before the first poll, in the middle, at the end.
    drop(task(1));
    let running = task(10);
    let done = task(0);
    turns(3).await;
    drop(running);
    drop(done);
    // After it was polled.
    let mut awaited = task(10);
    in_flight(&mut awaited).await;
    drop(awaited);
    // Cancelled before the first poll and in the middle.
    let mut early = task(10);
    early.cancel();
    drop(early);
    let mut late = task(10);
    turns(2).await;
    late.cancel();
    drop(late);
    turns(20).await;
    assert_eq!(finished.count(), 6, "every task has ended");
}
