//! Spawned tasks that run to their end.

use std::pin::Pin;

use futures::channel::oneshot;
use futures::future::join_all;
use guest_support::check::{Drops, in_flight, turns};
use wit_async::spawn_local;

pub async fn spawn_and_join() {
    assert_eq!(spawn_local(async { 42 }).await, Some(42));
    let mut handle = spawn_local(async {
        turns(3).await;
        "later".to_owned()
    });
    in_flight(&mut handle).await;
    assert_eq!(handle.await.as_deref(), Some("later"));
}

pub async fn join_out_of_order() {
    let (senders, handles): (Vec<_>, Vec<_>) = (0..3)
        .map(|n| {
            let (sender, receiver) = oneshot::channel::<()>();
            let handle = spawn_local(async move {
                receiver.await.expect("the root sends");
                n
            });
            (sender, Some(handle))
        })
        .unzip();
    let mut handles = handles;
    for sender in senders {
        sender.send(()).expect("the task waits");
        turns(1).await;
    }
    for n in [2, 0, 1] {
        let handle = handles[n].take().expect("each is awaited once");
        assert_eq!(handle.await, Some(n));
    }
}

pub async fn join_after_finish() {
    let done = Drops::new();
    let guard = done.guard();
    let handle = spawn_local(async move {
        drop(guard);
        42
    });
    turns(5).await;
    assert_eq!(
        done.count(),
        1,
        "the task has finished before its handle is awaited"
    );
    assert_eq!(handle.await, Some(42));
}

pub async fn join_in_another_task() {
    let first = spawn_local(async {
        turns(3).await;
        20
    });
    let second = spawn_local(async move { first.await.expect("nobody cancels the first") + 1 });
    let third = spawn_local(async move { second.await.expect("nobody cancels the second") * 2 });
    assert_eq!(third.await, Some(42));
}

pub async fn detached() {
    let (sender, receiver) = oneshot::channel();
    drop(spawn_local(async move {
        turns(3).await;
        sender.send(42).expect("the root waits");
    }));
    assert_eq!(receiver.await, Ok(42));
}

fn nest(depth: u32) -> Pin<Box<dyn Future<Output = u32>>> {
    Box::pin(async move {
        if depth == 0 {
            return 0;
        }
        spawn_local(nest(depth - 1))
            .await
            .expect("nobody cancels it")
            + 1
    })
}

pub async fn spawn_inside_spawn() {
    assert_eq!(nest(100).await, 100);
}

pub async fn spawn_ten_thousand() {
    let handles: Vec<_> = (0..10_000)
        .map(|n| {
            spawn_local(async move {
                turns(1).await;
                n
            })
        })
        .collect();
    let results = join_all(handles).await;
    assert!(results.into_iter().eq((0..10_000).map(Some)));
}

/// Spawns a task when it is dropped.
struct SpawnOnDrop(Option<oneshot::Sender<u32>>);

impl Drop for SpawnOnDrop {
    fn drop(&mut self) {
        let sender = self.0.take().expect("dropped once");
        spawn_local(async move {
            turns(2).await;
            sender.send(42).expect("the root waits");
        });
    }
}

pub async fn spawn_from_destructor() {
    let (sender, receiver) = oneshot::channel();
    let guard = SpawnOnDrop(Some(sender));
    spawn_local(async move {
        turns(1).await;
        drop(guard);
    });
    assert_eq!(receiver.await, Ok(42));
}

pub async fn returns_before_spawned_run() {
    let root = Drops::new();
    let _guard = root.guard();
    spawn_local(async move {
        assert_eq!(root.count(), 1, "the root returned without waiting");
        turns(3).await;
    });
}
