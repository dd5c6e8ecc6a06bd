//! Operations that are dropped in synchronous code, where the host forbids to cancel
//! them: they are left alone.

use crate::begun::{begins, install, leaves_a_read, live, settled_by};
use crate::host::imports::{Import, Offered, Until};
use crate::host::{
    self, Code, Fussy, Host, Log, NotesDrop, Outcome, Task, future, panic_message, pause,
    poll_once, stream,
};
use futures::FutureExt;
use std::future::IntoFuture;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::rc::Rc;
use wit_async::rt::async_support::Subtask as _;
use wit_async::{StreamWriter, block_on};

#[test]
fn a_stream_read_is_cancelled_by_its_task_and_then_its_end_is_dropped() {
    let host = install();
    let (mut reader, _peer) = host.incoming_stream::<String>();
    let (task, read) = begins(&host, async move {
        reader.next().await;
    });
    assert_eq!(
        settled_by(&host, &task, read),
        [
            "stream.cancel-read 1: cancelled 0",
            "stream.drop-readable 1"
        ]
    );
}

#[test]
fn a_stream_write_is_cancelled_by_its_task_and_then_its_end_is_dropped() {
    let host = install();
    let (mut writer, reader) = stream::<String>();
    let mut peer = host.outgoing_stream(reader);
    let (task, write) = begins(&host, async move {
        writer.write_all(vec!["lost".to_owned()]).await;
    });
    let calls = settled_by(&host, &task, write);
    assert!(calls[0].ends_with(": cancelled 0"), "{calls:#?}");
    assert!(calls[1].starts_with("stream.drop-writable"), "{calls:#?}");
    assert_eq!(peer.read(1), Outcome::Dropped(0));
}

#[test]
fn a_future_read_is_cancelled_by_its_task() {
    let host = install();
    let (reader, _peer) = host.incoming_future::<String>();
    let (task, read) = begins(&host, async move {
        reader.await;
    });
    assert_eq!(
        settled_by(&host, &task, read),
        ["future.cancel-read 1: cancelled", "future.drop-readable 1"]
    );
}

#[test]
fn a_future_write_is_cancelled_by_its_task_and_the_default_written() {
    let host = install();
    let (writer, reader) = future(|| "default".to_owned());
    let mut peer = host.outgoing_future(reader);
    let (task, write) = begins(&host, async move {
        let _ = writer.write("value".to_owned()).await;
    });
    host.call_sync(|| drop(write));
    assert!(matches!(task.settle(), Code::Wait(_)));
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert_eq!(peer.received(), ["default"]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_call_is_cancelled_by_its_task() {
    for until in [Until::Starting, Until::Started] {
        let host = install();
        let import = Import::new(until);
        let mut offered = Offered::new(&import);
        let (task, call) = begins(&host, async move {
            offered.call("hey".to_owned()).await;
        });
        host.call_sync(|| drop(call));
        live(|live| assert_eq!(live.subtasks, 1));
        assert_eq!(task.settle(), Code::Exit);
        live(|live| assert_eq!(live.subtasks, 0));
        let freed = import.freed.take();
        match until {
            Until::Starting => assert_eq!(freed, ["lists and own"]),
            _ => assert_eq!(freed, ["lists"]),
        }
    }
}

#[test]
fn a_call_that_returns_before_its_task_gets_its_turn_is_not_cancelled() {
    let host = install();
    let import = Import::new(Until::Starting);
    let mut offered = Offered::new(&import);
    let log = Log::new();
    let (task, call) = begins(&host, {
        let log = log.clone();
        async move {
            let _dropped = NotesDrop(log, "dropped");
            offered.call("hey".to_owned()).await;
        }
    });
    import.call(0).start();
    import.call(0).resolve();
    host.call_sync(|| drop(call));
    assert_eq!(log.take(), ["dropped"]);
    host.calls();
    assert_eq!(task.settle(), Code::Exit);
    let calls = host.calls();
    assert!(calls.contains(&"subtask.drop 1".to_owned()), "{calls:#?}");
    assert!(
        !calls.iter().any(|call| call.contains("cancel")),
        "{calls:#?}"
    );
}

#[test]
fn what_finishes_before_its_task_gets_its_turn_is_not_cancelled() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let (task, read) = begins(&host, async move {
        reader.next().await;
    });
    // The task is about to be told.
    peer.write([1]);
    host.call_sync(|| drop(read));
    host.calls();
    assert_eq!(task.settle(), Code::Exit);
    let calls = host.calls();
    assert!(
        calls.contains(&"stream.drop-readable 1".to_owned()),
        "{calls:#?}"
    );
    assert!(
        !calls.iter().any(|call| call.contains("cancel")),
        "{calls:#?}"
    );
}

#[test]
fn an_event_that_was_delivered_settles_it_at_once() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let (task, read) = begins(&host, async move {
        reader.next().await;
    });
    peer.write([1]);
    assert!(task.step());
    host.call_sync(|| drop(read));
    live(|live| assert_eq!(live.orphans, 0));
    live(|live| assert_eq!(live.ends, 0));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn the_end_can_be_used_again_by_a_task() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let (first, mut reader) = leaves_a_read(&host, reader);
    let second = host.start(async move { assert_eq!(reader.next().await, Some(2)) });
    assert!(second.is_waiting());
    peer.write([2]);
    assert_eq!(second.settle(), Code::Exit);
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn the_end_is_used_again_in_synchronous_code() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let (task, mut reader) = leaves_a_read(&host, reader);
    // The read that goes on takes this.
    peer.write([1]);
    host.call_sync(|| {
        let reader = &mut reader;
        block_on(async {
            assert_eq!(reader.next().await, Some(1));
            let mut read = pin!(reader.next());
            assert!(futures::poll!(read.as_mut()).is_pending());
            peer.write([2]);
            pause().await;
            assert_eq!(read.await, Some(2));
        });
    });
    host.call_sync(|| drop(reader));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn the_end_of_the_stream_is_noted_whoever_hears_of_it() {
    let host = install();
    let (reader, peer) = host.incoming_stream::<u32>();
    let (task, mut reader) = leaves_a_read(&host, reader);
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
    host.calls();
    let task = host.start(async move { assert_eq!(reader.next().await, None) });
    assert!(task.has_exited());
    assert_eq!(host.calls(), ["stream.drop-readable 1"]);
}

/// A task that began to write, and the writer: the write was dropped in synchronous code.
fn leaves_a_write(host: &Rc<Host>, writer: StreamWriter<u32>) -> (Task, StreamWriter<u32>) {
    let shelf = Log::new();
    let (task, write) = begins(host, {
        let shelf = shelf.clone();
        async move {
            let mut shelved = Shelved(Some(writer), shelf);
            shelved.writer().write_all(vec![1]).await;
        }
    });
    host.call_sync(|| drop(write));
    (task, shelf.take().pop().expect("it was left"))
}

/// A writer that outlives the code that has it.
struct Shelved(Option<StreamWriter<u32>>, Log<StreamWriter<u32>>);

impl Shelved {
    fn writer(&mut self) -> &mut StreamWriter<u32> {
        self.0.as_mut().expect("it is there")
    }
}

impl Drop for Shelved {
    fn drop(&mut self) {
        self.1.note(self.0.take().expect("it is there"));
    }
}

#[test]
fn that_the_reader_is_gone_is_noted_whoever_hears_of_it() {
    let host = install();
    let (writer, reader) = stream::<u32>();
    let peer = host.outgoing_stream(reader);
    let (task, mut writer) = leaves_a_write(&host, writer);
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
    host.calls();
    let task = host.start(async move { assert_eq!(writer.write_one(2).await, Some(2)) });
    assert!(task.has_exited());
    assert_eq!(
        host.calls().len(),
        1,
        "the end goes, and nothing is written"
    );
}

#[test]
fn a_synchronous_export_that_runs_while_a_task_is_blocked_is_no_part_of_it() {
    let host = install();
    let (mut reader, _peer) = host.incoming_stream::<u32>();
    let (first, read) = begins(&host, async move {
        reader.next().await;
    });
    let task = host.start({
        let inner = host.clone();
        async move {
            host::host().when_blocked(move || inner.call_sync(|| drop(read)));
            wit_async::yield_blocking();
            live(|live| assert_eq!(live.orphans, 1));
        }
    });
    assert!(task.has_exited());
    live(|live| assert_eq!(live.orphans, 0));
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn a_read_waits_for_a_cancel_of_the_one_before_that_takes_its_time() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<String>();
    let (first, mut reader) = leaves_a_read(&host, reader);
    let tasks = Log::new();
    host.when_blocked({
        let (inner, tasks) = (host.clone(), tasks.clone());
        move || {
            tasks.note(inner.start(async move {
                assert_eq!(reader.next().await.as_deref(), Some("five"));
            }));
            // Nothing may be called on an end while its copy is being cancelled.
            let reads = |call: &String| call.starts_with("stream.read 1");
            assert!(!inner.calls().iter().any(reads));
        }
    });
    host.calls();
    assert_eq!(first.settle(), Code::Exit);
    let second = tasks.take().pop().expect("the cancel took its time");
    assert!(second.step());
    peer.write(["five".to_owned()]);
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn a_write_waits_for_a_cancel_of_the_one_before_that_takes_its_time() {
    let host = install();
    let (writer, reader) = stream::<u32>();
    let mut peer = host.outgoing_stream(reader);
    let (first, mut writer) = leaves_a_write(&host, writer);
    let tasks = Log::new();
    host.when_blocked({
        let (inner, tasks) = (host.clone(), tasks.clone());
        move || {
            tasks.note(inner.start(async move {
                assert_eq!(writer.write_one(5).await, None);
            }));
            // Nothing may be called on an end while its copy is being cancelled.
            let writes = |call: &String| call.starts_with("stream.write ");
            assert!(!inner.calls().iter().any(writes));
        }
    });
    host.calls();
    assert_eq!(first.settle(), Code::Exit);
    let second = tasks.take().pop().expect("the cancel took its time");
    assert!(second.step());
    assert_eq!(peer.read(1), Outcome::Completed(1));
    assert_eq!(peer.received(), [5]);
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn a_value_that_cannot_be_lifted_leaves_its_handle_to_others() {
    let host = install();
    let (reader, mut peer) = host.incoming_future::<Fussy>();
    let task = host.start(async move {
        let host = host::host();
        let mut read = reader.into_future();
        assert!(poll_once(&mut read).await.is_pending());
        host.call_lowered(|| host.call_sync(|| drop(read)));
        // Whoever cancels it next is to lift this.
        peer.send(Fussy::new("lift!"));
        panic_message(|| block_on(async {}));
        live(|live| assert_eq!(live.orphans, 0));
        let (mut reader, mut peer) = host.incoming_stream::<u32>();
        assert_eq!(reader.handle(), 1, "the first handle is free again");
        let mut read = Box::pin(reader.next());
        assert!(poll_once(&mut read).await.is_pending());
        peer.write([1]);
        assert_eq!(read.await, Some(1));
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_read_whose_item_cannot_be_lifted_is_over_all_the_same() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<Fussy>();
    let tasks = Log::new();
    let second = host.start({
        let (inner, tasks) = (host.clone(), tasks.clone());
        async move {
            // In the middle of a turn, so that it is the next read that gets the item.
            let shelf = Log::new();
            host::host().when_blocked({
                let shelf = shelf.clone();
                move || {
                    let (first, reader) = leaves_a_read(&inner, reader);
                    peer.write([Fussy::new("lift!")]);
                    shelf.note((first, reader, peer));
                }
            });
            wit_async::yield_blocking();
            let (first, mut reader, mut peer) = shelf.take().pop().expect("it was left");
            tasks.note(first);
            let read = AssertUnwindSafe(reader.next()).catch_unwind().await;
            assert!(read.is_err(), "the item panics");
            peer.write([Fussy::new("next")]);
            assert_eq!(reader.next().await, Some(Fussy::new("next")));
        }
    });
    assert_eq!(second.settle(), Code::Exit);
    let first = tasks.take().pop().expect("it was started");
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn a_writer_goes_although_an_item_panics_that_comes_back() {
    let host = install();
    let (mut writer, reader) = stream::<Fussy>();
    let mut peer = host.outgoing_stream(reader);
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            let mut write = Box::pin(writer.write(vec![Fussy::new("lift!")]));
            assert!(poll_once(&mut write).await.is_pending());
            host.call_lowered(|| host.call_sync(|| drop(write)));
            // It is cancelled first.
            let message = panic_message(AssertUnwindSafe(|| drop(writer)));
            assert!(message.contains("panics as it was told to"), "{message}");
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.read(1), Outcome::Dropped(0));
    drop(peer);
    assert_eq!(host.handles(), [""; 0]);
}

#[test]
fn what_a_default_spawns_while_others_operations_are_settled_runs() {
    let host = install();
    let log = Log::new();
    let (writer, reader) = future({
        thread_local!(static LOG: std::cell::RefCell<Option<Log<&'static str>>> = const {
            std::cell::RefCell::new(None)
        });
        LOG.set(Some(log.clone()));
        || {
            let log = LOG.take().expect("called once");
            wit_async::spawn_local(async move { log.note("spawned") });
            7_u32
        }
    });
    let mut peer = host.outgoing_future(reader);
    let (first, write) = begins(&host, async move {
        let _ = writer.write(1).await;
    });
    let task = host.start({
        let inner = host.clone();
        async move {
            host::host().when_blocked(move || inner.call_sync(|| drop(write)));
            wit_async::yield_blocking();
        }
    });
    assert_eq!(log.take(), ["spawned"]);
    peer.receive();
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(first.settle(), Code::Exit);
    assert_eq!(peer.received(), [7]);
}

#[test]
fn a_handle_is_free_again_before_the_result_of_its_call_is_dropped() {
    let host = install();
    let import = Import::new(Until::Started);
    let mut offered = Offered::<Loud>::with(&import);
    let (task, call) = begins(&host, async move {
        offered.call("hey".to_owned()).await;
    });
    import.call(0).resolve();
    host.call_sync(|| drop(call));
    assert_eq!(task.settle(), Code::Exit);
}

/// A result whose destructor makes a stream, in whose readable end there is the handle
/// of the call, and hands it away.
struct Loud(String);

impl Drop for Loud {
    fn drop(&mut self) {
        assert_eq!(self.0, "HEY");
        let (_writer, reader) = stream::<u32>();
        drop(host::lift_stream(reader));
    }
}

impl From<String> for Loud {
    fn from(text: String) -> Loud {
        Loud(text)
    }
}
