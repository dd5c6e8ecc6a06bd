//! Reads that are dropped in flight: what they transfer is there for the next read.

mod handed_away;
mod stands_still;

use crate::begun::{install, leaves_a_read, live};
use crate::host::foreign::Executor;
use crate::host::resource::Token;
use crate::host::{
    self, Code, Fussy, Installed, Log, Outcome, Rules, panic_message, pause, poll_once, stream,
};
use futures::channel::oneshot;
use futures::{FutureExt, StreamExt};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::rc::Rc;
use wit_async::{StreamReader, StreamResult, block_on};

pub fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

/// Begins to read an item and drops the read.
pub async fn drops_a_read<T: 'static>(reader: &mut StreamReader<T>) {
    let mut read = Box::pin(reader.next());
    assert!(poll_once(&mut read).await.is_pending());
}

pub fn cancels(host: &Installed) -> Vec<String> {
    let calls = host.calls();
    calls
        .into_iter()
        .filter(|call| call.contains("cancel"))
        .collect()
}

#[test]
fn an_item_that_was_copied_before_the_read_was_dropped_is_there_for_the_next() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        drops_a_read(&mut reader).await;
        // The item comes, and its event is not delivered before the next read.
        pause().await;
        assert_eq!(reader.next().await.as_deref(), Some("a"));
        assert_eq!(reader.next().await.as_deref(), Some("b"));
        assert_eq!(reader.next().await, None);
    });
    assert!(task.is_waiting());
    peer.write(texts(["a"]));
    assert!(task.step());
    peer.write(texts(["b"]));
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(cancels(&host), [""; 0]);
}

#[test]
fn what_a_read_got_that_was_dropped_before_it_was_polled_again_is_there_for_the_next() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        let mut read = Box::pin(reader.next());
        assert!(poll_once(&mut read).await.is_pending());
        // Its event comes, and nobody polls it.
        pause().await;
        host::host().calls();
        drop(read);
        assert_eq!(reader.next().await.as_deref(), Some("a"));
        assert_eq!(host::host().calls(), [""; 0]);
    });
    assert!(task.is_waiting());
    peer.write(texts(["a"]));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn dropping_a_read_calls_nothing() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        let mut read = reader.read(Vec::with_capacity(4));
        assert!(poll_once(&mut read).await.is_pending());
        host::host().calls();
        drop(read);
        assert_eq!(host::host().calls(), [""; 0]);
        live(|live| assert_eq!((live.operations, live.orphans), (1, 0)));
        let (result, items) = reader.read(Vec::with_capacity(2)).await;
        assert_eq!((result, items), (StreamResult::Complete(2), vec![1, 2]));
        host::host().calls();
        // What is there needs no host, whatever the kind of read.
        assert_eq!(reader.next().await, Some(3));
        assert_eq!(
            reader.read(Vec::new()).await,
            (StreamResult::Complete(0), vec![])
        );
        let (result, items) = reader.read(Vec::with_capacity(9)).await;
        assert_eq!((result, items), (StreamResult::Complete(1), vec![4]));
        assert_eq!(host::host().calls(), [""; 0]);
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write([1, 2, 3, 4]), Outcome::Completed(4));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_was_in_the_buffer_goes_with_the_read_and_what_arrives_stays() {
    let host = install();
    let (mut words, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        let mut buffer = Vec::with_capacity(8);
        buffer.extend([100, 101, 102]);
        let mut read = words.read(buffer);
        assert!(poll_once(&mut read).await.is_pending());
        drop(read);
        pause().await;
        let (_, items) = words.read(Vec::with_capacity(8)).await;
        assert_eq!(items, [1, 2, 3, 4, 5]);
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write([1, 2, 3, 4, 5]), Outcome::Completed(5));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn handles_that_were_in_the_buffer_go_with_the_read_and_those_that_arrive_with_the_end() {
    let host = install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<Token>();
        let mut buffer = Vec::with_capacity(8);
        buffer.push(Token::new(1));
        let mut read = reader.read(buffer);
        assert!(poll_once(&mut read).await.is_pending());
        assert_eq!(tokens_dropped_by(|| drop(read)), 1);
        let (result, _) = writer.write((2..5).map(Token::new).collect()).await;
        assert_eq!(result, StreamResult::Complete(3));
        assert_eq!(reader.next().await.map(|token| token.number()), Some(2));
        assert_eq!(tokens_dropped_by(|| drop(reader)), 2);
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn handles_that_nobody_has_looked_at_go_with_the_end() {
    let host = install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<Token>();
        let mut read = reader.read(Vec::with_capacity(8));
        assert!(poll_once(&mut read).await.is_pending());
        drop(read);
        let (result, _) = writer.write((0..3).map(Token::new).collect()).await;
        assert_eq!(result, StreamResult::Complete(3));
        assert_eq!(tokens_dropped_by(|| drop(reader)), 3);
    });
    assert_eq!(task.settle(), Code::Exit);
}

fn tokens_dropped_by(f: impl FnOnce()) -> usize {
    host::host().calls();
    f();
    let calls = host::host().calls();
    calls
        .iter()
        .filter(|call| call.starts_with("token.drop"))
        .count()
}

#[test]
fn items_that_are_kept_come_before_the_end() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        let mut read = reader.read(Vec::with_capacity(4));
        assert!(poll_once(&mut read).await.is_pending());
        drop(read);
        pause().await;
        for expected in [Some("a"), Some("b"), None, None] {
            assert_eq!(reader.next().await.as_deref(), expected);
        }
    });
    assert!(task.is_waiting());
    peer.write(texts(["a", "b"]));
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn of_many_items_that_are_kept_all_are_there_for_the_reads_that_follow() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let many: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    let expected = many.clone();
    let task = host.start(async move {
        let mut read = reader.read(Vec::with_capacity(200));
        assert!(poll_once(&mut read).await.is_pending());
        drop(read);
        pause().await;
        let mut items = Vec::new();
        // One by one at first: what is left stays where it is.
        for _ in 0..3 {
            items.extend(reader.next().await);
        }
        while items.len() < 200 {
            let (_, read) = reader.read(Vec::with_capacity(50)).await;
            assert!(!read.is_empty(), "{} of 200 are there", items.len());
            items.extend(read);
        }
        assert_eq!(items, expected);
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write(many), Outcome::Completed(200));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn cancelling_the_next_read_cancels_the_one_that_goes_on() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        drops_a_read(&mut reader).await;
        let mut read = reader.read(Vec::with_capacity(4));
        assert!(poll_once(&mut read).await.is_pending());
        let (result, buffer) = Pin::new(&mut read).cancel();
        assert_eq!((result, buffer.len()), (StreamResult::Cancelled, 0));
        drop(read);
        // One that finds that an item has arrived gives it back.
        drops_a_read(&mut reader).await;
        let mut read = reader.read(Vec::with_capacity(4));
        assert!(poll_once(&mut read).await.is_pending());
        host::host().calls();
        pause().await;
        let (result, buffer) = Pin::new(&mut read).cancel();
        assert_eq!((result, buffer), (StreamResult::Complete(1), texts(["a"])));
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write(texts(["a"])), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_next_read_that_was_not_polled_cancels_it_as_well() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        drops_a_read(&mut reader).await;
        pause().await;
        let (result, buffer) = pin!(reader.read(Vec::with_capacity(4))).cancel();
        assert_eq!((result, buffer), (StreamResult::Complete(1), texts(["a"])));
        drops_a_read(&mut reader).await;
        let (result, _) = pin!(reader.read(Vec::with_capacity(4))).cancel();
        assert_eq!(result, StreamResult::Cancelled);
        let calls = host::host().calls();
        assert!(
            calls
                .last()
                .is_some_and(|call| call.contains("cancel-read")),
            "{calls:#?}"
        );
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write(texts(["a"])), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_read_that_nobody_awaits_keeps_no_task() {
    let host = install();
    for (needs_task, name) in [(false, "numbers"), (true, "texts")] {
        let (words, _word_peer) = host.incoming_stream::<u32>();
        let (strings, _string_peer) = host.incoming_stream::<String>();
        let shelf = Log::new();
        let task = host.start({
            let shelf = shelf.clone();
            async move {
                let (mut words, mut strings) = (words, strings);
                match needs_task {
                    false => drops_a_read(&mut words).await,
                    true => drops_a_read(&mut strings).await,
                }
                shelf.note((words, strings));
            }
        });
        assert!(task.has_exited(), "{name}");
        // Only where the host wants the task to be there it is cancelled with it.
        assert_eq!(cancels(&host).len(), usize::from(needs_task), "{name}");
        let left = host.start(async move { drop(shelf.take()) });
        assert!(left.has_exited());
        host.calls();
    }
}

#[test]
fn what_had_arrived_when_the_task_ended_is_there_for_another_one() {
    let host = host::install_with(Rules {
        results_need_task: true,
        no_cancel_in_sync_task: true,
        cancel_says_completed: true,
        ..Rules::default()
    });
    let (reader, mut peer) = host.incoming_stream::<String>();
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            let mut reader = reader;
            let mut read = reader.read(Vec::with_capacity(4));
            assert!(poll_once(&mut read).await.is_pending());
            drop(read);
            peer.write(texts(["a", "b"]));
            shelf.note((reader, peer));
        }
    });
    assert!(first.has_exited());
    let (mut reader, mut peer) = shelf.take().pop().expect("it was left");
    let second = host.start(async move {
        for expected in ["a", "b", "c"] {
            assert_eq!(reader.next().await.as_deref(), Some(expected));
        }
    });
    assert!(second.is_waiting());
    peer.write(texts(["c"]));
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn a_read_that_another_task_awaits_keeps_the_one_that_started_it() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<String>();
    let shelf = Log::new();
    let (end_first, first_ends) = oneshot::channel::<()>();
    let (drop_read, read_drops) = oneshot::channel::<()>();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            let mut reader = reader;
            drops_a_read(&mut reader).await;
            shelf.note(reader);
            let _ = first_ends.await;
        }
    });
    assert!(first.is_waiting());
    let mut reader = shelf.take().pop().expect("it was left");
    let second = host.start({
        let shelf = shelf.clone();
        async move {
            let mut read = Box::pin(reader.next());
            assert!(poll_once(&mut read).await.is_pending());
            let _ = read_drops.await;
            // It still belongs to the first one, which may go now and cancels it.
            drop(read);
            shelf.note(reader);
        }
    });
    assert!(second.is_waiting());
    host.calls();
    drop(end_first);
    assert!(first.step());
    assert!(first.is_waiting(), "the read is awaited");
    drop(drop_read);
    assert_eq!(second.settle(), Code::Exit);
    assert_eq!(first.settle(), Code::Exit);
    assert_eq!(cancels(&host).len(), 1);
    let mut reader = shelf.take().pop().expect("it was left");
    let third = host.start(async move { assert_eq!(reader.next().await.as_deref(), Some("a")) });
    assert!(third.is_waiting());
    peer.write(texts(["a"]));
    assert_eq!(third.settle(), Code::Exit);
}

#[test]
fn block_on_in_synchronous_code_does_not_leave_one_that_the_host_wants_its_code_for() {
    let host = install();
    let (mut strings, _peer) = host.incoming_stream::<String>();
    let message = panic_message(|| host.call_sync(|| block_on(drops_a_read(&mut strings))));
    assert!(
        message.starts_with("`block_on` in synchronous code leaves the operation"),
        "{message}"
    );
    host.call_sync(|| drop(strings));
    // It belongs to no task; the next one settles it.
    assert!(host.start(async {}).has_exited());
}

#[test]
fn an_end_that_is_dropped_while_its_read_is_being_cancelled_goes_afterwards() {
    let host = install();
    let (reader, _peer) = host.incoming_stream::<String>();
    let (task, reader) = leaves_a_read(&host, reader);
    host.when_blocked({
        let host = Rc::clone(&host);
        move || host.call_sync(|| drop(reader))
    });
    host.calls();
    assert_eq!(task.settle(), Code::Exit);
    let calls = host.calls();
    let place = |begin: &str| calls.iter().position(|call| call.starts_with(begin));
    let (cancel, drop) = (
        place("stream.cancel-read 1"),
        place("stream.drop-readable 1"),
    );
    assert!(cancel.is_some() && cancel < drop, "{calls:#?}");
}

#[test]
fn in_a_task_of_other_bindings_it_is_cancelled_where_the_task_is_needed() {
    let host = install();
    let (mut words, mut word_peer) = host.incoming_stream::<u32>();
    let (mut strings, mut string_peer) = host.incoming_stream::<String>();
    let executor = Executor::new(3);
    let mut future = Box::pin(async move {
        drops_a_read(&mut words).await;
        drops_a_read(&mut strings).await;
        pause().await;
        assert_eq!(words.next().await, Some(1));
        assert_eq!(strings.next().await.as_deref(), Some("a"));
    });
    assert!(executor.poll(&mut future).is_pending());
    assert_eq!(cancels(&host), ["stream.cancel-read 2: cancelled 0"]);
    assert_eq!(executor.registered(), [0; 0], "nobody awaits them");
    word_peer.write([1]);
    assert!(executor.poll(&mut future).is_pending());
    assert!(executor.step());
    assert!(executor.poll(&mut future).is_pending());
    string_peer.write(texts(["a"]));
    assert!(executor.step());
    assert!(executor.poll(&mut future).is_ready());
}

#[test]
fn pairs_that_meet_here_keep_as_well() {
    let host = install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<String>();
        drops_a_read(&mut reader).await;
        assert_eq!(writer.write_one("a".to_owned()).await, None);
        drops_a_read_at_once(&mut reader).await;
        drop(writer);
        assert_eq!(reader.next().await, None);
    });
    assert_eq!(task.settle(), Code::Exit);
}

/// Takes the item that is kept.
async fn drops_a_read_at_once(reader: &mut StreamReader<String>) {
    assert_eq!(reader.next().await.as_deref(), Some("a"));
}

#[test]
fn the_next_read_may_be_dropped_as_well() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        for _ in 0..3 {
            drops_a_read(&mut reader).await;
        }
        let mut stream = reader.into_stream();
        assert!(poll_once(&mut stream.next()).await.is_pending());
        let mut reader = stream.into_inner().expect("it has not ended");
        assert_eq!(reader.next().await.as_deref(), Some("a"));
    });
    assert!(task.is_waiting());
    let calls = host.calls();
    let reads = calls.iter().filter(|call| call.contains("stream.read"));
    assert_eq!(reads.count(), 1, "{calls:#?}");
    peer.write(texts(["a"]));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn an_item_that_cannot_be_lifted_is_lifted_once() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<Fussy>();
    let task = host.start(async move {
        drops_a_read(&mut reader).await;
        pause().await;
        let read = AssertUnwindSafe(reader.next()).catch_unwind().await;
        assert!(read.is_err(), "the item panics");
        assert_eq!(reader.next().await, Some(Fussy::new("next")));
    });
    assert!(task.is_waiting());
    peer.write([Fussy::new("lift!")]);
    assert!(task.step());
    peer.write([Fussy::new("next")]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_is_kept_is_appended_to_what_is_in_the_buffer() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        let mut read = reader.read(Vec::with_capacity(9));
        assert!(poll_once(&mut read).await.is_pending());
        drop(read);
        pause().await;
        // A part of it, then all that is left.
        let mut buffer = Vec::with_capacity(3);
        buffer.push(100);
        let (result, buffer) = reader.read(buffer).await;
        assert_eq!(
            (result, buffer),
            (StreamResult::Complete(2), vec![100, 1, 2])
        );
        let mut buffer = Vec::with_capacity(20);
        buffer.push(200);
        let (result, buffer) = reader.read(buffer).await;
        assert_eq!(result, StreamResult::Complete(7));
        assert_eq!(buffer, [200, 3, 4, 5, 6, 7, 8, 9]);
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write(1..10), Outcome::Completed(9));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn items_that_are_kept_come_first_in_what_is_collected() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        drops_a_read(&mut reader).await;
        pause().await;
        assert_eq!(reader.collect().await, texts(["a", "b", "c"]));
    });
    assert!(task.is_waiting());
    peer.write(texts(["a"]));
    assert!(task.step());
    peer.write(texts(["b", "c"]));
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}
