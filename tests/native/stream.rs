//! Streams, on a host in the same process: which built-ins are called, and what
//! becomes of each item.

use crate::host::{self, Code, Log, Outcome, Rules, pause, poll_once, stream};
use std::pin::Pin;
use std::rc::Rc;
use wit_async::StreamResult;

// --- which built-ins are called

#[test]
fn a_read_that_is_ready_is_one_host_call() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    assert_eq!(peer.write([7, 8]), Outcome::Blocked);
    let task = host.start(async move {
        assert_eq!(reader.next().await, Some(7));
        assert_eq!(reader.read(Vec::with_capacity(4)).await.1, [8]);
    });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        [
            "stream.read 1 x1: completed 1",
            "stream.read 1 x4: completed 1",
            "stream.drop-readable 1",
        ]
    );
    assert_eq!(peer.settle(), Some(Outcome::Dropped(2)));
}

#[test]
fn a_write_that_is_ready_is_one_host_call() {
    let host = host::install();
    let (mut writer, reader) = stream::<u32>();
    let mut peer = host.outgoing_stream(reader);
    assert_eq!(peer.read(3), Outcome::Blocked);
    host.calls();
    let task = host.start(async move {
        assert_eq!(writer.write_one(7).await, None);
        let (result, rest) = writer.write(vec![8, 9]).await;
        assert_eq!((result, rest.remaining()), (StreamResult::Complete(2), 0));
    });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        [
            "stream.write 2 x1: completed 1",
            "stream.write 2 x2: completed 2",
            "stream.drop-writable 2",
        ]
    );
    assert_eq!(peer.settle(), Some(Outcome::Dropped(3)));
    assert_eq!(peer.received(), [7, 8, 9]);
}

#[test]
fn a_read_that_blocks_joins_once_and_stays_joined() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            while let Some(item) = reader.next().await {
                log.note(item);
            }
        }
    });
    assert!(task.is_waiting());
    assert_eq!(
        host.calls(),
        [
            "stream.read 1 x1: blocked",
            "waitable-set.new: 2",
            "waitable.join 1 2",
        ]
    );
    for item in 0..3 {
        assert_eq!(peer.write([item]), Outcome::Completed(1));
        assert_eq!(task.settle(), Code::Wait(2));
        assert_eq!(log.take(), [item]);
        assert_eq!(host.calls(), ["stream.read 1 x1: blocked"]);
    }
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(
        host.calls(),
        ["stream.drop-readable 1", "waitable-set.drop 2"]
    );
}

#[test]
fn a_write_that_blocks_joins_once_and_stays_joined() {
    let host = host::install();
    let (mut writer, reader) = stream::<u32>();
    let mut peer = host.outgoing_stream(reader);
    host.calls();
    let task = host.start(async move {
        for item in 0..4 {
            assert_eq!(writer.write_one(item).await, None);
        }
    });
    assert!(task.is_waiting());
    assert_eq!(
        host.calls(),
        [
            "stream.write 2 x1: blocked",
            "waitable-set.new: 1",
            "waitable.join 2 1",
        ]
    );
    for item in 0..3 {
        assert_eq!(peer.read(1), Outcome::Completed(1));
        assert_eq!(peer.received(), [item]);
        assert!(task.step());
        assert_eq!(host.calls(), ["stream.write 2 x1: blocked"]);
    }
    assert_eq!(peer.read(1), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(
        host.calls(),
        ["stream.drop-writable 2", "waitable-set.drop 1"]
    );
}

#[test]
fn a_cancelled_read_leaves_its_set_first_and_joins_again_when_it_blocks_again() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        let mut read = reader.read(Vec::with_capacity(4));
        assert!(poll_once(&mut read).await.is_pending());
        let (result, buffer) = Pin::new(&mut read).cancel();
        assert_eq!((result, buffer.capacity()), (StreamResult::Cancelled, 4));
        drop(read);
        assert_eq!(reader.next().await, Some(5));
    });
    assert!(task.is_waiting());
    assert_eq!(
        host.calls(),
        [
            "stream.read 1 x4: blocked",
            "waitable-set.new: 2",
            "waitable.join 1 2",
            "waitable.join 1 0",
            "stream.cancel-read 1: cancelled 0",
            "stream.read 1 x1: blocked",
            "waitable.join 1 2",
        ]
    );
    assert_eq!(peer.write([5]), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn dropping_a_write_in_flight_cancels_it() {
    let host = host::install();
    let (mut writer, reader) = stream::<String>();
    let mut peer = host.outgoing_stream(reader);
    host.calls();
    let task = host.start(async move {
        let mut write = writer.write(vec!["a".to_owned(), "b".to_owned()]);
        assert!(poll_once(&mut write).await.is_pending());
        drop(write);
    });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        [
            "stream.write 2 x2: blocked",
            "waitable-set.new: 1",
            "waitable.join 2 1",
            "waitable.join 2 0",
            "stream.cancel-write 2: cancelled 0",
            "stream.drop-writable 2",
            "waitable-set.drop 1",
        ]
    );
    assert_eq!(peer.read(1), Outcome::Dropped(0));
}

#[test]
fn an_operation_that_was_never_polled_calls_nothing_when_it_is_cancelled() {
    let host = host::install();
    let (mut reader, _peer) = host.incoming_stream::<u32>();
    let (mut writer, outgoing) = stream::<u32>();
    let _other = host.outgoing_stream(outgoing);
    host.calls();
    let mut read = reader.read(Vec::with_capacity(1));
    assert_eq!(Pin::new(&mut read).cancel().0, StreamResult::Cancelled);
    let mut write = writer.write(vec![1, 2]);
    let (result, buffer) = Pin::new(&mut write).cancel();
    assert_eq!(result, StreamResult::Cancelled);
    assert_eq!(buffer.into_vec(), [1, 2]);
    assert_eq!(host.calls(), [""; 0]);
}

#[test]
fn a_cancel_that_finds_the_event_delivered_calls_nothing() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            let mut read = reader.read(Vec::with_capacity(4));
            assert!(poll_once(&mut read).await.is_pending());
            pause().await;
            host.calls();
            let (result, items) = Pin::new(&mut read).cancel();
            assert_eq!((result, items), (StreamResult::Complete(2), vec![1, 2]));
            assert_eq!(host.calls(), [""; 0]);
        }
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write([1, 2]), Outcome::Completed(2));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_reader_that_is_handed_away_leaves_its_set_first() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let away = Log::new();
    let task = host.start({
        let (host, away) = (Rc::clone(&host), away.clone());
        async move {
            assert_eq!(reader.next().await, Some(1));
            host.calls();
            away.note(host.outgoing_stream(reader));
        }
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write([1]), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(host.calls(), ["waitable.join 1 0", "waitable-set.drop 2"]);
    let mut reader = away.take().pop().expect("it was handed away");
    assert_eq!(peer.write([2]), Outcome::Blocked);
    assert_eq!(reader.read(1), Outcome::Completed(1));
    assert_eq!(reader.received(), [2]);
}

// --- cancels that race

#[test]
fn a_cancel_that_loses_the_race_yields_what_arrived() {
    for cancel_says_completed in [false, true] {
        let host = host::install_with(Rules {
            cancel_says_completed,
            ..Rules::default()
        });
        let (mut reader, mut peer) = host.incoming_stream::<String>();
        let task = host.start(async move {
            let mut read = reader.read(Vec::with_capacity(4));
            assert!(poll_once(&mut read).await.is_pending());
            peer.write(["a".to_owned(), "b".to_owned()]);
            let (result, items) = Pin::new(&mut read).cancel();
            assert_eq!(result, StreamResult::Complete(2));
            assert_eq!(items, ["a", "b"]);
            drop(read);
            // The end is idle again.
            peer.write(["c".to_owned()]);
            assert_eq!(reader.next().await.as_deref(), Some("c"));
        });
        assert!(task.has_exited());
    }
}

#[test]
fn a_cancel_that_finds_the_other_end_gone_finishes_the_stream() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            let mut read = reader.read(Vec::with_capacity(4));
            assert!(poll_once(&mut read).await.is_pending());
            peer.write([1]);
            drop(peer);
            let (result, items) = Pin::new(&mut read).cancel();
            assert_eq!((result, items), (StreamResult::Complete(1), vec![1]));
            drop(read);
            host.calls();
            assert_eq!(reader.next().await, None);
            assert_eq!(host.calls(), [""; 0]);
        }
    });
    assert!(task.has_exited());
}

#[test]
fn a_cancelled_write_gives_back_what_was_not_sent() {
    let host = host::install();
    let (mut writer, reader) = stream::<String>();
    let mut peer = host.outgoing_stream(reader);
    let task = host.start(async move {
        let texts = ["a", "b", "c"].map(str::to_owned).to_vec();
        let mut write = writer.write(texts);
        assert!(poll_once(&mut write).await.is_pending());
        assert_eq!(peer.read(1), Outcome::Completed(1));
        let (result, rest) = Pin::new(&mut write).cancel();
        assert_eq!(result, StreamResult::Complete(1));
        assert_eq!(rest.remaining(), 2);
        assert_eq!(rest.into_vec(), ["b", "c"]);
    });
    assert!(task.has_exited());
}
