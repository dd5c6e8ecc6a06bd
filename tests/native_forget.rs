//! Leaking an operation is sound: what the host may still use leaks with it.
//!
//! Every kind of operation is forgotten in flight, then the host goes on with it.
//! Run under Miri with `-Zmiri-ignore-leaks`, for leaking is the point.

#![cfg(all(feature = "async", feature = "std"))]

mod host;
#[path = "native_forget/pairs.rs"]
mod pairs;

use host::imports::{Import, Shout, Until};
use host::{Code, Log, Nothing, Outcome, Rules, future, pause, poll_once, stream};
use std::future::{Future, IntoFuture};
use std::mem::forget;
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use wit_async::native::Host as _;
use wit_async::rt::async_support::Subtask as _;
use wit_async::{Limiter, StreamResult, block_on, scope, spawn_local, yield_async};

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
        let mut read = reader.read(Vec::with_capacity(1));
        assert!(poll_once(&mut read).await.is_pending());
        forget(read);
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
        let mut read = reader.read(Vec::with_capacity(1));
        assert!(poll_once(&mut read).await.is_pending());
        forget(read);
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
        let mut read = reader.read(Vec::with_capacity(1));
        assert!(poll_once(&mut read).await.is_pending());
        forget(read);
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
fn a_default_that_is_being_written_when_the_thread_ends() {
    let thread = std::thread::spawn(|| {
        let host = host::install();
        host.leaks_on_purpose();
        let (writer, reader) = future::<String>(|| "default".to_owned());
        let _peer = host.outgoing_future(reader);
        host.calls();
        drop(writer);
        assert_eq!(host.calls()[0], "future.write 2: blocked");
    });
    // Its state goes with it, and nobody can cancel without that state.
    thread.join().expect("the thread ends");
}

/// A waker that says when it goes.
struct Tells(Arc<AtomicBool>);

impl Wake for Tells {
    fn wake(self: Arc<Self>) {
        unreachable!("the thread ends first");
    }
}

impl Drop for Tells {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_waker_that_was_left_to_the_next_turn_when_the_thread_ends() {
    let dropped = Arc::new(AtomicBool::new(false));
    let tells = Tells(Arc::clone(&dropped));
    let thread = std::thread::spawn(|| {
        let host = host::install();
        host.leaks_on_purpose();
        let shelf = Log::new();
        let task = host.start({
            let shelf = shelf.clone();
            async move {
                let (writer, reader) = stream::<String>();
                let reader: &'static mut _ = Box::leak(Box::new(reader));
                let waker = Waker::from(Arc::new(tells));
                let mut next = Box::pin(reader.next());
                let read = next.as_mut().poll(&mut Context::from_waker(&waker));
                assert!(read.is_pending());
                forget(next);
                shelf.note(writer);
            }
        });
        // The read is told, and its task gets no turn any more.
        host.call_sync(|| drop(shelf.take()));
        assert!(task.is_waiting());
    });
    thread.join().expect("the thread ends");
    // It may own an operation, which cannot be cancelled without the state.
    assert!(!dropped.load(Ordering::Relaxed));
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

/// What is spawned in a scope borrows: after a leak nothing may touch that again.
#[test]
fn a_scope() {
    let host = host::install();
    host.leaks_on_purpose();
    let (mut words, mut word_peer) = host.incoming_stream::<u32>();
    let (mut strings, mut string_peer) = host.incoming_stream::<String>();
    let log = Log::new();
    let (sender, receiver) = futures::channel::oneshot::channel::<()>();
    let task = host.start({
        let log = log.clone();
        async move {
            {
                let mut buffer = vec![0; 64];
                let mut text = String::from("borrowed");
                let mut scoped = Box::pin(scope(async |s| {
                    let handle = s.spawn(async {
                        let word = words.next().await;
                        buffer.extend(word);
                        log.note("the first is polled again");
                    });
                    let other = s.spawn(async {
                        yield_async().await;
                        s.spawn(async {
                            let _ = receiver.await;
                            log.note("the inner one is polled again");
                        });
                        let read = strings.read(Vec::with_capacity(10)).await;
                        text.push_str(&read.1[0]);
                        log.note("the second is polled again");
                    });
                    forget(other);
                    handle.await
                }));
                assert!(poll_once(&mut scoped).await.is_pending());
                yield_async().await;
                assert!(poll_once(&mut scoped).await.is_pending());
                forget(scoped);
                // Both may be used, and go.
                buffer.clear();
                text.clear();
            }
            // The memory is somebody else's from now on.
            let others: Vec<_> = (0..100).map(|number| vec![number; 64]).collect();
            yield_async().await;
            drop(others);
            pause().await;
        }
    });
    task.settle();
    // What the futures waited for comes.
    sender.send(()).expect("it is leaked, not dropped");
    word_peer.write([1]);
    string_peer.write(texts());
    // The leaked futures wake it, and that is all.
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn a_scope_that_was_not_polled_and_handles_in_one_that_was() {
    let mut count = 0;
    let (sender, receiver) = futures::channel::oneshot::channel::<()>();
    forget(Box::pin(scope(async |s| {
        s.spawn(async { count += 1 });
    })));
    let mut scoped = Box::pin(scope(async |s| {
        forget(s.spawn(async { count += 1 }));
        forget(s.spawn(receiver).abort_on_drop());
        s.spawn(async { Vec::from([1, 2, 3]) }).await
    }));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(scoped.as_mut().poll(&mut cx).is_pending());
    sender.send(()).expect("it is awaited");
    assert_eq!(
        scoped.as_mut().poll(&mut cx),
        std::task::Poll::Ready(Some(vec![1, 2, 3]))
    );
    drop(scoped);
    assert_eq!(count, 1);
}

#[test]
fn a_permit_and_a_place_in_line() {
    let host = host::install();
    host.leaks_on_purpose();
    let limiter = Box::leak(Box::new(Limiter::new(1)));
    let task = host.start(async {
        let permit = limiter.admit().await;
        let mut waits = Box::pin(limiter.admit());
        assert!(poll_once(&mut waits).await.is_pending());
        forget(waits);
        drop(permit);
        // It has gone to one that nobody will ask.
        assert!(limiter.try_admit().is_none());
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(host.backpressure(), 1);
}
