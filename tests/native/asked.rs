//! Calls that are cancelled without waiting for the callee.

use crate::begun::{install, live};
use crate::host::fault::{Planned, Site};
use crate::host::imports::{Import, Offered, OnCancel, Until};
use crate::host::pass::Pass;
use crate::host::{self, Code, Log, Outcome, panic_message, poll_once, stream};
use std::pin::{Pin, pin};
use std::rc::Rc;
use wit_async::rt::async_support::Subtask as _;
use wit_async::{cancel, spawn_local, yield_async};

type Call = Pin<Box<dyn Future<Output = String>>>;

/// A call that is in flight.
async fn begins(mut offered: Offered) -> Call {
    let mut call: Call = Box::pin(async move { offered.call("hey".to_owned()).await });
    assert!(poll_once(&mut call).await.is_pending());
    call
}

fn cancels(calls: Vec<String>) -> Vec<String> {
    let mut calls = calls;
    calls.retain(|call| call.contains("cancel"));
    calls
}

#[test]
fn others_go_on_until_the_callee_has_answered() {
    for returns in [false, true] {
        let host = install();
        let import = Import::that(Until::Started, OnCancel::Wait);
        let offered = Offered::new(&import);
        let log = Log::new();
        let task = host.start({
            let log = log.clone();
            async move {
                let call = begins(offered).await;
                spawn_local({
                    let log = log.clone();
                    async move {
                        yield_async().await;
                        log.note("another one");
                    }
                });
                cancel(call).await;
                log.note("cancelled");
            }
        });
        task.settle();
        assert_eq!(log.take(), ["another one"]);
        live(|live| assert_eq!((live.subtasks, live.orphans), (1, 1)));
        let call = import.call(0);
        assert!(call.is_cancel_requested());
        match returns {
            true => call.resolve(),
            false => call.confirm_cancel(),
        }
        assert_eq!(task.settle(), Code::Exit);
        assert_eq!(log.take(), ["cancelled"]);
        assert_eq!(import.freed.take(), ["lists"]);
        assert_eq!(cancels(host.calls()), ["subtask.cancel (async) 1: blocked"]);
    }
}

#[test]
fn a_callee_that_answers_at_once_is_not_waited_for() {
    for (until, on_cancel, freed) in [
        (Until::Starting, OnCancel::Wait, "lists and own"),
        (Until::Started, OnCancel::Confirm, "lists"),
        (Until::Started, OnCancel::Return, "lists"),
    ] {
        let host = install();
        let import = Import::that(until, on_cancel);
        let offered = Offered::new(&import);
        let task = host.start(async move { cancel(begins(offered).await).await });
        assert!(task.has_exited());
        assert_eq!(import.freed.take(), [freed]);
        assert_eq!(cancels(host.calls()).len(), 1);
    }
}

#[test]
fn a_start_that_the_caller_has_not_heard_of_comes_first() {
    let host = install();
    let import = Import::that(Until::Starting, OnCancel::Wait);
    let offered = Offered::new(&import);
    let log = Log::new();
    let task = host.start({
        let (log, import) = (log.clone(), import.clone());
        async move {
            let call = begins(offered).await;
            import.call(0).start();
            cancel(call).await;
            log.note("cancelled");
        }
    });
    task.settle();
    assert_eq!(log.take(), [""; 0]);
    import.call(0).confirm_cancel();
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["cancelled"]);
    assert_eq!(import.freed.take(), ["lists"]);
}

#[test]
fn a_call_that_is_over_is_not_asked_for() {
    let host = install();
    let import = Import::that(Until::Started, OnCancel::Wait);
    let offered = Offered::new(&import);
    let task = host.start({
        let import = import.clone();
        async move {
            let call = begins(offered).await;
            import.call(0).resolve();
            // Its event comes, and nobody polls it.
            yield_async().await;
            yield_async().await;
            cancel(call).await;
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(cancels(host.calls()), [""; 0]);
}

#[test]
fn who_does_not_wait_for_the_answer_stands_still_for_it() {
    for starts in [false, true] {
        let host = install();
        let until = match starts {
            true => Until::Starting,
            false => Until::Started,
        };
        let import = Import::that(until, OnCancel::Wait);
        let offered = Offered::new(&import);
        let task = host.start({
            let import = import.clone();
            async move {
                let call = begins(offered).await;
                if starts {
                    // Which the caller hears of while it stands still.
                    import.call(0).start();
                }
                {
                    let mut cancels = pin!(cancel(call));
                    assert!(poll_once(&mut cancels).await.is_pending());
                    let import = import.clone();
                    host::host().when_blocked(move || import.call(0).confirm_cancel());
                }
                assert!(import.call(0).is_told());
            }
        });
        assert!(task.has_exited());
        assert_eq!(import.freed.take(), ["lists"]);
    }
}

#[test]
fn what_is_dropped_afterwards_is_cancelled_as_always() {
    let host = install();
    let import = Import::that(Until::Started, OnCancel::Confirm);
    let task = host.start({
        let import = import.clone();
        async move {
            cancel(begins(Offered::new(&import)).await).await;
            drop(begins(Offered::new(&import)).await);
        }
    });
    assert!(task.has_exited());
    assert_eq!(
        cancels(host.calls()),
        [
            "subtask.cancel (async) 1: CancelledBeforeReturned",
            "subtask.cancel 1: CancelledBeforeReturned",
        ]
    );
}

#[test]
fn a_callee_is_not_asked_again_when_freeing_its_parameters_panics() {
    let _planned = Planned::at(Site::ParamsFree);
    let host = install();
    let import = Import::that(Until::Starting, OnCancel::Wait);
    let offered = Offered::new(&import);
    let task = host.start({
        let import = import.clone();
        async move {
            let mut pass = Pass::<String, _>::to(offered);
            let mut call = Box::pin(async move { pass.call("hey".to_owned()).await });
            assert!(poll_once(&mut call).await.is_pending());
            import.call(0).start();
            cancel(call).await;
        }
    });
    // The task hears of the start, which is the end of the call, and stands still for it.
    let call = import.call(0);
    host.when_blocked(move || call.confirm_cancel());
    assert!(panic_message(|| _ = task.settle()).contains("ParamsFree"));
    assert!(import.call(0).is_told());
    assert_eq!(import.freed.take(), ["lists"]);
    assert_eq!(cancels(host.calls()), ["subtask.cancel (async) 1: blocked"]);
    // It was woken before the panic left the turn.
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_task_stays_for_each_answer_where_nobody_can_stand_still() {
    let host = install();
    let import = Import::that(Until::Started, OnCancel::Wait);
    let shelf = Log::new();
    let task = host.start({
        let (shelf, import) = (shelf.clone(), import.clone());
        async move {
            let mut calls = Vec::new();
            for _ in 0..2 {
                calls.push(begins(Offered::new(&import)).await);
            }
            let mut cancels = Box::pin(cancel(calls));
            assert!(poll_once(&mut cancels).await.is_pending());
            shelf.note(cancels);
        }
    });
    assert!(matches!(task.settle(), Code::Wait(_)));
    host.call_sync(|| drop(shelf.take()));
    for call in 0..2 {
        assert!(matches!(task.settle(), Code::Wait(_)), "before {call}");
        import.call(call).confirm_cancel();
    }
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_was_left_alone_is_cancelled_beside_it() {
    let host = install();
    let import = Import::that(Until::Started, OnCancel::Wait);
    let offered = Offered::new(&import);
    let (mut writer, reader) = stream::<String>();
    let mut peer = host.outgoing_stream(reader);
    let shelf: Log<Pin<Box<dyn Future<Output = ()>>>> = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let mut write: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move {
                writer.write_all(vec!["lost".to_owned()]).await;
            });
            assert!(poll_once(&mut write).await.is_pending());
            shelf.note(write);
            cancel(begins(offered).await).await;
        }
    });
    task.settle();
    host.call_sync(|| drop(shelf.take()));
    assert!(matches!(task.settle(), Code::Wait(_)));
    assert_eq!(peer.read(1), Outcome::Dropped(0));
    import.call(0).confirm_cancel();
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_call_in_a_spawned_future_whose_handle_goes_is_left_to_finish() {
    let host = install();
    let import = Import::that(Until::Started, OnCancel::Wait);
    let mut offered = Offered::new(&import);
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            drop(spawn_local(async move {
                log.note(offered.call("hey".to_owned()).await);
            }));
        }
    });
    // The root has ended.
    assert!(matches!(task.settle(), Code::Wait(_)));
    assert!(!import.call(0).is_cancel_requested());
    import.call(0).resolve();
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["HEY"]);
    assert_eq!(cancels(host.calls()), [""; 0]);
}

#[test]
fn a_call_of_another_task_is_cancelled_there_and_then() {
    for goes_on in [false, true] {
        let host = install();
        let import = Import::that(Until::Started, OnCancel::Confirm);
        let offered = Offered::new(&import);
        let shelf: Rc<Log<Call>> = Rc::new(Log::new());
        let first = host.start({
            let shelf = Rc::clone(&shelf);
            async move { shelf.note(begins(offered).await) }
        });
        let second = host.start(async move {
            let mut call = shelf.take().pop().expect("it was left");
            if goes_on {
                assert!(poll_once(&mut call).await.is_pending());
            }
            cancel(call).await;
        });
        assert!(second.has_exited());
        assert_eq!(first.settle(), Code::Exit);
        assert_eq!(
            cancels(host.calls()),
            ["subtask.cancel 1: CancelledBeforeReturned"]
        );
    }
}
