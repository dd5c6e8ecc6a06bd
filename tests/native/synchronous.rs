//! What is possible in synchronous code and what is not: to cancel, to hand an end
//! away, and to leave something with `block_on`.

use crate::begun::{begins, install, leaves_a_read, live};
use crate::host::imports::{Import, Offered, Until};
use crate::host::{
    self, Code, Installed, Log, Outcome, future, panic_message, pause, poll_once, stream,
};
use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use wit_async::rt::async_support::Subtask as _;
use wit_async::{FutureWriteCancel, StreamReader, block_on};

#[test]
fn cancelling_in_synchronous_code_panics_and_dropping_is_possible() {
    let host = install();
    let (reader, _peer) = host.incoming_future::<u32>();
    let mut read = reader.into_future();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            assert!(poll_once(&mut read).await.is_pending());
            shelf.note(read);
        }
    });
    let mut read = shelf.take().pop().expect("it was begun");
    let message = panic_message(|| {
        let _ = host.call_sync(|| Pin::new(&mut read).cancel());
    });
    assert_eq!(
        message,
        "`FutureRead` on handle 1 was cancelled in synchronous code, where the host forbids it; \
         dropping it is possible"
    );
    host.call_sync(|| drop(read));
    assert_eq!(task.settle(), Code::Exit);
}

/// An operation that a task began, and that is over after `ends`: the host has delivered its
/// event to the task, and nobody has looked at it yet.
fn over<F: Future + Unpin + 'static>(host: &Installed, mut operation: F, ends: impl FnOnce()) -> F {
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            assert!(poll_once(&mut operation).await.is_pending());
            shelf.note(operation);
            pause().await;
        }
    });
    let operation = shelf.take().pop().expect("it was begun");
    ends();
    assert_eq!(task.settle(), Code::Exit);
    operation
}

#[test]
fn what_is_over_can_be_cancelled_in_synchronous_code_too() {
    let host = install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let mut read = over(&host, reader.into_future(), || {
        assert_eq!(peer.send(5), Outcome::Completed(1));
    });
    let cancelled = host.call_sync(|| Pin::new(&mut read).cancel());
    assert_eq!(cancelled.ok(), Some(5));
    let (writer, reader) = future::<u32>(|| 0);
    let mut peer = host.outgoing_future(reader);
    let mut write = over(&host, writer.write(5), || {
        assert_eq!(peer.read(1), Outcome::Completed(1));
    });
    let cancelled = host.call_sync(|| Pin::new(&mut write).cancel());
    assert!(matches!(cancelled, FutureWriteCancel::AlreadySent));
}

#[test]
fn a_reader_is_handed_away_while_a_read_goes_on() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let (task, reader) = leaves_a_read(&host, reader);
    let mut receiver = host.call_sync(|| host::host().outgoing_stream(reader));
    // The task in whose set it is passes on what comes.
    assert!(task.step());
    assert_eq!(receiver.read(4), Outcome::Blocked);
    assert!(task.step());
    peer.write([1, 2]);
    assert!(task.step());
    assert_eq!(receiver.settle(), Some(Outcome::Completed(1)));
    assert_eq!(receiver.received(), [1]);
    drop(receiver);
    // It is noticed when there is something to pass on.
    peer.write([3]);
    assert_eq!(task.settle(), Code::Exit);
}

// --- block_on

#[test]
fn a_read_of_numbers_that_block_on_leaves_belongs_to_no_task() {
    let host = install();
    let (mut reader, _peer) = host.incoming_stream::<u32>();
    host.call_sync(|| {
        block_on(async {
            assert!(futures::poll!(pin!(reader.next())).is_pending());
        });
        drop(reader);
    });
    live(|live| assert_eq!((live.orphans, live.ends), (1, 1)));
    // The next task that may cancel settles it.
    assert!(host.start(async {}).has_exited());
    live(|live| assert_eq!((live.orphans, live.ends), (0, 0)));
}

/// What `block_on` in synchronous code says that leaves the operation on waitable 1.
const LEFT: &str = "`block_on` in synchronous code leaves the operation on waitable 1 in flight: \
                    the host forbids to cancel it there, and wants the code to be there when it ends";

#[test]
fn block_on_does_not_leave_what_the_host_wants_its_task_for() {
    let host = install();
    let import = Import::new(Until::Started);
    let mut offered = Offered::new(&import);
    let message = panic_message(|| {
        host.call_sync(|| {
            block_on(async {
                assert!(futures::poll!(pin!(offered.call("hey".to_owned()))).is_pending());
            });
        });
    });
    assert_eq!(message, LEFT);
    assert!(host.start(async {}).has_exited());
}

/// The host forbids to cancel in synchronous code that has not blocked.
#[test]
fn block_on_that_found_an_event_at_once_has_not_blocked() {
    let host = install();
    // Handle 1.
    let (mut slow, _peer) = host.incoming_stream::<String>();
    let (mut quick, mut peer) = host.incoming_stream::<u32>();
    let message = panic_message(|| {
        host.call_sync(|| {
            block_on(async {
                let mut next = pin!(quick.next());
                assert!(futures::poll!(&mut next).is_pending());
                assert_eq!(peer.write([1]), Outcome::Completed(1));
                assert_eq!(next.await, Some(1));
                assert!(futures::poll!(pin!(slow.next())).is_pending());
            });
        });
    });
    assert_eq!(message, LEFT);
    drop((slow, quick));
    assert!(host.start(async {}).has_exited());
}

#[test]
fn block_on_does_not_let_out_what_the_host_wants_its_task_for() {
    let host = install();
    let (reader, _peer) = host.incoming_future::<String>();
    let shelf = Log::new();
    let message = panic_message(|| {
        host.call_sync(|| {
            block_on(async {
                let mut read = reader.into_future();
                assert!(poll_once(&mut read).await.is_pending());
                shelf.note(read);
            });
        });
    });
    assert_eq!(message, LEFT);
    drop(shelf.take());
    assert!(host.start(async {}).has_exited());
}

#[test]
fn nor_what_went_to_a_nested_block_on_and_came_back() {
    let host = install();
    let (reader, _peer) = host.incoming_future::<String>();
    let shelf = Log::new();
    let message = panic_message(|| {
        host.call_sync(|| {
            block_on(async {
                let mut read = reader.into_future();
                assert!(poll_once(&mut read).await.is_pending());
                block_on(async { assert!(poll_once(&mut read).await.is_pending()) });
                assert!(poll_once(&mut read).await.is_pending());
                shelf.note(read);
            });
        });
    });
    assert_eq!(message, LEFT);
    drop(shelf.take());
    assert!(host.start(async {}).has_exited());
}

#[test]
fn what_a_task_began_may_be_dropped_in_block_on() {
    let host = install();
    let (reader, _peer) = host.incoming_future::<String>();
    let (task, mut read) = begins(&host, async move {
        reader.await;
    });
    host.call_sync(|| {
        block_on(async move {
            assert!(poll_once(&mut read).await.is_pending());
            drop(read);
        });
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_a_task_began_comes_back_to_it_from_block_on() {
    let host = install();
    let (reader, mut peer) = host.incoming_future::<String>();
    let (task, mut read) = begins(&host, async move {
        reader.await;
    });
    host.call_sync(|| block_on(async { assert!(poll_once(&mut read).await.is_pending()) }));
    assert!(matches!(task.settle(), Code::Wait(_)));
    peer.send("over".to_owned());
    assert_eq!(task.settle(), Code::Exit);
    host.call_sync(|| drop(read));
}

#[test]
fn what_went_to_a_nested_block_on_and_back_belongs_to_no_task_in_the_end() {
    let host = install();
    let (mut writer, reader) = stream::<u32>();
    let _peer = host.outgoing_stream(reader);
    host.call_sync(|| {
        block_on(async {
            let mut write = Box::pin(writer.write_one(1));
            assert!(poll_once(&mut write).await.is_pending());
            block_on(async { assert!(poll_once(&mut write).await.is_pending()) });
            assert!(poll_once(&mut write).await.is_pending());
        });
        drop(writer);
    });
    live(|live| assert_eq!(live.orphans, 1));
    assert!(host.start(async {}).has_exited());
}

// --- code that may block

/// Drops a write in flight when a read has come that `waits` waited for; the built-ins that
/// were called then.
fn cancels_behind(waits: impl AsyncFnOnce(StreamReader<u32>)) -> Vec<String> {
    let host = host::install();
    let (mut writer, reader) = stream::<String>();
    let _peer = host.outgoing_stream(reader);
    let (other, mut other_peer) = host.incoming_stream::<u32>();
    host.when_blocked(move || {
        other_peer.write([1]);
    });
    block_on(async {
        let mut write = Box::pin(writer.write_one("item".to_owned()));
        assert!(poll_once(&mut write).await.is_pending());
        waits(other).await;
        host.calls();
        drop(write);
        host.calls()
    })
}

#[test]
fn code_that_has_blocked_may_cancel() {
    let calls = cancels_behind(async |mut other| assert_eq!(other.next().await, Some(1)));
    assert!(calls[1].ends_with(": cancelled 0"), "{calls:#?}");
}

#[test]
fn in_a_task_block_on_may_cancel() {
    let host = install();
    let (mut reader, _peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        block_on(async { assert!(futures::poll!(pin!(reader.next())).is_pending()) });
        live(|live| assert_eq!(live.operations, 0));
    });
    assert!(task.has_exited());
}

#[test]
fn code_that_has_blocked_in_a_nested_block_on_may_cancel() {
    let calls = cancels_behind(async |mut other| assert_eq!(block_on(other.next()), Some(1)));
    assert!(calls[1].ends_with(": cancelled 0"), "{calls:#?}");
}

#[test]
fn a_write_behind_one_that_was_dropped_here_has_to_be_polled_where_it_can_wait() {
    let host = install();
    let (mut writer, reader) = stream::<String>();
    let mut peer = host.outgoing_stream(reader);
    let text = || vec!["a".to_owned()];
    let message = host.call_sync(|| {
        block_on(async {
            let mut write = pin!(writer.write(text()));
            assert!(poll_once(&mut write).await.is_pending());
        });
        panic_message(|| {
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            let _ = pin!(writer.write(text())).poll(&mut cx);
        })
    });
    assert_eq!(
        message,
        "`StreamWriter::write` on handle 2 was polled outside of a task: it has to wait for the \
         operation before it, and only an async export or `block_on` can"
    );
    let task = host.start(async move {
        let (result, _) = writer.write(text()).await;
        assert_eq!(result, wit_async::StreamResult::Complete(1));
    });
    assert_eq!(peer.read(8), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.received(), ["a"]);
}
