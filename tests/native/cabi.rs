//! The `wasip3_task` C ABI: our operations on executors of other bindings.

use crate::host::foreign::Executor;
use crate::host::imports::{Import, Shout, Until};
use crate::host::{self, Code, Log, Outcome, future, panic_message, poll_once};
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use wit_async::rt::async_support::Subtask as _;
use wit_async::{block_on, spawn_local};

/// Of the C ABI, as far as we provide it.
pub const VERSIONS: [u32; 3] = [1, 2, 3];

/// Those of executors, a later one among them: it has all that ours has.
const EXECUTORS: [u32; 4] = [1, 2, 3, 4];

#[test]
fn an_operation_of_ours_completes_under_every_version() {
    for version in EXECUTORS {
        let host = host::install();
        let executor = Executor::new(version);
        let (mut reader, mut peer) = host.incoming_stream::<u32>();
        let mut reading = Box::pin(async move { (reader.next().await, reader.next().await) });
        assert!(executor.poll(&mut reading).is_pending());
        assert_eq!(executor.registered(), [2]);
        assert_eq!(executor.clones(), usize::from(version >= 2));
        host.calls();
        // Polled again by the same task, it is registered already.
        assert!(executor.poll(&mut reading).is_pending());
        assert_eq!(host.calls(), [""; 0]);
        for item in [4, 5] {
            assert_eq!(peer.write([item]), Outcome::Completed(1));
            assert!(executor.step());
            // One event, one registration.
            assert_eq!((executor.registered(), executor.clones()), (vec![], 0));
            let poll = executor.poll(&mut reading);
            assert_eq!(poll.is_ready(), item == 5);
        }
    }
}

#[test]
fn a_subtask_of_ours_goes_through_all_its_states_under_every_version() {
    for version in EXECUTORS {
        let host = host::install();
        let executor = Executor::new(version);
        let import = Import::new(Until::Starting);
        let mut call = Box::pin({
            let import = import.clone();
            async move { Shout(import).call("hey".to_owned()).await }
        });
        assert!(executor.poll(&mut call).is_pending());
        import.call(0).start();
        assert!(executor.step());
        assert!(executor.poll(&mut call).is_pending());
        assert_eq!(import.freed.take(), ["lists"]);
        import.call(0).resolve();
        assert!(executor.step());
        assert_eq!(executor.poll(&mut call), Poll::Ready("HEY".to_owned()));
        drop(call);
        drop(executor);
        drop(host);
    }
}

#[test]
fn an_operation_of_ours_that_is_dropped_in_its_task_unregisters() {
    for version in EXECUTORS {
        let host = host::install();
        let executor = Executor::new(version);
        let (reader, _peer) = host.incoming_future::<u32>();
        let mut read = Box::pin(reader.into_future());
        assert!(executor.poll(&mut read).is_pending());
        host.calls();
        executor.enter(|| drop(read));
        assert_eq!((executor.registered(), executor.clones()), (vec![], 0));
        assert_eq!(
            host.calls(),
            [
                "waitable.join 2 0",
                "future.cancel-read 2: cancelled",
                "future.drop-readable 2",
            ]
        );
    }
}

#[test]
fn an_operation_of_ours_that_is_dropped_elsewhere_leaves_the_set_all_the_same() {
    for version in EXECUTORS {
        let host = host::install();
        let executor = Executor::new(version);
        let other = Executor::new(1);
        let (reader, _peer) = host.incoming_future::<u32>();
        let mut read = Box::pin(reader.into_future());
        assert!(executor.poll(&mut read).is_pending());
        other.enter(|| drop(read));
        assert_eq!((executor.registered(), executor.clones()), (vec![], 0));
        assert!(!executor.step());
    }
}

#[test]
fn an_operation_that_moves_between_versions_unregisters_where_it_was() {
    for (first, second) in [(2, 1), (3, 1), (2, 3), (1, 2), (3, 3)] {
        let host = host::install();
        let (from, to) = (Executor::new(first), Executor::new(second));
        let (reader, mut peer) = host.incoming_future::<u32>();
        let mut read = Box::pin(reader.into_future());
        assert!(from.poll(&mut read).is_pending());
        assert!(to.poll(&mut read).is_pending());
        assert_eq!((from.registered(), from.clones()), (vec![], 0));
        assert!(!to.registered().is_empty());
        assert_eq!(peer.send(1), Outcome::Completed(1));
        assert!(!from.step());
        assert!(to.step());
        assert_eq!(to.poll(&mut read), Poll::Ready(1));
    }
}

#[test]
fn an_operation_that_was_polled_under_two_versions_can_be_dropped_under_none() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let mut read = Box::pin(reader.into_future());
    let (second, first) = (Executor::new(2), Executor::new(1));
    assert!(second.poll(&mut read).is_pending());
    assert!(first.poll(&mut read).is_pending());
    host.calls();
    // No code that may cancel it: it stays where it is until its event comes.
    drop(read);
    assert_eq!(host.calls(), [""; 0]);
    peer.send(1);
    assert!(!second.step());
    assert!(first.step());
    let calls = host.calls();
    assert_eq!(
        calls.last().map(String::as_str),
        Some("future.drop-readable 1")
    );
}

#[test]
fn an_operation_moves_between_our_task_and_a_foreign_one() {
    for version in EXECUTORS {
        let host = host::install();
        let (reader, mut peer) = host.incoming_future::<u32>();
        let shelf = Log::new();
        let ours = host.start({
            let shelf = shelf.clone();
            async move {
                let mut read = reader.into_future();
                assert!(poll_once(&mut read).await.is_pending());
                shelf.note(read);
            }
        });
        assert!(ours.is_waiting());
        let executor = Executor::new(version);
        let mut read = shelf.take().pop().expect("it was left");
        assert!(executor.poll(&mut read).is_pending());
        assert_eq!(executor.registered(), [1]);
        // The host lowers the value in the task that began the read: it stays.
        assert!(matches!(ours.settle(), Code::Wait(_)));
        // And back, into another task of ours.
        let log = Log::new();
        let again = host.start({
            let log = log.clone();
            async move { log.note(read.await) }
        });
        assert!(again.is_waiting());
        assert_eq!(executor.clones(), 0);
        peer.send(9);
        assert_eq!(again.settle(), Code::Exit);
        assert_eq!(log.take(), [9]);
        assert_eq!(ours.settle(), Code::Exit);
    }
}

#[test]
fn a_writer_dropped_in_a_foreign_task_writes_its_default_there() {
    for version in EXECUTORS {
        let host = host::install();
        let executor = Executor::new(version);
        let (writer, reader) = future::<String>(|| "default".to_owned());
        let mut peer = host.outgoing_future(reader);
        executor.enter(|| drop(writer));
        assert_eq!(executor.registered().len(), 1);
        assert_eq!(peer.receive(), Outcome::Completed(1));
        assert!(executor.step());
        assert_eq!((executor.registered(), executor.clones()), (vec![], 0));
    }
}

#[test]
fn spawning_in_a_foreign_task_needs_version_3_and_its_function() {
    let _host = host::install();
    for version in [3, 4] {
        let executor = Executor::new(version);
        let mut job = executor.enter(|| spawn_local(async { 4 }));
        let mut spawned = executor.spawned();
        assert_eq!(spawned.len(), 1);
        assert!(executor.poll(&mut job).is_pending());
        assert!(executor.poll(&mut spawned[0]).is_ready());
        assert_eq!(executor.poll(&mut job), Poll::Ready(Some(4)));
    }
    for executor in [
        Executor::new(1),
        Executor::new(2),
        Executor::v3_without_spawn(),
    ] {
        let message = panic_message(|| executor.enter(|| drop(spawn_local(async {}))));
        assert!(
            message.contains("other bindings that cannot spawn"),
            "{message}"
        );
    }
}

#[test]
fn what_is_kept_is_passed_on_in_a_foreign_task_that_spawns() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let executor = Executor::new(3);
    let items = ["a", "b"].map(str::to_owned);
    {
        let mut read = Box::pin(reader.read(Vec::with_capacity(2)));
        assert!(executor.poll(&mut read).is_pending());
        peer.write(items.clone());
        executor.enter(|| drop(read));
    }
    let mut other = executor.enter(|| host.outgoing_stream(reader));
    let mut spawned = executor.spawned();
    assert_eq!(spawned.len(), 1, "it is left to the executor");
    assert!(executor.poll(&mut spawned[0]).is_pending());
    // It waits for somebody who reads.
    assert_eq!(other.read(2), Outcome::Blocked);
    while executor.step() {
        assert!(executor.poll(&mut spawned[0]).is_pending());
    }
    other.settle();
    let read = other.received();
    assert_eq!(read, items);
    drop((other, peer));
    while executor.poll(&mut spawned[0]).is_pending() {
        executor.step();
    }
}

#[test]
fn block_on_in_a_foreign_task_is_a_task_of_ours_and_puts_the_cell_back() {
    let host = host::install();
    let executor = Executor::new(2);
    let (reader, mut peer) = host.incoming_future::<u32>();
    host.when_blocked(move || {
        peer.send(2);
    });
    executor.enter(|| {
        let cell = host.task_cell();
        assert_eq!(block_on(async { reader.await }), 2);
        assert_eq!(host.task_cell(), cell);
    });
    assert_eq!(executor.registered(), [0; 0]);
}

#[test]
fn block_on_in_a_foreign_task_may_cancel() {
    let host = host::install();
    let executor = Executor::new(3);
    let (reader, _peer) = host.incoming_future::<u32>();
    executor.enter(|| {
        block_on(async {
            let mut read = reader.into_future();
            assert!(host::poll_once(&mut read).await.is_pending());
        });
    });
    let calls = host.calls();
    assert!(
        calls.contains(&"future.cancel-read 2: cancelled".to_owned()),
        "{calls:#?}"
    );
}

// --- panics while registering

/// A waker whose clone panics.
fn thorny() -> Waker {
    const TABLE: RawWakerVTable =
        RawWakerVTable::new(|_| panic!("no clone today"), |_| {}, |_| {}, |_| {});
    // SAFETY: the data is not used.
    unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &TABLE)) }
}

#[test]
fn a_panic_while_registering_leaves_the_cell_and_the_operation_as_they_were() {
    for version in EXECUTORS {
        let host = host::install();
        let executor = Executor::new(version);
        let (reader, mut peer) = host.incoming_future::<u32>();
        let mut read = reader.into_future();
        executor.enter(|| {
            let cell = host.task_cell();
            let message = panic_message(|| {
                let _ = Pin::new(&mut read).poll(&mut Context::from_waker(&thorny()));
            });
            assert_eq!(message, "no clone today");
            assert_eq!(host.task_cell(), cell);
        });
        assert!(executor.poll(&mut read).is_pending());
        peer.send(5);
        assert!(executor.step());
        assert_eq!(executor.poll(&mut read), Poll::Ready(5));
    }
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            let mut read = reader.into_future();
            poll_fn(|_| {
                let cell = host.task_cell();
                let message = panic_message(|| {
                    let _ = Pin::new(&mut read).poll(&mut Context::from_waker(&thorny()));
                });
                assert_eq!(message, "no clone today");
                assert_eq!(host.task_cell(), cell);
                Poll::Ready(())
            })
            .await;
            assert_eq!(read.await, 5);
        }
    });
    assert!(task.is_waiting());
    peer.send(5);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_is_kept_is_left_to_a_task_of_ours_where_the_foreign_one_cannot_spawn() {
    let executors: [fn() -> Executor; 3] = [
        || Executor::new(1),
        || Executor::new(2),
        Executor::v3_without_spawn,
    ];
    for new in executors {
        let host = host::install();
        let (mut reader, mut peer) = host.incoming_stream::<String>();
        let executor = new();
        {
            let mut read = Box::pin(reader.read(Vec::with_capacity(2)));
            assert!(executor.poll(&mut read).is_pending());
            peer.write(["a".to_owned()]);
            executor.enter(|| drop(read));
        }
        let mut other = executor.enter(|| host.outgoing_stream(reader));
        assert_eq!(other.read(2), Outcome::Blocked);
        let task = host.start(async {});
        while task.step() {}
        assert_eq!(other.settle(), Some(Outcome::Completed(1)));
        assert_eq!(other.received(), ["a"]);
        drop((other, peer));
        assert_eq!(task.settle(), Code::Exit);
    }
}

#[test]
fn what_runs_while_block_on_waits_in_a_foreign_task_is_no_part_of_it() {
    for version in EXECUTORS {
        let host = host::install();
        let executor = Executor::new(version);
        let (reader, mut peer) = host.incoming_future::<u32>();
        let inner = Rc::clone(&host);
        host.when_blocked(move || {
            inner.call_sync(|| {
                assert!(inner.task_cell().is_null());
                let message = panic_message(|| drop(spawn_local(async {})));
                assert!(message.contains("outside of a task"), "{message}");
            });
            peer.send(2);
        });
        executor.enter(|| assert_eq!(block_on(async { reader.await }), 2));
    }
}
