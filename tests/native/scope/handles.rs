//! Handles of what is spawned in a scope.

use super::*;

#[test]
fn a_handle_yields_the_output_whenever_it_is_awaited() {
    let mut future = pin!(scope(async |s| {
        let early = s.spawn(async { "early".to_owned() });
        let late = s.spawn(async {
            yield_async().await;
            "late".to_owned()
        });
        assert_eq!(late.await.as_deref(), Some("late"));
        assert_eq!(early.await.as_deref(), Some("early"));
    }));
    let mut polls = 0;
    while poll(future.as_mut()).is_pending() {
        polls += 1;
        assert!(polls < 10);
    }
}

#[test]
fn a_handle_that_is_dropped_lets_the_future_go_on_and_drops_the_output() {
    let log = Log::new();
    let noted = |name| NotesDrop(log.clone(), name);
    let mut future = pin!(scope(async |s| {
        drop(s.spawn(async {
            yield_async().await;
            log.note("went on");
            noted("of no handle")
        }));
        let handle = s.spawn(async { noted("of a handle that is dropped") });
        yield_async().await;
        log.note("dropping the handle");
        drop(handle);
    }));
    while poll(future.as_mut()).is_pending() {}
    assert_eq!(
        log.take(),
        [
            "dropping the handle",
            "of a handle that is dropped",
            "went on",
            "of no handle",
        ]
    );
}

#[test]
fn an_output_that_nobody_wants_does_not_wait_for_wakers() {
    let log = Log::new();
    let stored: RefCell<Vec<Waker>> = RefCell::default();
    let mut future = pin!(scope(async |s| {
        let output = async |name| {
            poll_fn(|cx| {
                stored.borrow_mut().push(cx.waker().clone());
                Poll::Ready(())
            })
            .await;
            NotesDrop(log.clone(), name)
        };
        let handle = s.spawn(output("of a handle that is dropped"));
        drop(s.spawn(output("of no handle")));
        yield_async().await;
        assert_eq!(log.take(), ["of no handle"]);
        drop(handle);
        assert_eq!(log.take(), ["of a handle that is dropped"]);
    }));
    while poll(future.as_mut()).is_pending() {}
    assert_eq!(stored.borrow().len(), 2);
}

#[test]
fn an_aborted_future_is_dropped_and_its_handle_says_so() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            scope(async |s| {
                let handle = s.spawn(async {
                    let _noted = NotesDrop(log.clone(), "dropped");
                    pending::<u32>().await
                });
                let unpolled = s.spawn(async { log.note("is not polled") });
                unpolled.abort();
                yield_async().await;
                assert_eq!(unpolled.await, None);
                assert_eq!(log.take(), [""; 0]);
                handle.abort();
                assert_eq!(log.take(), [""; 0], "not in the middle of somebody's code");
                assert_eq!(handle.await, None);
                assert_eq!(log.take(), ["dropped"]);
                let finished = s.spawn(async { 3 });
                yield_async().await;
                finished.abort();
                assert_eq!(finished.await, Some(3));
                log.note("end");
            })
            .await;
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["end"]);
}

#[test]
fn a_future_may_abort_its_siblings() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            scope(async |s| {
                let one = s.spawn(async {
                    let _noted = NotesDrop(log.clone(), "one");
                    pending::<()>().await;
                });
                s.spawn(async move {
                    one.abort();
                    one.await
                });
                let other = s.spawn(async {
                    let _noted = NotesDrop(log.clone(), "other");
                    pending::<()>().await;
                });
                // Before its first poll.
                other.abort();
            })
            .await;
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["one"]);
}

#[test]
fn a_future_that_holds_its_own_handle_may_abort_itself() {
    let log = Log::new();
    {
        let mut future = pin!(scope(async |s| {
            let (sender, receiver) = oneshot::channel();
            let log = &log;
            let handle = s.spawn(async move {
                let mut own: AbortOnDrop<ScopedJoinHandle<'_, ()>> =
                    receiver.await.expect("the body sends it");
                let _noted = NotesDrop(log.clone(), "a local");
                // Waiting for itself is waiting for ever.
                assert!(poll_once(&mut own).await.is_pending());
                own.abort();
                log.note("goes on until it waits");
                pending::<()>().await;
            });
            assert!(sender.send(handle.abort_on_drop()).is_ok());
        }));
        assert!(poll(future.as_mut()).is_pending());
        assert_eq!(log.take(), ["goes on until it waits"]);
        assert!(poll(future.as_mut()).is_ready());
        assert_eq!(log.take(), ["a local"]);
    }
    // Dropped with its future.
    let mut future = Box::pin(scope(async |s| {
        let (sender, receiver) = oneshot::channel();
        let handle = s.spawn(async {
            let _own: AbortOnDrop<ScopedJoinHandle<'_, ()>> =
                receiver.await.expect("the body sends it");
            pending::<()>().await;
        });
        assert!(sender.send(handle.abort_on_drop()).is_ok());
    }));
    assert!(poll(future.as_mut()).is_pending());
}

#[test]
fn a_handle_that_aborts_on_drop_ends_its_future() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            scope(async |s| {
                let noted = async |name: &'static str| {
                    let _noted = NotesDrop(log.clone(), name);
                    pending::<()>().await;
                };
                let scoped = s.spawn(noted("scoped")).abort_on_drop();
                let spawned = spawn_local({
                    let log = log.clone();
                    async move {
                        let _noted = NotesDrop(log, "spawned");
                        pending::<()>().await;
                    }
                })
                .abort_on_drop();
                let kept = s.spawn(async { 5 }).abort_on_drop();
                let detached = s.spawn(async {
                    yield_async().await;
                    yield_async().await;
                    yield_async().await;
                    log.note("detached");
                });
                let detached = detached.abort_on_drop();
                yield_async().await;
                drop(detached.detach());
                drop(scoped);
                drop(spawned);
                assert_eq!(kept.await, Some(5));
                yield_async().await;
                yield_async().await;
                log.note("body");
            })
            .await;
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    let mut notes = log.take();
    notes.sort_unstable();
    assert_eq!(notes, ["body", "detached", "scoped", "spawned"]);
}

#[test]
fn an_output_that_nobody_wants_may_spawn_when_it_goes() {
    let log = Log::new();
    let mut future = pin!(scope(async |s| {
        let log = &log;
        drop(s.spawn(async move {
            OnDrop(move || {
                s.spawn(async move { log.note("spawned") });
            })
        }));
    }));
    while poll(future.as_mut()).is_pending() {}
    assert_eq!(log.take(), ["spawned"]);
}
