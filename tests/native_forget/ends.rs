//! Ends on which an operation was forgotten: what may be done with them.

use super::texts;
use crate::host::imports::{Import, Shout, Until};
use crate::host::{self, Code, Log, Outcome, Rules, pause, poll_once, stream};
use std::future::IntoFuture;
use std::mem::forget;
use std::ptr::null_mut;
use std::rc::Rc;
use wit_async::native::Host as _;
use wit_async::rt::async_support::Subtask as _;
use wit_async::{StreamReader, StreamResult};

/// A read in flight that is leaked.
async fn forgets_a_read<T: 'static>(reader: &mut StreamReader<T>) {
    let mut read = reader.read(Vec::with_capacity(1));
    assert!(poll_once(&mut read).await.is_pending());
    forget(read);
}

#[test]
fn an_end_goes_on_after_an_operation_that_was_forgotten() {
    let host = host::install();
    host.leaks_on_purpose();
    let (mut reader, mut writer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        for turn in 0..3 {
            let mut read = reader.read(Vec::with_capacity(1));
            assert!(poll_once(&mut read).await.is_pending());
            forget(read);
            // The first is in flight, the second has its event, undelivered.
            if turn == 1 {
                assert_eq!(writer.write([turn]), Outcome::Completed(1));
            }
            let mut next = Box::pin(reader.next());
            assert!(poll_once(&mut next).await.is_pending());
            assert_eq!(writer.write([10 + turn]), Outcome::Completed(1));
            assert_eq!(next.await, Some(10 + turn));
            writer.settle();
        }
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_a_read_got_that_was_forgotten_is_no_answer_to_the_next_one() {
    let host = host::install();
    host.leaks_on_purpose();
    let (mut reader, mut writer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        forgets_a_read(&mut reader).await;
        assert_eq!(writer.write([1]), Outcome::Completed(1));
        let mut next = reader.read(Vec::with_capacity(1));
        assert!(poll_once(&mut next).await.is_pending());
        assert_eq!(writer.write([2]), Outcome::Completed(1));
        assert_eq!(next.await, (StreamResult::Complete(1), vec![2]));
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn an_end_may_go_after_an_operation_that_was_forgotten() {
    let host = host::install();
    host.leaks_on_purpose();
    let (mut reader, mut writer) = host.incoming_stream::<u32>();
    let (mut other, handed) = host.incoming_stream::<u32>();
    let (mut words, word_reader) = stream::<u32>();
    let mut word_peer = host.outgoing_stream(word_reader);
    let task = host.start(async move {
        forgets_a_read(&mut reader).await;
        // It is over and nobody has looked: the end has come with it.
        assert_eq!(writer.write([1]), Outcome::Completed(1));
        drop(writer);
        host::pause().await;
        assert_eq!(reader.next().await, None);
        drop(reader);

        let mut read = other.read(Vec::with_capacity(1));
        assert!(poll_once(&mut read).await.is_pending());
        forget(read);
        // Handed away, it is in no set and nothing is in flight on it.
        drop(host::lift_stream(other));

        let mut write = words.write(vec![1, 2]);
        assert!(poll_once(&mut write).await.is_pending());
        forget(write);
        drop(words);
    });
    assert_eq!(task.settle(), Code::Exit);
    drop(handed);
    assert_eq!(word_peer.read(1), Outcome::Dropped(0));
}

#[test]
fn a_reader_may_go_while_a_read_that_was_forgotten_is_in_flight() {
    let host = host::install();
    host.leaks_on_purpose();
    let (mut reader, mut writer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        forgets_a_read(&mut reader).await;
        drop(reader);
    });
    assert!(task.has_exited());
    let calls = host.calls();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    assert!(
        calls.ends_with(&[
            "waitable.join 1 0",
            "stream.cancel-read 1: cancelled 0",
            "stream.drop-readable 1",
            "waitable-set.drop 2",
        ]),
        "{calls:#?}"
    );
    assert_eq!(writer.write(texts()), Outcome::Dropped(0));
}

#[test]
fn a_reader_may_be_handed_away_while_a_read_that_was_forgotten_is_in_flight() {
    let host = host::install();
    host.leaks_on_purpose();
    let (mut reader, mut writer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        forgets_a_read(&mut reader).await;
        let mut peer = host::host().outgoing_stream(reader);
        assert_eq!(peer.read(2), Outcome::Blocked);
        assert_eq!(writer.write(texts()), Outcome::Completed(2));
    });
    assert!(task.has_exited());
}

#[test]
fn an_end_that_was_told_of_the_end_after_a_read_that_was_forgotten_asks_no_more() {
    let host = host::install_with(Rules {
        notices: true,
        ..Rules::default()
    });
    host.leaks_on_purpose();
    let (mut reader, mut writer) = host.incoming_stream::<u32>();
    let (gone, mut told) = (Log::new(), None);
    let task = host.start({
        let gone = gone.clone();
        async move {
            let mut read = reader.read(Vec::with_capacity(1));
            assert!(poll_once(&mut read).await.is_pending());
            forget(read);
            pause().await;
            pause().await;
            gone.note(reader.next().await);
        }
    });
    // First the items come, then the notice; nobody fetches the one or the other.
    assert_eq!(writer.write([1]), Outcome::Completed(1));
    told.replace(task.step());
    drop(writer);
    assert_eq!((told, task.step()), (Some(true), true));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(gone.take(), [None]);
    let calls = host.calls();
    let reads = calls.iter().filter(|call| call.starts_with("stream.read"));
    assert_eq!(reads.count(), 1, "{calls:#?}");
}

#[test]
fn a_task_that_blocked_taking_back_what_was_forgotten_is_current_again() {
    let host = host::install();
    host.leaks_on_purpose();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            let cell = host.task_cell();
            let mut read = reader.read(Vec::with_capacity(1));
            assert!(poll_once(&mut read).await.is_pending());
            forget(read);
            let inner = Rc::clone(&host);
            host.when_blocked(move || {
                // A task that began to run before this one, and ends before it.
                inner.wasip3_task_set(null_mut());
            });
            let mut next = Box::pin(reader.next());
            assert!(poll_once(&mut next).await.is_pending());
            assert_eq!(host.task_cell(), cell);
            assert_eq!(next.await, Some(1));
        }
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write([1]), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_moved_and_was_forgotten_lets_the_task_go_that_started_it() {
    let host = host::install();
    host.leaks_on_purpose();
    let import = Import::new(Until::Started);
    let (reader, mut peer) = host.incoming_future::<u32>();
    let shelf = host::Log::new();
    let first = host.start({
        let (import, shelf) = (import.clone(), shelf.clone());
        async move {
            let mut read = reader.into_future();
            assert!(poll_once(&mut read).await.is_pending());
            let mut call = Box::pin(async move { Shout(import).call("hey".to_owned()).await });
            assert!(poll_once(&mut call).await.is_pending());
            shelf.note((read, call));
        }
    });
    let second = host.start(async move {
        let (mut read, mut call) = shelf.take().pop().expect("they were left");
        assert!(poll_once(&mut read).await.is_pending());
        assert!(poll_once(&mut call).await.is_pending());
        forget((read, call));
    });
    assert!(second.is_waiting());
    // It has heard that they are elsewhere, and stays.
    while first.step() {}
    assert!(first.is_waiting());
    peer.send(4);
    import.call(0).resolve();
    assert_eq!(second.settle(), Code::Exit);
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn a_read_that_was_forgotten_and_its_end_dropped_in_synchronous_code() {
    let host = host::install_with(Rules {
        no_cancel_in_sync_task: true,
        ..Rules::default()
    });
    host.leaks_on_purpose();
    let (mut reader, _peer) = host.incoming_stream::<u32>();
    let shelf = host::Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let mut read = Box::pin(reader.next());
            assert!(poll_once(&mut read).await.is_pending());
            forget(read);
            shelf.note(reader);
        }
    });
    host.calls();
    host.call_sync(|| drop(shelf.take()));
    assert_eq!(task.settle(), Code::Exit);
    let calls = host.calls();
    assert!(
        calls.contains(&"stream.cancel-read 1: cancelled 0".to_owned())
            && calls.contains(&"stream.drop-readable 1".to_owned()),
        "{calls:#?}"
    );
}

#[test]
fn a_write_that_was_forgotten_is_not_started_again_when_the_reader_is_handed_away() {
    let host = host::install_with(Rules {
        no_cancel_in_sync_task: true,
        ..Rules::default()
    });
    host.leaks_on_purpose();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let (mut writer, reader) = stream::<String>();
            let mut write = writer.write(texts());
            assert!(poll_once(&mut write).await.is_pending());
            forget(write);
            shelf.note((writer, reader));
        }
    });
    let (writer, reader) = shelf.take().pop().expect("they were left");
    // The write goes on without its memory.
    host.call_sync(|| drop(writer));
    let mut peer = host.outgoing_stream(reader);
    assert_eq!(task.settle(), Code::Exit);
    let calls = host.calls();
    let is_about_it = |call: &&String| call.starts_with("stream.") && call.contains(" 2");
    let calls: Vec<_> = calls.iter().filter(is_about_it).collect();
    assert_eq!(calls, ["stream.new: 1 2", "stream.drop-writable 2"]);
    assert_eq!(peer.read(1), Outcome::Dropped(0));
}
