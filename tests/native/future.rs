//! Futures, on a host in the same process.

use crate::host::{
    self, Code, Fussy, Installed, Log, OnDrop, Outcome, Peer, Task, Wire, fussy_default, future,
    pause, poll_once,
};
use std::fmt::Debug;
use std::future::IntoFuture;
use std::pin::Pin;
use std::rc::Rc;
use wit_async::{FutureWriteCancel, spawn_local};

// --- which built-ins are called

#[test]
fn a_value_that_is_there_takes_one_host_call() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    assert_eq!(peer.send(7), Outcome::Blocked);
    let task = host.start(async move { assert_eq!(reader.await, 7) });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        ["future.read 1: completed", "future.drop-readable 1"]
    );
    assert_eq!(peer.settle(), Some(Outcome::Completed(0)));
}

#[test]
fn a_read_that_blocks_joins_and_gets_the_value_with_the_event() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<String>();
    let task = host.start(async move { assert_eq!(reader.await, "hello") });
    assert!(task.is_waiting());
    assert_eq!(
        host.calls(),
        [
            "future.read 1: blocked",
            "waitable-set.new: 2",
            "waitable.join 1 2",
        ]
    );
    assert_eq!(peer.send("hello".to_owned()), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(
        host.calls(),
        ["future.drop-readable 1", "waitable-set.drop 2"]
    );
}

#[test]
fn a_write_that_is_awaited_already_takes_one_host_call() {
    let host = host::install();
    let (writer, reader) = future::<String>(|| unreachable!("it is written"));
    let mut peer = host.outgoing_future(reader);
    assert_eq!(peer.receive(), Outcome::Blocked);
    host.calls();
    let task = host.start(async move {
        writer.write("hello".to_owned()).await.expect("it is read");
    });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        ["future.write 2: completed", "future.drop-writable 2"]
    );
    assert_eq!(peer.settle(), Some(Outcome::Completed(0)));
    assert_eq!(peer.received(), ["hello"]);
}

/// A task that writes the only future there is waits until the peer reads, which
/// gets this value.
pub fn blocks_until_read<T: Wire + PartialEq + Debug>(
    host: &Installed,
    task: &Task,
    peer: &mut Peer<T>,
    value: T,
) {
    assert!(task.is_waiting());
    assert_eq!(
        host.calls(),
        [
            "future.write 2: blocked",
            "waitable-set.new: 1",
            "waitable.join 2 1",
        ]
    );
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(
        host.calls(),
        ["future.drop-writable 2", "waitable-set.drop 1"]
    );
    assert_eq!(peer.received(), [value]);
}

#[test]
fn a_write_that_blocks_completes_when_the_value_is_read() {
    let host = host::install();
    let (writer, reader) = future::<String>(|| unreachable!("it is written"));
    let mut peer = host.outgoing_future(reader);
    host.calls();
    let task = host.start(async move {
        writer.write("hello".to_owned()).await.expect("it is read");
    });
    blocks_until_read(&host, &task, &mut peer, "hello".to_owned());
}

#[test]
fn a_future_of_units_needs_no_memory() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<()>();
    let task = host.start(reader.into_future());
    assert!(task.is_waiting());
    peer.send(());
    assert_eq!(task.settle(), Code::Exit);
}

// --- the other end goes away

#[test]
fn a_write_to_a_reader_that_left_gives_the_value_back() {
    let host = host::install();
    let (writer, reader) = future::<String>(|| unreachable!("it is written"));
    drop(host.outgoing_future(reader));
    host.calls();
    let task = host.start(async move {
        let unsent = writer.write("hello".to_owned()).await;
        assert_eq!(unsent.expect_err("nobody reads").value, "hello");
    });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        ["future.write 2: dropped", "future.drop-writable 2"]
    );
}

#[test]
fn a_write_in_flight_gives_the_value_back_when_the_reader_leaves() {
    let host = host::install();
    let (writer, reader) = future::<String>(|| unreachable!("it is written"));
    let peer = host.outgoing_future(reader);
    let task = host.start(async move {
        let unsent = writer.write("hello".to_owned()).await;
        assert_eq!(unsent.expect_err("nobody reads").value, "hello");
    });
    assert!(task.is_waiting());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_writer_that_was_told_unasked_still_has_to_write() {
    let host = host::install();
    let (writer, reader) = future::<u32>(|| 1);
    let peer = host.outgoing_future(reader);
    let task = host.start(async move {
        let mut write = writer.write(7);
        assert!(poll_once(&mut write).await.is_pending());
        let FutureWriteCancel::Cancelled(7, writer) = Pin::new(&mut write).cancel() else {
            panic!("nobody read, nobody left")
        };
        pause().await;
        drop(writer);
    });
    assert!(task.is_waiting());
    host.calls();
    drop(peer);
    // DROPPED for the idle writable end.
    assert_eq!(task.deliver_raw(5, 2, 1), Code::Exit);
    assert_eq!(
        host.calls(),
        [
            "future.write 2: dropped",
            "future.drop-writable 2",
            "waitable-set.drop 1",
        ]
    );
}

// --- cancel

#[test]
fn a_cancelled_read_gives_the_end_back_and_can_be_made_again() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let task = host.start(async move {
        let mut read = reader.into_future();
        assert!(poll_once(&mut read).await.is_pending());
        let reader = Pin::new(&mut read).cancel().expect_err("no value yet");
        assert_eq!(reader.await, 7);
    });
    assert!(task.is_waiting());
    assert_eq!(
        host.calls(),
        [
            "future.read 1: blocked",
            "waitable-set.new: 2",
            "waitable.join 1 2",
            "waitable.join 1 0",
            "future.cancel-read 1: cancelled",
            "future.read 1: blocked",
            "waitable.join 1 2",
        ]
    );
    peer.send(7);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_cancelled_read_may_find_the_value() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<String>();
    let task = host.start(async move {
        let mut read = reader.into_future();
        assert!(poll_once(&mut read).await.is_pending());
        peer.send("there".to_owned());
        let value = Pin::new(&mut read).cancel().expect("it was sent");
        assert_eq!(value, "there");
    });
    assert!(task.has_exited());
}

#[test]
fn a_read_that_is_dropped_in_flight_is_cancelled_and_the_end_goes() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<String>();
    let task = host.start(async move {
        let mut read = reader.into_future();
        assert!(poll_once(&mut read).await.is_pending());
        drop(read);
    });
    assert!(task.has_exited());
    assert_eq!(
        host.calls()[3..],
        [
            "waitable.join 1 0",
            "future.cancel-read 1: cancelled",
            "future.drop-readable 1",
            "waitable-set.drop 2",
        ]
    );
    assert_eq!(peer.send("late".to_owned()), Outcome::Dropped(0));
}

#[test]
fn a_read_that_is_dropped_with_its_value_drops_the_value() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<String>();
    let task = host.start(async move {
        let mut read = reader.into_future();
        assert!(poll_once(&mut read).await.is_pending());
        peer.send("lost".to_owned());
        drop(read);
    });
    assert!(task.has_exited());
}

#[test]
fn a_cancelled_write_says_what_it_found() {
    let host = host::install();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            // In flight: the value and the end come back.
            let (writer, reader) = future::<String>(|| unreachable!("it is written"));
            let mut peer = host.outgoing_future(reader);
            let mut write = writer.write("one".to_owned());
            assert!(poll_once(&mut write).await.is_pending());
            let FutureWriteCancel::Cancelled(value, writer) = Pin::new(&mut write).cancel() else {
                panic!("nobody read")
            };
            assert_eq!(value, "one");
            // Read meanwhile.
            let mut write = writer.write("two".to_owned());
            assert!(poll_once(&mut write).await.is_pending());
            assert_eq!(peer.receive(), Outcome::Completed(1));
            let found = Pin::new(&mut write).cancel();
            assert!(matches!(found, FutureWriteCancel::AlreadySent));
            assert_eq!(peer.received(), ["two"]);
            // The reader left meanwhile.
            let (writer, reader) = future::<String>(|| unreachable!("it is written"));
            let peer = host.outgoing_future(reader);
            let mut write = writer.write("three".to_owned());
            assert!(poll_once(&mut write).await.is_pending());
            drop(peer);
            let FutureWriteCancel::Dropped(value) = Pin::new(&mut write).cancel() else {
                panic!("the reader left")
            };
            assert_eq!(value, "three");
        }
    });
    assert!(task.has_exited());
}

// --- nobody is disturbed

#[test]
fn a_spawned_write_outlives_the_root() {
    let host = host::install();
    let (writer, reader) = future::<Fussy>(fussy_default);
    let mut peer = host.outgoing_future(reader);
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let _end = OnDrop(move || log.note("root ended"));
            spawn_local(async move {
                writer
                    .write(Fussy::new("spawned"))
                    .await
                    .expect("it is read");
            });
        }
    });
    assert!(matches!(task.settle(), Code::Wait(_)));
    assert_eq!(log.take(), ["root ended"]);
    peer.receive();
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.received(), [Fussy::new("spawned")]);
}
