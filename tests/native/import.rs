//! Calls of imported functions, on a host in the same process.

use crate::host::imports::{Double, Import, OnCancel, Shout, Until};
use crate::host::{self, Code, Log, panic_message, pause, poll_once};
use std::future::Future;
use std::pin::pin;
use wit_async::rt::async_support::Subtask as _;

async fn shout(import: &Import, text: &str) -> String {
    Shout(import.clone()).call(text.to_owned()).await
}

#[test]
fn a_call_that_returns_at_once_is_one_host_call() {
    let host = host::install();
    let import = Import::new(Until::Returned);
    let task = host.start({
        let import = import.clone();
        async move {
            assert_eq!(Double(import.clone()).call(21).await, 42);
            assert_eq!(shout(&import, "hey").await, "HEY");
        }
    });
    assert!(task.has_exited());
    assert_eq!(host.calls(), ["import: Returned", "import: Returned"]);
    assert_eq!(import.freed.take(), ["lists"]);
}

#[test]
fn a_call_that_has_started_frees_its_parameters_and_waits_for_the_result() {
    let host = host::install();
    let import = Import::new(Until::Started);
    let task = host.start({
        let import = import.clone();
        async move { assert_eq!(shout(&import, "hey").await, "HEY") }
    });
    assert!(task.is_waiting());
    assert_eq!(
        host.calls(),
        [
            "import 1: Started",
            "waitable-set.new: 2",
            "waitable.join 1 2",
        ]
    );
    assert_eq!(import.freed.take(), ["lists"]);
    import.call(0).resolve();
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(host.calls(), ["subtask.drop 1", "waitable-set.drop 2"]);
    assert_eq!(import.freed.take(), [""; 0]);
}

#[test]
fn a_call_that_has_to_wait_for_its_start_keeps_its_parameters() {
    let host = host::install();
    let import = Import::new(Until::Starting);
    let task = host.start({
        let import = import.clone();
        async move { assert_eq!(shout(&import, "hey").await, "HEY") }
    });
    assert!(task.is_waiting());
    assert_eq!(import.freed.take(), [""; 0]);
    host.calls();
    import.call(0).start();
    assert!(task.step());
    assert!(task.is_waiting());
    assert_eq!(import.freed.take(), ["lists"]);
    // It stays joined between the two events.
    assert_eq!(host.calls(), [""; 0]);
    import.call(0).resolve();
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(host.calls(), ["subtask.drop 1", "waitable-set.drop 2"]);
}

#[test]
fn start_and_return_may_come_as_one_event() {
    let host = host::install();
    let import = Import::new(Until::Starting);
    let task = host.start({
        let import = import.clone();
        async move { assert_eq!(shout(&import, "hey").await, "HEY") }
    });
    assert!(task.is_waiting());
    import.call(0).resolve();
    assert!(task.step());
    assert!(task.has_exited());
    assert_eq!(import.freed.take(), ["lists"]);
}

#[test]
fn a_start_and_a_return_that_were_not_looked_at_in_between_are_one() {
    let host = host::install();
    let import = Import::new(Until::Starting);
    let task = host.start({
        let import = import.clone();
        async move {
            let mut call = pin!(shout(&import, "hey"));
            assert!(poll_once(&mut call).await.is_pending());
            pause().await;
            pause().await;
            assert_eq!(call.await, "HEY");
        }
    });
    assert!(task.is_waiting());
    import.call(0).start();
    assert!(task.step());
    import.call(0).resolve();
    assert!(task.step());
    assert!(task.has_exited());
    assert_eq!(import.freed.take(), ["lists"]);
}

#[test]
fn a_call_that_was_never_polled_makes_no_host_call() {
    let host = host::install();
    let import = Import::new(Until::Returned);
    drop(Shout(import.clone()).call("hey".to_owned()));
    assert_eq!(host.calls(), [""; 0]);
    assert_eq!(import.freed.take(), [""; 0]);
}

/// Calls, polls once, lets `before` happen, drops the call.
fn cancelled(import: &Import, before: impl Fn(&Import) + 'static) -> Vec<String> {
    let host = host::install();
    let task = host.start({
        let (import, host) = (import.clone(), std::rc::Rc::clone(&host));
        async move {
            let mut call = Box::pin(shout(&import, "hey"));
            assert!(poll_once(&mut call).await.is_pending());
            before(&import);
            host.calls();
            drop(call);
        }
    });
    assert!(task.has_exited());
    host.calls()
}

#[test]
fn a_call_that_has_not_started_is_cancelled_and_its_parameters_dropped() {
    let import = Import::new(Until::Starting);
    let calls = cancelled(&import, |_| {});
    assert_eq!(import.freed.take(), ["lists and own"]);
    assert_eq!(
        calls,
        [
            "waitable.join 1 0",
            // Is there a start that was not delivered?
            "waitable-set.new: 3",
            "waitable.join 1 3",
            "waitable-set.poll 3: none",
            "waitable.join 1 0",
            "waitable-set.drop 3",
            "subtask.cancel 1: CancelledBeforeStarted",
            "subtask.drop 1",
            "waitable-set.drop 2",
        ]
    );
}

#[test]
fn a_call_that_runs_is_cancelled_and_its_parameters_belong_to_the_callee() {
    let import = Import::new(Until::Started);
    let calls = cancelled(&import, |_| {});
    assert_eq!(import.freed.take(), ["lists"]);
    assert_eq!(
        calls,
        [
            "waitable.join 1 0",
            "subtask.cancel 1: CancelledBeforeReturned",
            "subtask.drop 1",
            "waitable-set.drop 2",
        ]
    );
}

#[test]
fn a_start_that_was_not_delivered_is_fetched_before_the_cancel() {
    let import = Import::new(Until::Starting);
    let calls = cancelled(&import, |import| import.call(0).start());
    assert_eq!(import.freed.take(), ["lists"]);
    assert_eq!(
        calls[1..],
        [
            "waitable-set.new: 3",
            "waitable.join 1 3",
            "waitable-set.poll 3: event 1 of 1",
            "waitable.join 1 0",
            "waitable-set.drop 3",
            "subtask.cancel 1: CancelledBeforeReturned",
            "subtask.drop 1",
            "waitable-set.drop 2",
        ]
    );
}

#[test]
fn a_call_that_returned_is_dropped_with_its_result() {
    // From STARTED: the cancel finds it.
    let import = Import::new(Until::Started);
    let calls = cancelled(&import, |import| import.call(0).resolve());
    assert_eq!(import.freed.take(), ["lists"]);
    assert_eq!(calls[1], "subtask.cancel 1: Returned");
    // From STARTING: the event is fetched, and nothing is left to cancel.
    let import = Import::new(Until::Starting);
    let calls = cancelled(&import, |import| import.call(0).resolve());
    assert_eq!(import.freed.take(), ["lists"]);
    assert!(!calls.iter().any(|call| call.starts_with("subtask.cancel")));
}

#[test]
fn a_callee_may_answer_a_cancel_with_its_result() {
    let import = Import::that(Until::Started, OnCancel::Return);
    let calls = cancelled(&import, |_| {});
    assert_eq!(calls[1], "subtask.cancel 1: Returned");
    assert_eq!(import.freed.take(), ["lists"]);
}

/// Calls, and drops the call when the event of `between` was delivered and before
/// anybody looked.
fn dropped_unseen(import: &Import, between: impl Fn(&Import)) -> Vec<String> {
    let host = host::install();
    let task = host.start({
        let (import, host) = (import.clone(), std::rc::Rc::clone(&host));
        async move {
            let mut call = Box::pin(shout(&import, "hey"));
            assert!(poll_once(&mut call).await.is_pending());
            pause().await;
            host.calls();
            drop(call);
        }
    });
    assert!(task.is_waiting());
    between(import);
    assert!(task.step());
    assert!(task.has_exited());
    host.calls()
}

#[test]
fn a_call_whose_return_was_delivered_is_not_cancelled() {
    let import = Import::new(Until::Started);
    let calls = dropped_unseen(&import, |import| import.call(0).resolve());
    assert_eq!(calls, ["subtask.drop 1", "waitable-set.drop 2"]);
}

#[test]
fn a_call_whose_start_was_delivered_and_not_looked_at_is_cancelled_as_started() {
    let import = Import::new(Until::Starting);
    let calls = dropped_unseen(&import, |import| import.call(0).start());
    assert_eq!(
        calls,
        [
            "waitable.join 1 0",
            "subtask.cancel 1: CancelledBeforeReturned",
            "subtask.drop 1",
            "waitable-set.drop 2",
        ]
    );
    assert_eq!(import.freed.take(), ["lists"]);
}

#[test]
fn a_result_that_panics_while_it_is_lifted_is_lifted_once() {
    for until in [Until::Returned, Until::Started] {
        let host = host::install();
        let import = Import::new(until);
        let caught = Log::new();
        let task = host.start({
            let (import, caught) = (import.clone(), caught.clone());
            async move {
                use futures::FutureExt;
                let call = std::panic::AssertUnwindSafe(shout(&import, "lift!"));
                caught.note(call.catch_unwind().await.is_err());
            }
        });
        if until == Until::Started {
            assert!(task.is_waiting());
            import.call(0).resolve();
            task.step();
        }
        assert!(task.has_exited());
        assert_eq!(caught.take(), [true]);
        assert_eq!(import.freed.take(), ["lists"]);
    }
}

#[test]
fn many_calls_wait_in_one_set_and_return_in_any_order() {
    let host = host::install();
    let import = Import::new(Until::Started);
    let task = host.start({
        let import = import.clone();
        async move {
            let call = |number| {
                let mut import = Double(import.clone());
                // Boxed, so that nothing borrows a future that borrows itself.
                Box::pin(async move { import.call(number).await })
            };
            let doubled = futures::future::join_all((0..20).map(call)).await;
            assert_eq!(
                doubled,
                (0..20).map(|number| 2 * number).collect::<Vec<_>>()
            );
        }
    });
    assert!(task.is_waiting());
    let sets = host.calls();
    let sets = sets
        .iter()
        .filter(|call| call.starts_with("waitable-set.new"));
    assert_eq!(sets.count(), 1);
    for index in (0..20).rev() {
        import.call(index).resolve();
        if index % 3 == 0 {
            task.settle();
        }
    }
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_call_outside_of_a_task_that_does_not_return_panics_and_is_cancelled() {
    let host = host::install();
    let import = Import::new(Until::Started);
    let mut import_call = Shout(import.clone());
    let mut call = Box::pin(import_call.call("hey".to_owned()));
    let message = panic_message(|| {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = call.as_mut().poll(&mut cx);
    });
    assert!(message.contains("polled outside of a task"), "{message}");
    assert_eq!(
        host.calls(),
        [
            "import 1: Started",
            "subtask.cancel 1: CancelledBeforeReturned",
            "subtask.drop 1",
        ]
    );
    drop(call);
}
