//! Tasks that observe that they are cancelled.

use crate::host::{self, Code, Context, Log, OnDrop};
use futures::channel::oneshot;
use futures::future::{Either, select};
use std::cell::RefCell;
use std::future::{Future, pending};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Wake, Waker};
use wit_async::rt::async_support::TaskCancelOnDrop;
use wit_async::{CancelRequest, block_on, spawn_local, yield_async};

#[test]
fn a_cancelled_task_that_observes_it_may_return() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let context = Context::that_returns();
    let task = host.start_in(Rc::clone(&context), async move {
        let guard = TaskCancelOnDrop::new();
        let mut reader = reader;
        let mut request = CancelRequest::observe();
        assert!(!request.is_requested());
        {
            let (requested, next) = (pin!(request.requested()), pin!(reader.next()));
            assert!(matches!(select(requested, next).await, Either::Left(_)));
        }
        assert!(request.is_requested());
        // It still does what it likes, and nothing is lost.
        assert_eq!(reader.next().await, Some(7));
        guard.forget();
        context.returned();
    });
    assert!(task.is_waiting());
    assert!(matches!(task.cancel(), Code::Wait(_)));
    peer.write([7]);
    assert_eq!(task.settle(), Code::Exit);
    assert!(!host.calls().contains(&"task.cancel".to_owned()));
}

#[test]
fn a_cancelled_task_that_accepts_it_is_dropped_at_once() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let _guard = TaskCancelOnDrop::new();
            let mut request = CancelRequest::observe();
            request.requested().await;
            log.note("clean up");
            let _end = OnDrop({
                let log = log.clone();
                move || log.note("dropped")
            });
            match request.accept().await {}
        }
    });
    assert!(task.is_waiting());
    assert_eq!(task.cancel(), Code::Exit);
    assert_eq!(log.take(), ["clean up", "dropped"]);
    assert_eq!(
        host.calls()
            .iter()
            .filter(|call| *call == "task.cancel")
            .count(),
        1
    );
}

#[test]
fn who_accepts_before_it_is_cancelled_is_dropped_then() {
    let host = host::install();
    let task = host.start(async {
        let _guard = TaskCancelOnDrop::new();
        match CancelRequest::observe().accept().await {}
    });
    assert!(task.is_waiting());
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn all_who_observe_it_are_woken_and_have_to_accept_it() {
    let host = host::install();
    let log = Log::new();
    let (sender, receiver) = oneshot::channel::<()>();
    let task = host.start({
        let log = log.clone();
        async move {
            let _guard = TaskCancelOnDrop::new();
            for name in ["first", "second"] {
                let log = log.clone();
                let mut request = CancelRequest::observe();
                spawn_local(async move {
                    request.requested().await;
                    log.note(name);
                    drop(request);
                });
            }
            let request = CancelRequest::observe();
            spawn_local(async move {
                let _ = receiver.await;
                drop(request);
            });
            let _end = OnDrop(move || log.note("root"));
            pending::<()>().await;
        }
    });
    assert!(task.is_waiting());
    assert!(matches!(task.cancel(), Code::Wait(_)));
    assert_eq!(log.take(), ["first", "second"]);
    sender.send(()).expect("it is awaited");
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["root"]);
}

/// One whose last observer is dropped where its task is not polled.
#[test]
fn an_observer_that_another_task_drops_ends_the_task() {
    let host = host::install();
    let passed = Rc::new(RefCell::new(None));
    let task = host.start({
        let passed = Rc::clone(&passed);
        async move {
            let _guard = TaskCancelOnDrop::new();
            *passed.borrow_mut() = Some(CancelRequest::observe());
            pending::<()>().await;
        }
    });
    assert!(matches!(task.cancel(), Code::Wait(_)));
    let other = host.start(async move {
        let request = passed.borrow_mut().take().expect("it was put there");
        assert!(request.is_requested(), "of the task that made it");
        drop(request);
    });
    assert_eq!(other.settle(), Code::Exit);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_wait_for_it_that_is_dropped_leaves_no_waker() {
    struct Nothing;

    impl Wake for Nothing {
        fn wake(self: Arc<Self>) {}
    }

    let host = host::install();
    let task = host.start(async {
        let mut request = CancelRequest::observe();
        let (first, second) = (Arc::new(Nothing), Arc::new(Nothing));
        {
            let mut waits = pin!(request.requested());
            for waker in [&first, &first, &second] {
                let waker = Waker::from(Arc::clone(waker));
                let mut cx = std::task::Context::from_waker(&waker);
                assert!(waits.as_mut().poll(&mut cx).is_pending());
            }
            assert_eq!([&first, &second].map(Arc::strong_count), [1, 2]);
        }
        assert_eq!(Arc::strong_count(&second), 1);
    });
    assert!(task.has_exited());
}

#[test]
fn nobody_cancels_synchronous_code() {
    let host = host::install();
    host.call_sync(|| {
        block_on(async {
            let mut request = CancelRequest::observe();
            {
                let waits = pin!(request.requested());
                let yields = pin!(yield_async());
                assert!(matches!(select(waits, yields).await, Either::Right(_)));
            }
            assert!(!request.is_requested());
        });
    });
}
