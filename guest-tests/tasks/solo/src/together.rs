//! Futures that are spawned together.

use std::cell::Cell;
use std::future::pending;
use std::pin::pin;

use futures::channel::oneshot;
use futures::future::{Either, select};
use guest_support::check::{Drops, turns};
use wit_async::{JoinSet, scope, spawn_local};

pub async fn scope_borrows_and_joins() {
    let text = String::from("borrowed");
    let (mut length, mut upper) = (0, String::new());
    let (sender, receiver) = oneshot::channel();
    let output = scope(async |s| {
        s.spawn(async {
            length = receiver.await.expect("the other one sends");
        });
        let shouting = s.spawn(async {
            turns(3).await;
            upper = text.to_uppercase();
            sender.send(text.len()).expect("the other one waits");
            "done"
        });
        shouting.await
    })
    .await;
    assert_eq!(output, Some("done"));
    assert_eq!((length, upper.as_str()), (8, "BORROWED"));
}

pub async fn scope_spawns_from_within() {
    let count = Cell::new(0);
    scope(async |s| {
        for _ in 0..10 {
            let count = &count;
            s.spawn(async move {
                count.set(count.get() + 1);
                // Nothing else will happen.
                s.spawn(async move {
                    count.set(count.get() + 1);
                    turns(1).await;
                    s.spawn(async move { count.set(count.get() + 1) });
                });
            });
        }
    })
    .await;
    assert_eq!(count.get(), 30);
}

pub async fn scope_dropped_in_flight() {
    let drops = Drops::new();
    let count = Cell::new(0);
    {
        let scoped = pin!(scope(async |s| {
            for _ in 0..3 {
                let (drops, count) = (&drops, &count);
                s.spawn(async move {
                    let _guard = drops.guard();
                    loop {
                        turns(1).await;
                        count.set(count.get() + 1);
                    }
                });
            }
        }));
        let others = pin!(turns(5));
        let first = select(scoped, others).await;
        assert!(matches!(first, Either::Right(_)));
    }
    // The future of the scope has gone with its block.
    assert_eq!(drops.count(), 3);
    let before = count.get();
    assert!(before > 0);
    turns(5).await;
    assert_eq!(count.get(), before);
}

pub async fn scope_aborts() {
    let drops = Drops::new();
    scope(async |s| {
        let job = s.spawn(async {
            let _guard = drops.guard();
            pending::<u32>().await
        });
        turns(2).await;
        job.abort();
        assert_eq!(job.await, None);
        assert_eq!(drops.count(), 1);
    })
    .await;
}

pub async fn abort_on_drop() {
    let drops = Drops::new();
    let guard = drops.guard();
    let job = spawn_local(async move {
        let _guard = guard;
        pending::<()>().await;
    })
    .abort_on_drop();
    turns(2).await;
    drop(job);
    turns(2).await;
    assert_eq!(drops.count(), 1);
    let finished = spawn_local(async { 7 }).abort_on_drop();
    assert_eq!(finished.await, Some(7));
}

pub async fn join_set_in_order_of_completion() {
    let mut set = JoinSet::new();
    let senders: Vec<_> = (0..3)
        .map(|n| {
            let (sender, receiver) = oneshot::channel::<()>();
            set.spawn(async move {
                receiver.await.expect("it is told");
                n
            });
            sender
        })
        .collect();
    let told = spawn_local(async move {
        let mut senders: Vec<_> = senders.into_iter().map(Some).collect();
        for n in [1, 2, 0] {
            turns(2).await;
            let sender = senders[n].take().expect("told once");
            sender.send(()).expect("it waits");
        }
    });
    for n in [1, 2, 0] {
        assert_eq!(set.join_next().await, Some(n));
    }
    assert_eq!(set.join_next().await, None);
    told.await;
}

pub async fn join_set_aborted() {
    let drops = Drops::new();
    let mut set = JoinSet::new();
    for n in 0..3 {
        let guard = drops.guard();
        set.spawn(async move {
            let _guard = guard;
            if n > 0 {
                pending::<()>().await;
            }
            n
        });
    }
    turns(2).await;
    set.abort_all();
    assert_eq!(set.len(), 1, "one has finished");
    assert_eq!(set.join_next().await, Some(0));
    assert_eq!(set.join_next().await, None);
    turns(2).await;
    assert_eq!(drops.count(), 3);
    let guard = drops.guard();
    set.spawn(async move {
        let _guard = guard;
        pending().await
    });
    turns(2).await;
    drop(set);
    turns(2).await;
    assert_eq!(drops.count(), 4);
}
