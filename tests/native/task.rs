//! The executor, on a host in the same process.

use crate::host::{self, Code, Log, Outcome, future, poll_once, stream};
use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use wit_async::{ErrorContext, yield_async};

// --- the life of a task

#[test]
fn a_task_that_finishes_at_once_calls_nothing() {
    let host = host::install();
    let task = host.start(async {});
    assert!(task.has_exited());
    assert_eq!(host.calls(), [""; 0]);
}

#[test]
fn a_task_that_yields_is_called_back_without_an_event() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            log.note(1);
            yield_async().await;
            log.note(2);
            yield_async().await;
            log.note(3);
        }
    });
    assert_eq!((task.code(), log.take()), (Code::Yield, vec![1]));
    assert!(task.step());
    assert_eq!((task.code(), log.take()), (Code::Yield, vec![2]));
    assert!(task.step());
    assert_eq!((task.code(), log.take()), (Code::Exit, vec![3]));
    assert_eq!(host.calls(), [""; 0]);
}

#[test]
fn a_task_that_waits_for_nothing_the_host_knows_waits_on_an_empty_set() {
    let host = host::install();
    let task = host.start(pending());
    assert_eq!(task.code(), Code::Wait(1));
    assert!(!task.step());
    assert_eq!(task.cancel(), Code::Exit);
    assert_eq!(host.calls(), ["waitable-set.new: 1", "waitable-set.drop 1"]);
}

#[test]
fn every_kind_of_event_reaches_its_operation() {
    use host::imports::{Double, Import, Until};
    use wit_async::rt::async_support::Subtask as _;

    let host = host::install();
    let import = Import::new(Until::Started);
    let (future_reader, mut future_sender) = host.incoming_future::<u32>();
    let (future_writer, outgoing) = future::<u32>(|| 0);
    let mut future_receiver = host.outgoing_future(outgoing);
    let (mut stream_reader, mut stream_sender) = host.incoming_stream::<u32>();
    let (mut stream_writer, outgoing) = stream::<u32>();
    let mut stream_receiver = host.outgoing_stream(outgoing);
    let log = Log::new();
    let task = host.start({
        let (import, log) = (import.clone(), log.clone());
        async move {
            let note = |what| log.note(what);
            futures::join!(
                async {
                    assert_eq!(Double(import).call(4).await, 8);
                    note("subtask");
                },
                async {
                    assert_eq!(stream_reader.next().await, Some(1));
                    note("stream read");
                },
                async {
                    assert_eq!(stream_writer.write_one(2).await, None);
                    note("stream write");
                },
                async {
                    assert_eq!(future_reader.await, 3);
                    note("future read");
                },
                async {
                    future_writer.write(4).await.expect("it is read");
                    note("future write");
                },
            );
        }
    });
    assert!(task.is_waiting());
    assert!(!task.step());
    import.call(0).resolve();
    assert!(task.step());
    assert_eq!(log.take(), ["subtask"]);
    stream_sender.write([1]);
    assert!(task.step());
    assert_eq!(log.take(), ["stream read"]);
    stream_receiver.read(1);
    assert!(task.step());
    assert_eq!(log.take(), ["stream write"]);
    future_sender.send(3);
    assert!(task.step());
    assert_eq!(log.take(), ["future read"]);
    future_receiver.receive();
    assert!(task.step());
    assert_eq!(log.take(), ["future write"]);
    assert!(task.has_exited());
}

#[test]
fn a_task_does_not_exit_while_something_is_awaited() {
    let host = host::install();
    let (writer, reader) = future::<u32>(|| 1);
    let mut peer = host.outgoing_future(reader);
    let task = host.start(async move { drop(writer) });
    assert!(task.is_waiting());
    // Events of others, and none at all, do not end it.
    assert!(matches!(task.deliver_raw(2, 50, 0), Code::Wait(_)));
    peer.receive();
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn several_tasks_of_one_instance_are_apart() {
    let host = host::install();
    let tasks: Vec<_> = (0..4u32)
        .map(|number| {
            let (mut reader, peer) = host.incoming_stream::<u32>();
            let task = host.start(async move {
                assert_eq!(reader.next().await, Some(number));
                assert_eq!(reader.next().await, Some(number + 10));
            });
            (task, peer, number)
        })
        .collect();
    let mut sets: Vec<_> = tasks
        .iter()
        .map(|(task, ..)| format!("{:?}", task.code()))
        .collect();
    sets.dedup();
    assert_eq!(sets.len(), 4, "each has a set of its own");
    let (mut waiting, mut round) = (tasks, 0);
    while round < 2 {
        for (task, peer, number) in waiting.iter_mut().rev() {
            assert!(!task.step(), "nothing for task {number} yet");
            peer.write([*number + 10 * round]);
            assert!(task.step());
        }
        round += 1;
    }
    assert!(waiting.iter().all(|(task, ..)| task.has_exited()));
}

#[test]
fn events_that_are_there_come_before_a_yield_but_not_without_end() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let got = Rc::new(Cell::new(0));
    // One turn is enough where it takes long.
    let (all, turns) = if cfg!(miri) { (130, 1) } else { (300, 2) };
    let task = host.start({
        let got = Rc::clone(&got);
        async move {
            while got.get() < all {
                let mut next = Box::pin(reader.next());
                assert!(poll_once(&mut next).await.is_pending());
                // There is always one more event.
                assert_eq!(peer.write([1]), Outcome::Completed(1));
                yield_async().await;
                assert_eq!(next.await, Some(1));
                got.set(got.get() + 1);
            }
        }
    });
    // Each turn takes 128; the last one is looked at in the next turn, which first sees that
    // no other one is there.
    for so_far in [127, 255].into_iter().take(turns) {
        assert_eq!((task.code(), got.get()), (Code::Yield, so_far));
        let polls = host.calls();
        let polls = polls
            .iter()
            .filter(|call| call.starts_with("waitable-set.poll") && call.contains("event"));
        assert_eq!(polls.count(), 128);
        assert!(task.step());
    }
    assert!(task.has_exited());
    assert_eq!(got.get(), all);
}

#[test]
fn a_future_that_yields_for_ever_sees_its_events() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        let mut read = Box::pin(reader.next());
        while poll_once(&mut read).await.is_pending() {
            yield_async().await;
        }
    });
    for _ in 0..10 {
        assert_eq!(task.code(), Code::Yield);
        assert!(task.step());
    }
    peer.write([1]);
    for _ in 0..2 {
        task.step();
    }
    assert!(task.has_exited());
}

// --- the rest

#[test]
fn backpressure_is_passed_on() {
    let host = host::install();
    wit_async::backpressure_inc();
    wit_async::backpressure_inc();
    wit_async::backpressure_dec();
    assert_eq!(host.backpressure(), 1, "one is left");
    wit_async::backpressure_dec();
    assert_eq!(host.backpressure(), 0);
    assert_eq!(host.calls(), ["backpressure.inc", "backpressure.dec"]);
}

#[test]
fn backpressure_has_no_bounds() {
    let host = host::install();
    // The host would trap at either.
    wit_async::backpressure_dec();
    // Past the bounds of the host, but for Miri, which takes minutes for that and has
    // nothing to see in a counter.
    let wishes = if cfg!(miri) { 100 } else { 100_000 };
    (0..wishes).for_each(|_| wit_async::backpressure_inc());
    (1..wishes).for_each(|_| wit_async::backpressure_dec());
    assert_eq!(host.backpressure(), 1);
    wit_async::backpressure_dec();
    wit_async::backpressure_dec();
    assert_eq!(host.backpressure(), 0);
}

#[test]
fn a_guard_of_backpressure_goes_with_its_future() {
    let host = host::install();
    let task = host.start(async {
        let _held = wit_async::Backpressure::hold();
        pending::<()>().await;
    });
    assert_eq!(host.backpressure(), 1);
    let other = wit_async::Backpressure::hold();
    assert_eq!(format!("{other:?}"), "Backpressure");
    task.cancel();
    assert_eq!(host.backpressure(), 1, "another one is left");
    drop(other);
    assert_eq!(host.backpressure(), 0);
}

#[test]
fn an_error_context_keeps_its_text_and_its_handle() {
    let host = host::install();
    for text in ["the disk is full", ""] {
        let context = ErrorContext::new(text);
        assert_eq!(context.debug_message(), text);
        assert_eq!(context.to_string(), text);
        assert_eq!(
            format!("{context:?}"),
            format!("ErrorContext {{ debug_message: {text:?} }}")
        );
        let same = ErrorContext::from_handle(context.handle());
        assert_eq!(context, same);
        // One of the two owns it.
        std::mem::forget(same);
        assert_eq!(
            host.calls(),
            [
                "error-context.new: 1",
                "error-context.debug-message 1",
                "error-context.debug-message 1",
                "error-context.debug-message 1",
            ]
        );
        drop(context);
        assert_eq!(host.calls(), ["error-context.drop 1"]);
    }
}

#[test]
#[should_panic(expected = "`backpressure_inc` was called outside of a component")]
fn without_a_host_the_built_in_is_named() {
    wit_async::backpressure_inc();
}

#[test]
#[should_panic(expected = "the host called back a task that was not started by this runtime")]
fn a_callback_of_a_task_that_is_not_ours_is_named() {
    let host = host::install();
    let task = host.start(async {});
    task.deliver_raw(0, 0, 0);
}
