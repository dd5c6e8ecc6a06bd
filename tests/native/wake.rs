//! Tasks that wake each other, on a host in the same process.

use crate::host::{self, Code, Log, future, poll_once};
use futures::channel::{mpsc, oneshot};
use futures::{SinkExt, StreamExt};
use std::cell::RefCell;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use wit_async::block_on;

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
