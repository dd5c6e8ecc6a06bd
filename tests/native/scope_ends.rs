//! Scopes that end before they are done: dropped, cancelled, panicking; and one that moves.

use crate::host::{self, Code, Log, NotesDrop, OnDrop, panic_message, poll_once};
use futures::FutureExt;
use std::cell::RefCell;
use std::future::{Future, pending};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use wit_async::{scope, yield_async};

/// What a scope yields here.
type Scoped = std::pin::Pin<Box<dyn Future<Output = Option<u32>>>>;

/// Polls by hand, without a task.
fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

// --- ending early

#[test]
fn a_scope_that_is_dropped_drops_the_body_then_what_was_spawned_and_nothing_later() {
    let log = Log::new();
    let noted = |name| NotesDrop(log.clone(), name);
    {
        let _env = noted("what is borrowed");
        let noted = &noted;
        let mut future = pin!(scope(async |s| {
            let _noted = noted("body");
            for name in ["one", "two"] {
                s.spawn(async move {
                    let _noted = noted(name);
                    pending::<()>().await;
                });
            }
            pending::<()>().await;
        }));
        assert!(poll(future.as_mut()).is_pending());
        assert_eq!(log.take(), [""; 0]);
    }
    assert_eq!(log.take(), ["body", "one", "two", "what is borrowed"]);
}

#[test]
fn what_destructors_spawn_while_the_scope_goes_is_dropped() {
    let log = Log::new();
    let noted = |name| NotesDrop(log.clone(), name);
    {
        let mut future = pin!(scope(async |s| {
            let noted = &noted;
            let _spawns = OnDrop(move || {
                let noted = noted("spawned by the body");
                s.spawn(async move {
                    let _noted = noted;
                    unreachable!("nobody polls it");
                });
            });
            s.spawn(async move {
                let _spawns = OnDrop(move || {
                    let noted = noted("spawned by a future");
                    let handle = s.spawn(async move {
                        let _noted = noted;
                        unreachable!("nobody polls it");
                    });
                    handle.abort();
                });
                pending::<()>().await;
            });
            pending::<()>().await;
        }));
        assert!(poll(future.as_mut()).is_pending());
    }
    let mut notes = log.take();
    notes.sort_unstable();
    assert_eq!(notes, ["spawned by a future", "spawned by the body"]);
}

#[test]
fn a_cancelled_task_drops_its_scopes_and_their_operations() {
    let host = host::install();
    let log = Log::new();
    let (reader, _peer) = host.incoming_stream::<u32>();
    let task = host.start({
        let log = log.clone();
        async move {
            let _guard = wit_async::rt::async_support::TaskCancelOnDrop::new();
            let mut reader = reader;
            let _env = NotesDrop(log.clone(), "what is borrowed");
            scope(async |s| {
                s.spawn(async {
                    let _noted = NotesDrop(log.clone(), "a future");
                    reader.next().await
                });
            })
            .await;
        }
    });
    assert!(task.is_waiting());
    host.calls();
    assert_eq!(task.cancel(), Code::Exit);
    assert_eq!(log.take(), ["a future", "what is borrowed"]);
    assert_eq!(
        host.calls(),
        [
            "waitable.join 1 0",
            "stream.cancel-read 1: cancelled 0",
            "stream.drop-readable 1",
            "task.cancel",
            "waitable-set.drop 2",
        ]
    );
}

#[test]
fn a_scope_that_loses_a_select_is_gone_at_once() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let mut count = 0;
            let slow = pin!(scope(async |s| {
                s.spawn(async {
                    let _noted = NotesDrop(log.clone(), "slow");
                    loop {
                        yield_async().await;
                        count += 1;
                    }
                });
            }));
            let quick = pin!(async {
                yield_async().await;
                yield_async().await;
            });
            futures::future::select(slow, quick).await;
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["slow"]);
}

// --- panics

/// Runs a scope one of whose futures, or whose body, panics.
fn panics(in_body: bool) -> (String, Vec<&'static str>) {
    let log = Log::new();
    let message = {
        let noted = &|name| NotesDrop(log.clone(), name);
        let mut future = Box::pin(scope(async |s| {
            let _noted = noted("body");
            s.spawn(async {
                let _noted = noted("before");
                pending::<()>().await;
            });
            s.spawn(async {
                let _noted = noted("panics");
                yield_async().await;
                assert!(in_body, "in a future");
                pending::<()>().await;
            });
            s.spawn(async {
                let _noted = noted("behind");
                pending::<()>().await;
            });
            yield_async().await;
            assert!(!in_body, "in the body");
            pending::<()>().await;
        }));
        assert!(poll(future.as_mut()).is_pending());
        let message = panic_message(|| assert!(poll(future.as_mut()).is_pending()));
        // Before the future of the scope itself goes.
        log.note("unwound");
        message
    };
    (message, log.take())
}

#[test]
fn a_panic_in_a_future_leaves_the_scope_behind_all_the_rest() {
    let (message, notes) = panics(false);
    assert_eq!(message, "in a future");
    assert_eq!(notes, ["panics", "body", "before", "behind", "unwound"]);
}

#[test]
fn a_panic_in_the_body_leaves_the_scope_behind_all_the_rest() {
    let (message, notes) = panics(true);
    assert_eq!(message, "in the body");
    assert_eq!(notes, ["body", "before", "panics", "behind", "unwound"]);
}

#[test]
fn a_panic_in_a_destructor_does_not_keep_the_others_from_being_dropped() {
    let log = Log::new();
    let noted = |name| NotesDrop(log.clone(), name);
    let message = panic_message(|| {
        let mut future = Box::pin(scope(async |s| {
            for name in ["one", "two", "three"] {
                let noted = &noted;
                s.spawn(async move {
                    let _noted = noted(name);
                    let _panics = OnDrop(|| assert_ne!(name, "two", "in a destructor"));
                    pending::<()>().await;
                });
            }
        }));
        assert!(poll(future.as_mut()).is_pending());
    });
    assert!(message.contains("in a destructor"), "{message}");
    assert_eq!(log.take(), ["one", "two", "three"]);
}

#[test]
fn a_task_survives_a_panic_in_a_scope_that_it_catches() {
    let host = host::install();
    let task = host.start(async {
        let mut left = 0;
        let scoped = scope(async |s| {
            s.spawn(async { panic!("caught") });
            s.spawn(async {
                pending::<()>().await;
                left += 1;
            });
        });
        let result = AssertUnwindSafe(scoped).catch_unwind().await;
        assert!(result.is_err());
        scope(async |s| {
            s.spawn(async { left += 2 });
        })
        .await;
        assert_eq!(left, 2);
    });
    assert_eq!(task.settle(), Code::Exit);
}

// --- moving

#[test]
fn a_scope_that_was_begun_in_one_task_goes_on_in_another() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let slot: Rc<RefCell<Option<Scoped>>> = Rc::default();
    let first = host.start({
        let slot = Rc::clone(&slot);
        async move {
            let mut scoped: Scoped = Box::pin(async move {
                scope(async |s| {
                    let read = s.spawn(async { reader.next().await });
                    read.await.flatten()
                })
                .await
            });
            assert!(poll_once(&mut scoped).await.is_pending());
            slot.replace(Some(scoped));
            pending::<()>().await;
        }
    });
    let second = host.start(async move {
        let scoped = slot.take().expect("the first task left it");
        assert_eq!(scoped.await, Some(9));
    });
    peer.write([9]);
    first.settle();
    second.settle();
    assert!(second.has_exited());
    assert_eq!(first.cancel(), Code::Exit);
}
