//! Tasks that are cancelled, on a host in the same process.

use crate::host::imports::{Import, Shout, Until};
use crate::host::{self, Code, Context, Log, NotesDrop, OnDrop};
use futures::channel::oneshot;

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};
use wit_async::rt::async_support::{Subtask as _, TaskCancelOnDrop};
use wit_async::{spawn_local, yield_async};

#[test]
fn a_cancelled_task_drops_its_root_and_says_so_last() {
    let host = host::install();
    let log = Log::new();
    let (reader, _peer) = host.incoming_stream::<u32>();
    let task = host.start({
        let log = log.clone();
        async move {
            let guard = TaskCancelOnDrop::new();
            // As in generated entries, parameters are lifted behind the guard.
            let mut reader = reader;
            let _noted = NotesDrop(log, "a local of the root");
            reader.next().await;
            guard.forget();
        }
    });
    assert!(task.is_waiting());
    host.calls();
    assert_eq!(task.cancel(), Code::Exit);
    assert_eq!(log.take(), ["a local of the root"]);
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
fn a_task_that_returns_is_not_cancelled_by_its_guard() {
    let host = host::install();
    let context = Context::that_returns();
    let task = host.start_in(Rc::clone(&context), async move {
        let guard = TaskCancelOnDrop::new();
        guard.forget();
        context.returned();
    });
    assert!(task.has_exited());
    assert_eq!(host.calls(), [""; 0]);
}

#[test]
fn what_a_cancelled_task_has_spawned_goes_on() {
    let host = host::install();
    let log = Log::new();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start({
        let log = log.clone();
        async move {
            let _guard = TaskCancelOnDrop::new();
            spawn_local(async move { log.note(reader.next().await) });
            pending::<()>().await;
        }
    });
    task.settle();
    task.cancel();
    assert!(matches!(task.settle(), Code::Wait(_)));
    peer.write([8]);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), [Some(8)]);
    let cancels = host
        .calls()
        .into_iter()
        .filter(|call| call == "task.cancel");
    assert_eq!(cancels.count(), 1);
}

#[test]
fn a_task_that_yields_can_be_cancelled() {
    let host = host::install();
    let task = host.start(async {
        let _guard = TaskCancelOnDrop::new();
        loop {
            yield_async().await;
        }
    });
    assert!(task.step());
    assert_eq!(task.code(), Code::Yield);
    assert_eq!(task.cancel(), Code::Exit);
    assert_eq!(host.calls(), ["task.cancel"]);
}

#[test]
fn a_destructor_of_a_cancelled_task_may_wake_a_sibling() {
    let host = host::install();
    let (sender, receiver) = oneshot::channel::<&str>();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let _guard = TaskCancelOnDrop::new();
            spawn_local(async move { log.note(receiver.await.expect("it is sent")) });
            let mut sender = Some(sender);
            let _wakes = OnDrop(move || {
                let sender = sender.take().expect("dropped once");
                sender.send("the root is gone").expect("it is awaited");
            });
            pending::<()>().await;
        }
    });
    assert!(matches!(task.settle(), Code::Wait(_)));
    task.cancel();
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["the root is gone"]);
}

#[test]
fn a_stale_waker_of_a_cancelled_task_wakes_nobody() {
    let host = host::install();
    let (sender, receiver) = oneshot::channel::<()>();
    let waker: Rc<RefCell<Option<Waker>>> = Rc::default();
    let task = host.start({
        let waker = Rc::clone(&waker);
        async move {
            poll_fn(|cx| {
                *waker.borrow_mut() = Some(cx.waker().clone());
                Poll::Ready(())
            })
            .await;
            let _ = receiver.await;
        }
    });
    assert!(task.is_waiting());
    assert_eq!(task.cancel(), Code::Exit);
    host.calls();
    let other = host.start(async move {
        assert!(sender.is_canceled());
        waker.take().expect("stored").wake();
    });
    assert!(other.has_exited());
    assert_eq!(host.calls(), [""; 0]);
}

#[test]
fn a_stale_waker_of_a_spawned_future_is_freed_when_it_is_dropped() {
    let host = host::install();
    let stored: Rc<RefCell<Vec<Waker>>> = Rc::default();
    let task = host.start({
        let stored = Rc::clone(&stored);
        async move {
            let store = Rc::clone(&stored);
            spawn_local(poll_fn(move |cx| {
                store.borrow_mut().push(cx.waker().clone());
                Poll::Ready(())
            }));
        }
    });
    assert!(task.has_exited());
    // Nobody will poll: what the wake puts on the list of those to poll would
    // stay there. (What it would keep is memory, which Miri looks for.)
    for waker in stored.take() {
        waker.wake_by_ref();
        waker.wake();
    }
    host.calls();
}

#[test]
fn a_cancel_of_a_task_with_a_call_in_flight_cancels_the_call_first() {
    let host = host::install();
    let import = Import::new(Until::Started);
    let task = host.start({
        let import = import.clone();
        async move {
            let _guard = TaskCancelOnDrop::new();
            Shout(import).call("hey".to_owned()).await;
        }
    });
    assert!(task.is_waiting());
    host.calls();
    assert_eq!(task.cancel(), Code::Exit);
    assert_eq!(
        host.calls(),
        [
            "waitable.join 1 0",
            "subtask.cancel 1: CancelledBeforeReturned",
            "subtask.drop 1",
            "task.cancel",
            "waitable-set.drop 2",
        ]
    );
}
