//! Tasks that wake each other, operations that change tasks, and tasks that are
//! cancelled, on a host in the same process.

use crate::host::imports::{Import, Shout, Until};
use crate::host::{
    self, Code, Context, Installed, Log, NotesDrop, OnDrop, Task, future, pause, poll_once,
};
use futures::channel::{mpsc, oneshot};
use futures::{SinkExt, StreamExt};
use std::cell::RefCell;
use std::future::{Future, IntoFuture, pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use wit_async::rt::async_support::{Subtask as _, TaskCancelOnDrop};
use wit_async::{FutureRead, FutureReader, StreamResult, block_on, spawn_local, yield_async};

// --- wakes across tasks

#[test]
fn a_sleeping_task_is_woken_through_its_bell() {
    let host = host::install();
    let (sender, receiver) = oneshot::channel::<u32>();
    let log = Log::new();
    let sleeper = host.start({
        let log = log.clone();
        async move { log.note(receiver.await.expect("it is sent")) }
    });
    assert_eq!(sleeper.code(), Code::Wait(1));
    assert_eq!(host.calls(), ["waitable-set.new: 1"]);
    let waker = host.start(async move { sender.send(9).expect("it is awaited") });
    assert!(waker.has_exited());
    assert_eq!(
        host.calls(),
        [
            "stream.new: 2 3",
            "waitable.join 2 1",
            "stream.read 2 x1: blocked",
            "stream.write 3 x1: completed 1",
        ]
    );
    assert!(sleeper.step());
    assert!(sleeper.has_exited());
    assert_eq!(log.take(), [9]);
    assert_eq!(
        host.calls(),
        [
            "stream.drop-readable 2",
            "stream.drop-writable 3",
            "waitable-set.drop 1",
        ]
    );
}

#[test]
fn many_wakes_of_a_sleeping_task_ring_once_and_the_bell_is_kept() {
    let host = host::install();
    let (mut sender, mut receiver) = mpsc::channel::<u32>(64);
    let log = Log::new();
    let sleeper = host.start({
        let log = log.clone();
        async move {
            while let Some(item) = receiver.next().await {
                log.note(item);
            }
        }
    });
    assert!(sleeper.is_waiting());
    host.calls();
    for round in 0..3 {
        let mut sender = sender.clone();
        let waker = host.start(async move {
            for item in 0..10 {
                sender
                    .send(10 * round + item)
                    .await
                    .expect("it is received");
            }
        });
        assert!(waker.has_exited());
        let rings = host.calls();
        let rings = rings.iter().filter(|call| call.starts_with("stream.write"));
        assert_eq!(rings.count(), 1);
        assert!(sleeper.step());
        assert_eq!(log.take().len(), 10);
        assert!(sleeper.is_waiting());
        assert!(!sleeper.step());
        assert_eq!(host.calls(), [""; 0]);
    }
    sender.disconnect();
    drop(sender);
    assert_eq!(sleeper.settle(), Code::Exit);
}

#[test]
fn a_task_that_runs_needs_no_bell() {
    let host = host::install();
    let slot: Rc<RefCell<Option<Waker>>> = Rc::default();
    let task = host.start({
        let slot = Rc::clone(&slot);
        async move {
            poll_fn(|cx| {
                let first = slot.borrow().is_none();
                *slot.borrow_mut() = Some(cx.waker().clone());
                cx.waker().wake_by_ref();
                if first {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            })
            .await;
        }
    });
    assert_eq!(task.code(), Code::Yield);
    // It will be called back in any case.
    slot.borrow().as_ref().expect("stored").wake_by_ref();
    assert_eq!(task.settle(), Code::Exit);
    // A waker of a task that is gone wakes nobody.
    slot.borrow().as_ref().expect("stored").wake_by_ref();
    assert_eq!(host.calls(), [""; 0]);
}

#[test]
fn a_bell_that_rang_is_fetched_when_the_task_exits_for_another_reason() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let slot: Rc<RefCell<Option<Waker>>> = Rc::default();
    let task = host.start({
        let slot = Rc::clone(&slot);
        async move {
            let mut read = Box::pin(async move { reader.await });
            poll_fn(|cx| {
                *slot.borrow_mut() = Some(cx.waker().clone());
                read.as_mut().poll(cx)
            })
            .await;
        }
    });
    assert!(task.is_waiting());
    peer.send(1);
    host.calls();
    slot.borrow().as_ref().expect("stored").wake_by_ref();
    // The value comes first, and the task is done: the ring is still undelivered.
    assert!(task.step());
    assert!(task.has_exited());
    let calls = host.calls();
    assert!(
        calls
            .iter()
            .any(|call| call.starts_with("waitable-set.poll") && !call.ends_with("none")),
        "{calls:#?}"
    );
}

#[test]
fn a_bell_that_rang_is_fetched_together_with_the_events_of_others() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let (writer, unread) = future::<u32>(|| 7);
    let mut default_peer = host.outgoing_future(unread);
    let waker: Rc<RefCell<Option<Waker>>> = Rc::default();
    let received = Log::new();
    host.when_blocked({
        let (waker, received) = (Rc::clone(&waker), received.clone());
        move || {
            // The value comes first, and `block_on` is done: the default was read and
            // the bell has rung, and both are undelivered.
            peer.send(1);
            default_peer.receive();
            received.note(default_peer.received());
            waker.take().expect("stored").wake();
        }
    });
    block_on(async {
        let mut read = reader.into_future();
        assert!(poll_once(&mut read).await.is_pending());
        drop(writer);
        let value = poll_fn(|cx| {
            *waker.borrow_mut() = Some(cx.waker().clone());
            Pin::new(&mut read).poll(cx)
        });
        assert_eq!(value.await, 1);
    });
    assert_eq!(received.take(), [[7]]);
    // The end of the default goes with its event.
    assert_eq!(host.handles(), [""; 0]);
}

#[test]
fn a_wake_from_another_thread_does_not_touch_this_instance() {
    let host = host::install();
    let slot: std::sync::Arc<std::sync::Mutex<Option<Waker>>> = std::sync::Arc::default();
    let task = host.start({
        let slot = std::sync::Arc::clone(&slot);
        async move {
            poll_fn(|cx| {
                *slot.lock().expect("not poisoned") = Some(cx.waker().clone());
                Poll::<()>::Pending
            })
            .await;
        }
    });
    assert!(task.is_waiting());
    host.calls();
    let waker = slot.lock().expect("not poisoned").take().expect("stored");
    std::thread::spawn(move || waker.wake())
        .join()
        .expect("it does not panic");
    assert_eq!(host.calls(), [""; 0]);
    assert_eq!(task.cancel(), Code::Exit);
}

/// A task that begins a read, and leaves it to others.
fn leaves_a_read(host: &Installed, reader: FutureReader<u32>) -> (Task, Log<FutureRead<u32>>) {
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let mut read = reader.into_future();
            assert!(poll_once(&mut read).await.is_pending());
            shelf.note(read);
        }
    });
    assert!(task.is_waiting());
    (task, shelf)
}

#[test]
fn an_operation_that_finishes_in_another_task_lets_the_first_one_go() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let (first, shelf) = leaves_a_read(&host, reader);
    // Its futures are done, but what it awaits could still come.
    assert_eq!(first.code(), Code::Wait(2));
    host.calls();
    let log = Log::new();
    let second = host.start({
        let log = log.clone();
        async move {
            let read = shelf.take().pop().expect("it was left");
            log.note(read.await);
        }
    });
    assert!(second.is_waiting());
    let Code::Wait(set) = second.code() else {
        unreachable!("it waits")
    };
    let calls = host.calls();
    // One join moves it.
    assert!(
        calls.contains(&format!("waitable.join 1 {set}")),
        "{calls:#?}"
    );
    assert!(
        !calls.contains(&"waitable.join 1 0".to_owned()),
        "{calls:#?}"
    );
    // The host lowers the value in the task that began the read: it stays, and is
    // told that it may go.
    assert!(matches!(first.settle(), Code::Wait(_)));
    peer.send(4);
    assert_eq!(second.settle(), Code::Exit);
    assert_eq!(log.take(), [4]);
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn a_task_that_something_else_keeps_is_not_told_to_go() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let (other_reader, mut other_peer) = host.incoming_future::<u32>();
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            for reader in [reader, other_reader] {
                let mut read = reader.into_future();
                assert!(poll_once(&mut read).await.is_pending());
                shelf.note(read);
            }
        }
    });
    assert!(first.is_waiting());
    let second = host.start(async move {
        futures::future::join_all(shelf.take()).await;
    });
    assert!(matches!(first.settle(), Code::Wait(_)));
    peer.send(1);
    host.calls();
    assert!(matches!(second.settle(), Code::Wait(_)));
    assert_eq!(host.calls(), ["future.drop-readable 1"]);
    other_peer.send(2);
    assert_eq!(second.settle(), Code::Exit);
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn an_operation_that_finishes_in_another_task_lets_the_first_one_go_before_its_end_goes() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            let mut read = Box::pin(async move { (reader.next().await, reader) });
            assert!(poll_once(&mut read).await.is_pending());
            shelf.note(read);
        }
    });
    assert!(first.is_waiting());
    let second = host.start(async move {
        let read = shelf.take().pop().expect("it was left");
        let (item, _reader) = read.await;
        assert_eq!(item, Some(4));
        pending().await
    });
    assert!(matches!(first.settle(), Code::Wait(_)));
    peer.write([4]);
    assert!(matches!(second.settle(), Code::Wait(_)));
    assert_eq!(first.settle(), Code::Exit);
    assert_eq!(second.cancel(), Code::Exit);
}

#[test]
fn an_operation_that_is_dropped_in_another_task_lets_the_first_one_go() {
    let host = host::install();
    let (reader, _peer) = host.incoming_future::<u32>();
    let (first, shelf) = leaves_a_read(&host, reader);
    let second = host.start(async move { drop(shelf.take()) });
    assert!(second.has_exited());
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn an_operation_that_is_dropped_outside_of_any_task_lets_its_task_go() {
    let host = host::install();
    let (reader, _peer) = host.incoming_future::<u32>();
    let (first, shelf) = leaves_a_read(&host, reader);
    drop(shelf.take());
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn an_operation_that_moves_twice_keeps_the_task_that_started_it_and_no_other() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let (first, shelf) = leaves_a_read(&host, reader);
    let second = host.start({
        let shelf = shelf.clone();
        async move {
            let mut read = shelf.take().pop().expect("it was left");
            assert!(poll_once(&mut read).await.is_pending());
            shelf.note(read);
        }
    });
    assert!(second.is_waiting());
    let log = Log::new();
    let third = host.start({
        let log = log.clone();
        async move {
            let read = shelf.take().pop().expect("it was left");
            log.note(read.await);
        }
    });
    assert!(third.is_waiting());
    assert!(matches!(first.settle(), Code::Wait(_)));
    assert_eq!(second.settle(), Code::Exit);
    peer.send(4);
    assert_eq!(third.settle(), Code::Exit);
    assert_eq!(log.take(), [4]);
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn a_cancel_that_finds_the_event_in_another_task_lets_the_first_one_go() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    // It begins in one task, and is awaited and cancelled in another one.
    let mut job = Box::pin(async move {
        {
            let mut read = reader.read(Vec::with_capacity(1));
            assert!(poll_once(&mut read).await.is_pending());
            pause().await;
            assert!(poll_once(&mut read).await.is_pending());
            pause().await;
            let (result, items) = Pin::new(&mut read).cancel();
            assert_eq!((result, items), (StreamResult::Complete(1), vec![4]));
        }
        reader
    });
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            assert!(poll_once(&mut job).await.is_pending());
            shelf.note(job);
        }
    });
    assert!(first.is_waiting());
    let readers = Log::new();
    let second = host.start({
        let readers = readers.clone();
        async move { readers.note(shelf.take().pop().expect("it was left").await) }
    });
    assert!(matches!(first.settle(), Code::Wait(_)));
    peer.write([4]);
    host.calls();
    assert_eq!(second.settle(), Code::Exit);
    let calls = host.calls();
    assert!(
        !calls.iter().any(|call| call.contains("cancel")),
        "{calls:#?}"
    );
    // The end is there still, but nothing goes on that the first one started.
    assert_eq!(first.settle(), Code::Exit);
    drop(readers.take());
}

#[test]
fn a_call_that_has_started_and_moves_keeps_the_task_that_made_it() {
    let host = host::install();
    let import = Import::new(Until::Starting);
    let shelf = Log::new();
    let first = host.start({
        let (import, shelf) = (import.clone(), shelf.clone());
        async move {
            let mut call = Box::pin(async move { Shout(import).call("hey".to_owned()).await });
            assert!(poll_once(&mut call).await.is_pending());
            shelf.note(call);
        }
    });
    // That it has started is delivered, and nobody fetches it.
    import.call(0).start();
    assert!(first.step());
    let second = host.start(async move {
        let call = shelf.take().pop().expect("it was left");
        assert_eq!(call.await, "HEY");
    });
    assert!(matches!(first.settle(), Code::Wait(_)));
    import.call(0).resolve();
    assert_eq!(second.settle(), Code::Exit);
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn an_operation_that_begins_in_another_task_does_not_keep_the_one_before() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let (leave, left) = oneshot::channel::<()>();
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            assert_eq!(reader.next().await, Some(1));
            shelf.note(reader);
            left.await.expect("it is sent");
        }
    });
    peer.write([1]);
    assert!(first.step());
    // The end still sits in the set of the first task.
    let second = host.start(async move {
        let mut reader = shelf.take().pop().expect("it was left");
        assert_eq!(reader.next().await, Some(2));
    });
    assert!(second.is_waiting());
    leave.send(()).expect("it is awaited");
    assert_eq!(first.settle(), Code::Exit);
    peer.write([2]);
    assert_eq!(second.settle(), Code::Exit);
}

// --- cancel

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
