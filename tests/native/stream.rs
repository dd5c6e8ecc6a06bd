//! Streams, on a host in the same process: which built-ins are called, and what
//! becomes of each item.

use crate::host::{self, Code, Log, Outcome, Rules, pause, poll_once, stream};
use futures::StreamExt;
use std::pin::Pin;
use std::rc::Rc;
use wit_async::StreamResult;

const NOTICES: Rules = Rules {
    notices: true,
    ..Rules::STRICT
};

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

// --- ends that are done

#[test]
fn after_the_end_of_a_stream_the_host_is_not_asked_again() {
    let host = host::install();
    let (mut reader, peer) = host.incoming_stream::<u32>();
    drop(peer);
    let task = host.start(async move {
        assert_eq!(reader.next().await, None);
        assert_eq!(reader.next().await, None);
        let (result, buffer) = reader.read(Vec::with_capacity(3)).await;
        assert_eq!((result, buffer), (StreamResult::Dropped, vec![]));
    });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        ["stream.read 1 x1: dropped 0", "stream.drop-readable 1"]
    );
}

#[test]
fn a_read_that_is_told_of_the_end_while_it_waits_ends_the_stream() {
    let host = host::install();
    let (mut reader, peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        assert_eq!(reader.next().await, None);
        assert_eq!(reader.next().await, None);
    });
    assert!(task.is_waiting());
    host.calls();
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(
        host.calls(),
        ["stream.drop-readable 1", "waitable-set.drop 2"]
    );
}

#[test]
fn writes_to_a_reader_that_left_give_the_values_back_for_ever() {
    let host = host::install();
    let (mut writer, reader) = stream::<u32>();
    drop(host.outgoing_stream(reader));
    host.calls();
    let task = host.start(async move {
        assert_eq!(writer.write_one(1).await, Some(1));
        assert_eq!(writer.write_one(2).await, Some(2));
        let (result, buffer) = writer.write(vec![3, 4]).await;
        assert_eq!(result, StreamResult::Dropped);
        assert_eq!(buffer.into_vec(), [3, 4]);
        assert_eq!(writer.write_all(vec![5]).await, [5]);
    });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        ["stream.write 2 x1: dropped 0", "stream.drop-writable 2"]
    );
}

#[test]
fn the_last_items_and_the_end_may_come_together() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        let (result, items) = reader.read(Vec::with_capacity(8)).await;
        assert_eq!(
            (result, items),
            (StreamResult::Complete(4), vec![1, 2, 3, 4])
        );
        assert_eq!(reader.next().await, None);
    });
    assert!(task.is_waiting());
    host.calls();
    assert_eq!(peer.write([1, 2, 3, 4]), Outcome::Completed(4));
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(
        host.calls(),
        ["stream.drop-readable 1", "waitable-set.drop 2"]
    );
}

#[test]
fn an_idle_reader_that_is_told_of_the_end_does_not_read_again() {
    let host = host::install_with(NOTICES);
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        assert_eq!(reader.next().await, Some(1));
        pause().await;
        assert_eq!(reader.next().await, None);
    });
    assert!(task.is_waiting());
    peer.write([1]);
    assert!(task.step());
    assert!(task.is_waiting());
    host.calls();
    drop(peer);
    // Nobody waits for this, so the event alone polls the task.
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(
        host.calls(),
        ["stream.drop-readable 1", "waitable-set.drop 2"]
    );
}

#[test]
fn an_idle_writer_that_is_told_that_the_reader_left_does_not_write_again() {
    let host = host::install_with(NOTICES);
    let (mut writer, reader) = stream::<u32>();
    let mut peer = host.outgoing_stream(reader);
    let task = host.start(async move {
        assert_eq!(writer.write_one(1).await, None);
        pause().await;
        assert_eq!(writer.write_one(2).await, Some(2));
    });
    assert!(task.is_waiting());
    peer.read(1);
    assert!(task.step());
    assert!(task.is_waiting());
    host.calls();
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(
        host.calls(),
        ["stream.drop-writable 2", "waitable-set.drop 1"]
    );
}

#[test]
fn a_result_that_was_not_fetched_survives_the_news_that_the_other_end_left() {
    let host = host::install_with(NOTICES);
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        let mut read = reader.read(Vec::with_capacity(2));
        assert!(poll_once(&mut read).await.is_pending());
        // The items come, then the news; nobody looks in between.
        pause().await;
        pause().await;
        let (result, items) = read.await;
        assert_eq!(result, StreamResult::Complete(2));
        assert_eq!(items, ["a", "b"]);
        assert_eq!(reader.next().await, None);
    });
    assert!(task.is_waiting());
    assert_eq!(
        peer.write(["a".to_owned(), "b".to_owned()]),
        Outcome::Completed(2)
    );
    assert!(task.step());
    assert!(task.is_waiting());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_write_whose_result_was_not_fetched_does_not_send_twice() {
    let host = host::install_with(NOTICES);
    let (mut writer, reader) = stream::<String>();
    let mut peer = host.outgoing_stream(reader);
    let task = host.start(async move {
        let mut write = writer.write(vec!["a".to_owned()]);
        assert!(poll_once(&mut write).await.is_pending());
        pause().await;
        pause().await;
        let (result, rest) = write.await;
        assert_eq!(result, StreamResult::Complete(1));
        assert!(rest.into_vec().is_empty());
    });
    assert!(task.is_waiting());
    assert_eq!(peer.read(1), Outcome::Completed(1));
    assert!(task.step());
    assert!(task.is_waiting());
    assert_eq!(peer.received(), ["a"]);
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn late_and_unknown_events_are_ignored() {
    let host = host::install();
    let (mut reader, peer) = host.incoming_stream::<u32>();
    let (mut other, mut sender) = host.incoming_stream::<u32>();
    drop(peer);
    let task = host.start(async move {
        assert_eq!(reader.next().await, None);
        assert_eq!(other.next().await, Some(3));
        assert_eq!(reader.next().await, None);
    });
    assert!(task.is_waiting());
    // DROPPED once more, for an end that has heard it.
    assert!(matches!(task.deliver_raw(2, 1, 1), Code::Wait(_)));
    // COMPLETED for a read that nobody made, and for a handle that is none.
    assert!(matches!(task.deliver_raw(2, 1, 0x10), Code::Wait(_)));
    assert!(matches!(task.deliver_raw(3, 77, 0x10), Code::Wait(_)));
    sender.write([3]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_late_event_does_not_reach_the_next_owner_of_a_handle() {
    let host = host::install_with(NOTICES);
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            assert_eq!(reader.next().await, Some(1));
            pause().await;
            // It has been told; the handle goes, and the next stream gets it.
            drop(reader);
            let (mut next, mut sender) = host.incoming_stream::<u32>();
            assert_eq!(next.handle(), 1);
            sender.write([2]);
            assert_eq!(next.next().await, Some(2));
        }
    });
    peer.write([1]);
    assert!(task.step());
    assert!(task.is_waiting());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_read_that_completes_with_nothing_is_not_the_end() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            log.note(reader.next().await);
            let mut stream = reader.into_stream();
            log.note(stream.next().await);
        }
    });
    assert!(task.is_waiting());
    // A host may finish a copy whenever it likes.
    for item in [4, 5] {
        peer.finish_for_nothing();
        assert!(task.step());
        assert_eq!(log.take(), []);
        assert_eq!(peer.write([item]), Outcome::Completed(1));
        assert!(task.step());
        assert_eq!(log.take(), [Some(item)]);
    }
    assert!(task.has_exited());
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

// --- handed away after the end

#[test]
fn a_reader_that_has_ended_is_handed_away_as_one_that_was_not_told() {
    let host = host::install();
    let (mut reader, peer) = host.incoming_stream::<String>();
    drop(peer);
    let host_ = Rc::clone(&host);
    let task = host.start(async move {
        assert_eq!(reader.next().await, None);
        host_.calls();
        let mut peer = host_.outgoing_stream(reader);
        assert_eq!(peer.read(1), Outcome::Dropped(0), "it has ended there too");
    });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        [
            "stream.new: 2 3",
            "stream.drop-readable 1",
            "stream.drop-writable 3",
        ]
    );
    assert!(host.handles().is_empty());
}

#[test]
fn a_reader_that_was_told_of_the_end_unasked_is_handed_away_too() {
    let host = host::install_with(NOTICES);
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let host_ = Rc::clone(&host);
    let task = host.start(async move {
        assert_eq!(reader.next().await, Some(1));
        pause().await;
        let mut peer = host_.outgoing_stream(reader);
        assert_eq!(peer.read(1), Outcome::Dropped(0));
    });
    peer.write([1]);
    assert!(task.step());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
    assert!(host.handles().is_empty());
}
