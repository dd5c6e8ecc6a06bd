//! Ends of streams whose other end is gone, on a host in the same process.

use crate::host::{self, Code, Log, Outcome, Rules, pause, poll_once, stream};
use futures::StreamExt;
use futures::future::join;
use std::rc::Rc;
use wit_async::StreamResult;

const NOTICES: Rules = Rules {
    notices: true,
    ..Rules::STRICT
};

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
fn one_string_that_nobody_reads_comes_back_as_it_was() {
    let host = host::install();
    let (mut writer, reader) = stream::<String>();
    let peer = host.outgoing_stream(reader);
    let task = host.start(async move {
        assert_eq!(writer.write_one("x".to_owned()).await.as_deref(), Some("x"));
    });
    assert!(task.is_waiting());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
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
fn what_an_end_was_told_says_nothing_of_the_next_one_with_its_handle() {
    let host = host::install_with(NOTICES);
    let (mut writer, reader) = stream::<u32>();
    let mut peer = host.outgoing_stream(reader);
    let task = host.start(async move {
        assert_eq!(writer.write_one(1).await, None);
        pause().await;
        let handle = writer.handle();
        drop(writer);
        let (mut writer, mut reader) = stream::<u8>();
        assert_eq!(reader.handle(), handle);
        assert_eq!(
            join(writer.write_one(2), reader.next()).await,
            (None, Some(2))
        );
    });
    assert!(task.is_waiting());
    peer.read(1);
    assert!(task.step());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
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

#[test]
fn what_a_reader_was_told_before_it_was_handed_away_is_not_said_of_the_next_owner_of_its_handle() {
    let host = host::install_with(NOTICES);
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let handle = reader.handle();
    let host_ = Rc::clone(&host);
    let task = host.start(async move {
        assert_eq!(reader.next().await, Some(1));
        pause().await;
        drop(host_.outgoing_stream(reader));
        // The host uses the index again, at the latest when all others are in use.
        let mut others = Vec::new();
        let (mut next, mut sender) = loop {
            let (next, sender) = host_.incoming_stream::<u32>();
            if next.handle() == handle {
                break (next, sender);
            }
            others.push((next, sender));
            assert!(others.len() < 10, "the index is not used again");
        };
        sender.write([2]);
        assert_eq!(next.next().await, Some(2));
    });
    assert_eq!(peer.write([1]), Outcome::Completed(1));
    assert!(task.step());
    assert!(task.is_waiting());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn collecting_goes_on_behind_a_read_that_completes_with_nothing() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move { assert_eq!(reader.collect().await, [1, 2]) });
    assert!(task.is_waiting());
    peer.finish_for_nothing();
    assert!(task.step());
    assert!(task.is_waiting());
    assert_eq!(peer.write([1, 2]), Outcome::Completed(2));
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_write_that_completes_with_nothing_goes_on() {
    let host = host::install();
    let (mut writer, reader) = stream::<String>();
    let mut peer = host.outgoing_stream(reader);
    let task = host.start(async move {
        assert_eq!(writer.write_all(vec!["a".to_owned()]).await, [""; 0]);
    });
    assert!(task.is_waiting());
    // A host may finish a copy whenever it likes.
    peer.finish_for_nothing();
    assert!(task.step());
    assert!(task.is_waiting());
    assert_eq!(peer.read(1), Outcome::Completed(1));
    assert_eq!(peer.received(), ["a"]);
    assert_eq!(task.settle(), Code::Exit);
}
