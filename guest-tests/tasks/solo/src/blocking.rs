//! `block_on`, in async and in synchronous exports.

use std::cell::Cell;
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::join;
use guest_support::check::{Drops, turns};
use wit_async::{UnitStreamOps, block_on, spawn_local, yield_async};

pub async fn block_on_ready() {
    assert_eq!(block_on(async { 42 }), 42);
    assert_eq!(block_on(std::future::ready("text".to_owned())), "text");
}

pub async fn block_on_yields() {
    block_on(turns(10));
}

pub async fn block_on_borrows() {
    let words = vec!["a".to_owned(), "b".to_owned()];
    let mut joined = String::new();
    let length = block_on(async {
        for word in &words {
            yield_async().await;
            joined.push_str(word);
        }
        joined.len()
    });
    assert_eq!((joined.as_str(), length), ("ab", 2));
    assert_eq!(words.len(), 2);
}

pub async fn block_on_nested() {
    let mut log = Vec::new();
    block_on(async {
        yield_async().await;
        log.push("outer");
        block_on(async {
            yield_async().await;
            log.push("middle");
            block_on(async {
                yield_async().await;
                log.push("inner");
            });
            yield_async().await;
            log.push("middle again");
        });
        yield_async().await;
        log.push("outer again");
    });
    yield_async().await;
    assert_eq!(
        log,
        ["outer", "middle", "inner", "middle again", "outer again"]
    );
}

fn spawn_inside_block_on_finishes_first() {
    let finished = Drops::new();
    let result = block_on(async {
        for n in 0..5 {
            let guard = finished.guard();
            spawn_local(async move {
                turns(n).await;
                drop(guard);
            });
        }
        42
    });
    assert_eq!(result, 42);
    assert_eq!(
        finished.count(),
        5,
        "`block_on` returned before its spawned tasks had ended"
    );
}

pub async fn spawn_inside_block_on() {
    spawn_inside_block_on_finishes_first();
}

pub async fn stream_inside_block_on() {
    let received = block_on(async {
        let (mut writer, mut reader) = UnitStreamOps::new();
        let writing = async move {
            for _ in 0..3 {
                assert!(writer.write_one(()).await.is_none(), "the reader is there");
            }
        };
        let reading = async move {
            let mut received = 0;
            while reader.next().await.is_some() {
                received += 1;
            }
            received
        };
        join(writing, reading).await.1
    });
    assert_eq!(received, 3);
}

pub async fn block_on_steals_no_spawned_task() {
    let (sender, receiver) = oneshot::channel();
    let polled = Rc::new(Cell::new(false));
    let seen = polled.clone();
    let outer = spawn_local(async move {
        seen.set(true);
        receiver.await
    });
    // If the task ran here, `block_on` would wait for what is sent after it.
    block_on(turns(3));
    assert!(
        !polled.get(),
        "`block_on` ran a task that was spawned outside of it"
    );
    sender.send(42).expect("the task is there");
    assert_eq!(outer.await, Some(Ok(42)));
}

pub async fn spawns_and_waits_after_block_on() {
    block_on(yield_async());
    let spawned = spawn_local(async {
        yield_async().await;
        42
    });
    assert_eq!(spawned.await, Some(42));
    block_on(yield_async());
    let (mut writer, mut reader) = UnitStreamOps::new();
    assert_eq!(
        join(reader.next(), writer.write_one(())).await,
        (Some(()), None)
    );
}

pub async fn block_on_inside_spawned() {
    let handles: Vec<_> = (0..3)
        .map(|n| {
            spawn_local(async move {
                turns(1).await;
                let n = block_on(async {
                    turns(3).await;
                    n + 1
                });
                turns(1).await;
                n
            })
        })
        .collect();
    let results = futures::future::join_all(handles).await;
    assert_eq!(results, [Some(1), Some(2), Some(3)]);
}

pub fn block_on_ready_in_synchronous_export() {
    assert_eq!(block_on(async { 42 }), 42);
}

pub fn block_on_yields_in_synchronous_export() {
    block_on(turns(10));
}

pub fn spawn_inside_block_on_in_synchronous_export() {
    spawn_inside_block_on_finishes_first();
}
