//! Futures that are spawned into a task, on a host in the same process.

use crate::host::{self, Code, Log, NotesDrop, OnDrop, pause};
use futures::StreamExt;
use futures::channel::mpsc;
use std::cell::RefCell;
use std::future::{Future as _, pending};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use wit_async::{JoinHandle, block_on, spawn_local, yield_async};

#[test]
fn what_was_spawned_goes_on_after_the_root() {
    let host = host::install();
    let log = Log::new();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start({
        let log = log.clone();
        async move {
            let inner = log.clone();
            spawn_local(async move {
                inner.note(reader.next().await);
                // A spawned future spawns.
                spawn_local(async move { inner.note(Some(100)) });
            });
            log.note(None);
        }
    });
    assert!(matches!(task.settle(), Code::Wait(_)));
    assert_eq!(log.take(), [None]);
    peer.write([5]);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), [Some(5), Some(100)]);
}

#[test]
fn a_spawned_future_that_waits_costs_no_extra_turn() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        spawn_local(async move { while reader.next().await.is_some() {} });
        pending().await
    });
    assert!(task.is_waiting(), "{:?}", task.code());
    peer.write([1]);
    host.calls();
    assert!(task.step());
    assert!(task.is_waiting(), "{:?}", task.code());
    assert_eq!(host.calls(), ["stream.read 1 x1: blocked"]);
    drop(peer);
    task.settle();
    assert_eq!(task.cancel(), Code::Exit);
}

/// A future that waits for ever, and notes that it was dropped.
fn spawns_who_notes(log: &Log<&'static str>) -> JoinHandle<()> {
    let noted = NotesDrop(log.clone(), "dropped");
    spawn_local(async move {
        let _noted = noted;
        pending::<()>().await;
    })
}

#[test]
fn joining_yields_the_output_and_cancelling_yields_none() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let job = spawn_local(async { 7 });
            assert_eq!(format!("{job:?}"), "JoinHandle { .. }");
            assert_eq!(job.await, Some(7));
            let mut job = spawns_who_notes(&log);
            yield_async().await;
            job.cancel();
            assert_eq!(job.await, None);
            // Dropping a handle lets the future go on.
            drop(spawn_local(async move { log.note("ran") }));
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["dropped", "ran"]);
}

#[test]
#[should_panic(expected = "`spawn_local` was called outside of a task")]
fn spawning_outside_of_a_task_panics() {
    let _host = host::install();
    drop(spawn_local(async {}));
}

#[test]
fn nested_block_on_runs_what_is_spawned_in_it_and_nothing_else() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let outer = log.clone();
            spawn_local(async move { outer.note("outer") });
            let inner = log.clone();
            block_on(async {
                spawn_local(async move { inner.note("inner") });
            });
            log.note("back");
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["inner", "back", "outer"]);
}

#[test]
fn a_destructor_spawns_in_the_task_that_drops() {
    let host = host::install();
    let log = Log::new();
    let shelf = Log::new();
    let owner = host.start({
        let (shelf, log) = (shelf.clone(), log.clone());
        async move {
            shelf.note(OnDrop(move || {
                let log = log.clone();
                spawn_local(async move {
                    yield_async().await;
                    log.note("spawned");
                });
            }));
            pause().await;
        }
    });
    assert!(owner.is_waiting());
    let other = host.start(async move { drop(shelf.take()) });
    assert!(!other.has_exited(), "it has the spawned future");
    assert_eq!(owner.cancel(), Code::Exit);
    assert_eq!(log.take(), [""; 0]);
    assert_eq!(other.settle(), Code::Exit);
    assert_eq!(log.take(), ["spawned"]);
}

#[test]
fn a_handle_that_was_cancelled_tells_what_became_of_the_future_when_it_is_gone() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let mut finished = spawn_local(async { 7 });
            yield_async().await;
            finished.cancel();
            assert_eq!(finished.await, Some(7));
            let mut job = spawns_who_notes(&log);
            yield_async().await;
            job.cancel();
            assert_eq!(log.take(), [""; 0]);
            assert_eq!(job.await, None);
            assert_eq!(log.take(), ["dropped"]);
        }
    });
    assert_eq!(task.settle(), Code::Exit);
}

/// Looks at a handle when it goes.
struct Looks(Rc<RefCell<Option<JoinHandle<()>>>>, Log<bool>);

impl Drop for Looks {
    fn drop(&mut self) {
        let Looks(handle, log) = self;
        let mut handle = handle.borrow_mut();
        let handle = handle.as_mut().expect("it is there");
        let poll = Pin::new(handle).poll(&mut Context::from_waker(Waker::noop()));
        log.note(poll.is_pending());
    }
}

#[test]
fn a_handle_yields_nothing_before_its_future_is_gone() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let there = Rc::default();
            let looks = Looks(Rc::clone(&there), log);
            let job = spawn_local(async move {
                let _looks = looks;
                pending::<()>().await;
            });
            *there.borrow_mut() = Some(job);
            yield_async().await;
            there.borrow_mut().as_mut().expect("it is there").cancel();
            yield_async().await;
            let handle = there.borrow_mut().take().expect("it is there");
            assert_eq!(handle.await, None);
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), [true]);
}

#[test]
fn a_handle_that_is_dropped_keeps_nobody_that_has_polled_it() {
    let host = host::install();
    let waker = Arc::new(NoWake);
    let task = host.start({
        let waker = Arc::clone(&waker);
        async move {
            let mut job = spawn_local(async {
                yield_async().await;
                yield_async().await;
            });
            let polls = Waker::from(Arc::clone(&waker));
            let poll = Pin::new(&mut job).poll(&mut Context::from_waker(&polls));
            assert!(poll.is_pending());
            drop((job, polls));
            assert_eq!(Arc::strong_count(&waker), 2);
        }
    });
    assert_eq!(task.settle(), Code::Exit);
}

struct NoWake;

impl Wake for NoWake {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_spawned_future_that_is_cancelled_runs_no_more() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let runs = log.clone();
            let mut job = spawn_local(async move { runs.note("before its first poll") });
            job.cancel();
            assert_eq!(job.await, None);
            let runs = log.clone();
            let mut job = spawn_local(async move {
                yield_async().await;
                runs.note("woken");
            });
            yield_async().await;
            // It would go on now.
            job.cancel();
            assert_eq!(job.await, None);
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn the_root_hears_at_once_what_it_is_told_by_what_it_spawned() {
    let host = host::install();
    let task = host.start(async {
        for n in 0..20 {
            assert_eq!(spawn_local(async move { n }).await, Some(n));
        }
    });
    assert!(task.has_exited(), "{:?}", task.code());
    assert_eq!(host.calls(), [""; 0]);
}

#[test]
fn two_that_tell_each_other_something_for_ever_let_others_run() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let (to_child, mut from_root) = mpsc::unbounded();
            let (to_root, mut from_child) = mpsc::unbounded();
            spawn_local(async move {
                while let Some(n) = from_root.next().await {
                    if to_root.unbounded_send(n + 1).is_err() {
                        break;
                    }
                }
            });
            let mut last = 0;
            while to_child.unbounded_send(last).is_ok() {
                last = from_child.next().await.expect("it goes on");
                log.note(last);
            }
        }
    });
    let mut before = 0;
    for _ in 0..3 {
        assert_eq!(task.code(), Code::Yield);
        let turns = log.take().last().copied().expect("some were told");
        // More than one in a turn, and not all of the time.
        assert!(turns - before > 10 && turns - before < 140, "{turns}");
        before = turns;
        assert!(task.step());
    }
    assert_eq!(task.cancel(), Code::Exit);
}
