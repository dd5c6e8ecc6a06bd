//! Leaking an operation is sound: what the host may still use leaks with it.
//!
//! Every kind of operation is forgotten in flight, then the host goes on with it.
//! Run under Miri with `-Zmiri-ignore-leaks`, for leaking is the point.

#![cfg(all(feature = "async", feature = "std"))]

#[path = "native_forget/ends.rs"]
mod ends;
mod host;
#[path = "native_forget/pairs.rs"]
mod pairs;
#[path = "native_forget/structured.rs"]
mod structured;
#[path = "native_forget/threads.rs"]
mod threads;

use host::imports::{Import, Shout, Until};
use host::{Code, Nothing, Outcome, future, poll_once, stream};
use std::future::IntoFuture;
use std::mem::forget;
use wit_async::rt::async_support::Subtask as _;
use wit_async::{block_on, spawn_local};

fn texts() -> Vec<String> {
    ["a", "b", "c"].map(str::to_owned).to_vec()
}

#[test]
fn a_stream_read() {
    let host = host::install();
    host.leaks_on_purpose();
    let (mut words, mut word_peer) = host.incoming_stream::<u32>();
    let (mut strings, mut string_peer) = host.incoming_stream::<String>();
    let (mut nothings, mut nothing_peer) = host.incoming_stream::<Nothing>();
    let task = host.start(async move {
        let mut read = words.read(Vec::with_capacity(100));
        assert!(poll_once(&mut read).await.is_pending());
        forget(read);
        let mut read = strings.read(Vec::with_capacity(100));
        assert!(poll_once(&mut read).await.is_pending());
        forget(read);
        let mut read = Box::pin(nothings.next());
        assert!(poll_once(&mut read).await.is_pending());
        forget(read);
        forget((words, strings, nothings));
    });
    // What was forgotten is waited for all the same.
    assert!(task.is_waiting());
    assert_eq!(word_peer.write([1, 2, 3]), Outcome::Completed(3));
    assert_eq!(word_peer.write([4]), Outcome::Completed(1));
    assert_eq!(string_peer.write(texts()), Outcome::Completed(3));
    assert_eq!(nothing_peer.write([Nothing]), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_stream_write() {
    let host = host::install();
    host.leaks_on_purpose();
    let (mut words, word_reader) = stream::<u32>();
    let (mut strings, string_reader) = stream::<String>();
    let (mut ones, one_reader) = stream::<String>();
    let mut word_peer = host.outgoing_stream(word_reader);
    let mut string_peer = host.outgoing_stream(string_reader);
    let mut one_peer = host.outgoing_stream(one_reader);
    let task = host.start(async move {
        let mut write = words.write((0..100).collect());
        assert!(poll_once(&mut write).await.is_pending());
        forget(write);
        let mut write = strings.write(texts());
        assert!(poll_once(&mut write).await.is_pending());
        forget(write);
        let mut write = Box::pin(ones.write_one("one".to_owned()));
        assert!(poll_once(&mut write).await.is_pending());
        forget(write);
        forget((words, strings, ones));
    });
    assert!(task.is_waiting());
    assert_eq!(word_peer.read(2), Outcome::Completed(2));
    assert_eq!(string_peer.read(2), Outcome::Completed(2));
    assert_eq!(string_peer.read(2), Outcome::Completed(1));
    assert_eq!(one_peer.read(2), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(word_peer.received(), [0, 1]);
    assert_eq!(string_peer.received(), texts());
    assert_eq!(one_peer.received(), ["one"]);
}

#[test]
fn an_adapter_and_a_buffer() {
    use futures::StreamExt;

    let host = host::install();
    host.leaks_on_purpose();
    let (reader, mut peer) = host.incoming_stream::<String>();
    let (mut writer, outgoing) = stream::<String>();
    let mut receiver = host.outgoing_stream(outgoing);
    let task = host.start(async move {
        let mut stream = reader.into_stream();
        assert!(poll_once(&mut stream.next()).await.is_pending());
        forget(stream);
        let (_, rest) = writer.write(texts()).await;
        assert_eq!(rest.remaining(), 2);
        forget(rest);
    });
    assert!(task.is_waiting());
    peer.write(["late".to_owned()]);
    assert_eq!(receiver.read(1), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_future_read_and_write() {
    let host = host::install();
    host.leaks_on_purpose();
    let (reader, mut sender) = host.incoming_future::<String>();
    let (writer, outgoing) = future::<String>(|| unreachable!("nobody drops it"));
    let mut receiver = host.outgoing_future(outgoing);
    let (unwritten, unread) = future::<String>(|| unreachable!("nobody drops it"));
    let task = host.start(async move {
        let mut read = reader.into_future();
        assert!(poll_once(&mut read).await.is_pending());
        forget(read);
        let mut write = writer.write("sent".to_owned());
        assert!(poll_once(&mut write).await.is_pending());
        forget(write);
        forget((unwritten, unread));
    });
    assert!(task.is_waiting());
    assert_eq!(sender.send("late".to_owned()), Outcome::Completed(1));
    assert_eq!(receiver.receive(), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(receiver.received(), ["sent"]);
}

#[test]
fn a_call() {
    let host = host::install();
    host.leaks_on_purpose();
    for until in [Until::Starting, Until::Started] {
        let import = Import::new(until);
        let task = host.start({
            let import = import.clone();
            async move {
                // A future that borrows what it calls has to leak with it.
                let shout: &'static mut Shout = Box::leak(Box::new(Shout(import)));
                let mut call = Box::pin(shout.call("hey".to_owned()));
                assert!(poll_once(&mut call).await.is_pending());
                forget(call);
            }
        });
        assert!(task.is_waiting());
        import.call(0).resolve();
        assert_eq!(task.settle(), Code::Exit);
    }
}

#[test]
fn operations_of_several_tasks_that_end() {
    let host = host::install();
    host.leaks_on_purpose();
    let (reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        forget(spawn_local(async move {
            let reader: &'static mut _ = Box::leak(Box::new(reader));
            let mut next = Box::pin(reader.next());
            assert!(poll_once(&mut next).await.is_pending());
            forget(next);
        }));
    });
    assert!(matches!(task.settle(), Code::Wait(_)));
    // A cancelled task still waits for it.
    assert!(matches!(task.cancel(), Code::Wait(_)));
    peer.write(["late".to_owned()]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_read_in_block_on_and_in_a_foreign_task() {
    use host::foreign::Executor;

    let host = host::install();
    host.leaks_on_purpose();
    let (reader, mut peer) = host.incoming_future::<String>();
    host.when_blocked(move || {
        peer.send("late".to_owned());
    });
    // What is left has to be over before synchronous code is; nothing says that this
    // is none, until it has blocked.
    block_on(async {
        let mut read = reader.into_future();
        assert!(poll_once(&mut read).await.is_pending());
        forget(read);
        let mut turns = 0;
        std::future::poll_fn(|_| {
            turns += 1;
            match turns {
                1 => std::task::Poll::Pending,
                _ => std::task::Poll::Ready(()),
            }
        })
        .await;
    });
    for version in 1..=3 {
        let executor = Executor::new(version);
        let (reader, mut peer) = host.incoming_future::<String>();
        let mut read = reader.into_future();
        assert!(executor.poll(&mut read).is_pending());
        forget(read);
        peer.send("late".to_owned());
        assert!(executor.step());
        assert_eq!(executor.clones(), 0);
    }
}
