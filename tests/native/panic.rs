//! Panics in the code of payloads: nothing is lost that can be kept, nothing is
//! lifted twice, and nobody else is disturbed.

use crate::future::blocks_until_read;
use crate::host::imports::{Import, Offered, OnCancel, Until};
use crate::host::{
    self, Code, Fussy, Log, NotesDrop, Outcome, fussy_default, fussy_default_panics, future,
    panic_message, poll_once, stream,
};
use futures::FutureExt;
use futures::future::join;
use std::future::{Future, IntoFuture, pending};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use wit_async::rt::async_support::Subtask as _;
use wit_async::{StreamResult, block_on, spawn_local};

/// Awaits `future`, which panics.
async fn caught<T>(future: impl Future<Output = T>) {
    let result = AssertUnwindSafe(future).catch_unwind().await;
    assert!(result.is_err(), "the payload panics");
}

#[test]
fn a_value_that_cannot_be_lowered_is_replaced_by_the_default() {
    let host = host::install();
    let (writer, reader) = future::<Fussy>(fussy_default);
    let mut peer = host.outgoing_future(reader);
    host.calls();
    let task = host.start(async move { caught(writer.write(Fussy::new("lower!"))).await });
    blocks_until_read(&host, &task, &mut peer, Fussy::new("default"));
}

#[test]
fn a_value_that_cannot_be_lowered_is_replaced_where_no_task_is() {
    let host = host::install();
    let (writer, reader) = future::<Fussy>(fussy_default);
    let mut peer = host.outgoing_future(reader);
    let mut write = writer.write(Fussy::new("lower!"));
    panic_message(|| {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = Pin::new(&mut write).poll(&mut cx);
    });
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert_eq!(peer.received(), [Fussy::new("default")]);
    assert!(host.start(async {}).has_exited());
}

#[test]
fn a_default_that_panics_leaves_the_writer_open_and_disturbs_nobody() {
    let host = host::install();
    fussy_default_panics();
    let (writer, reader) = future::<Fussy>(fussy_default);
    let _peer = host.outgoing_future(reader);
    let (other, mut sender) = host.incoming_future::<Fussy>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            host.calls();
            assert_eq!(panic_message(|| drop(writer)), "no default today");
            assert_eq!(host.calls(), [""; 0]);
            assert_eq!(other.await, Fussy::new("undisturbed"));
        }
    });
    assert!(task.is_waiting());
    sender.send(Fussy::new("undisturbed"));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(host.handles(), ["2 Writable end of a future, Idle"]);
    host.leaks_on_purpose();
}

#[test]
fn a_default_that_cannot_be_lowered_leaves_the_writer_open() {
    let host = host::install();
    let (writer, reader) = future::<Fussy>(|| Fussy::new("lower!"));
    let _peer = host.outgoing_future(reader);
    let task = host.start(async move {
        panic_message(|| drop(writer));
    });
    assert!(task.has_exited());
    assert_eq!(host.handles(), ["2 Writable end of a future, Idle"]);
    host.leaks_on_purpose();
}

#[test]
fn a_value_that_cannot_be_lifted_is_lifted_once_and_its_end_goes() {
    let host = host::install();
    // At once, with an event, and by a cancel.
    let (reader, mut peer) = host.incoming_future::<Fussy>();
    peer.send(Fussy::new("lift!"));
    assert!(host.start(caught(reader.into_future())).has_exited());

    let (reader, mut peer) = host.incoming_future::<Fussy>();
    let task = host.start(caught(reader.into_future()));
    assert!(task.is_waiting());
    peer.send(Fussy::new("lift!"));
    assert_eq!(task.settle(), Code::Exit);

    let (reader, mut peer) = host.incoming_future::<Fussy>();
    let task = host.start(async move {
        let mut read = reader.into_future();
        assert!(poll_once(&mut read).await.is_pending());
        peer.send(Fussy::new("lift!"));
        panic_message(|| drop(Pin::new(&mut read).cancel()));
    });
    assert!(task.has_exited());
}

#[test]
fn a_value_that_comes_back_and_cannot_be_lifted_is_gone_and_so_is_the_end() {
    let host = host::install();
    let (writer, reader) = future::<Fussy>(|| unreachable!("the reader is gone"));
    let peer = host.outgoing_future(reader);
    let task = host.start(caught(writer.write(Fussy::new("lift!"))));
    assert!(task.is_waiting());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_cancelled_value_that_cannot_be_lifted_is_replaced_by_the_default() {
    let host = host::install();
    let (writer, reader) = future::<Fussy>(fussy_default);
    let mut peer = host.outgoing_future(reader);
    let task = host.start(async move {
        let mut write = writer.write(Fussy::new("lift!"));
        assert!(poll_once(&mut write).await.is_pending());
        panic_message(|| drop(Pin::new(&mut write).cancel()));
    });
    assert!(task.is_waiting());
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.received(), [Fussy::new("default")]);
}

#[test]
fn items_that_cannot_be_lowered_send_nothing_and_the_writer_goes_on() {
    let host = host::install();
    let (mut writer, reader) = stream::<Fussy>();
    let mut peer = host.outgoing_stream(reader);
    peer.read(8);
    host.calls();
    let task = host.start(async move {
        let texts = ["a", "lower!", "c"].map(Fussy::new).to_vec();
        caught(writer.write(texts)).await;
        caught(writer.write_one(Fussy::new("lower!"))).await;
        caught(writer.write_all(vec![Fussy::new("lower!")])).await;
        assert_eq!(writer.write_one(Fussy::new("d")).await, None);
    });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        ["stream.write 2 x1: completed 1", "stream.drop-writable 2"]
    );
    peer.settle();
    assert_eq!(peer.received(), [Fussy::new("d")]);
}

#[test]
fn an_item_that_cannot_be_lifted_is_lifted_once_and_the_reader_goes_on() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<Fussy>();
    peer.write(["a", "lift!", "lift!", "d"].map(Fussy::new));
    let task = host.start(async move {
        caught(reader.read(Vec::with_capacity(2))).await;
        caught(reader.next()).await;
        assert_eq!(reader.next().await, Some(Fussy::new("d")));
    });
    assert!(task.has_exited());
}

#[test]
fn items_behind_one_that_cannot_be_lifted_are_freed() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<Fussy>();
    peer.write(["a", "lift!", "c", "d"].map(Fussy::new));
    let task = host.start(async move {
        caught(reader.read(Vec::with_capacity(4))).await;
    });
    assert!(task.has_exited());
    // Miri looks for what was not freed.
}

#[test]
fn values_that_cannot_be_lifted_back_are_lifted_once_each() {
    let host = host::install();
    let (mut writer, reader) = stream::<Fussy>();
    let mut peer = host.outgoing_stream(reader);
    let task = host.start(async move {
        let texts = ["sent", "b", "lift!", "d"].map(Fussy::new).to_vec();
        let mut write = writer.write(texts);
        assert!(poll_once(&mut write).await.is_pending());
        peer.read(1);
        let (result, buffer) = Pin::new(&mut write).cancel();
        assert_eq!((result, buffer.remaining()), (StreamResult::Complete(1), 3));
        panic_message(|| drop(buffer.into_vec()));
        assert_eq!(peer.received(), [Fussy::new("sent")]);
    });
    assert!(task.has_exited());
}

#[test]
fn a_write_that_is_dropped_with_values_that_cannot_be_lifted_is_over() {
    let host = host::install();
    let (mut writer, reader) = stream::<Fussy>();
    let mut peer = host.outgoing_stream(reader);
    let task = host.start(async move {
        let mut write = writer.write(vec![Fussy::new("a"), Fussy::new("lift!")]);
        assert!(poll_once(&mut write).await.is_pending());
        panic_message(|| drop(write));
        assert_eq!(writer.write_one(Fussy::new("b")).await, None);
    });
    assert!(task.is_waiting());
    peer.read(1);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.received(), [Fussy::new("b")]);
}

#[test]
fn a_panic_in_block_on_drops_what_it_ran() {
    let host = host::install();
    let log = Log::new();
    let (mut reader, _peer) = host.incoming_stream::<u32>();
    let message = panic_message(|| {
        block_on(async {
            let _noted = host::NotesDrop(log.clone(), "dropped");
            let mut read = reader.read(Vec::with_capacity(1));
            assert!(poll_once(&mut read).await.is_pending());
            panic!("in block_on");
        })
    });
    assert_eq!(message, "in block_on");
    assert_eq!(log.take(), ["dropped"]);
    assert!(host.task_cell().is_null());
    drop(reader);
    // No cancel was possible there; the next task does it.
    assert!(host.start(async {}).has_exited());
}

#[test]
fn what_a_task_has_spawned_goes_with_it_when_its_first_turn_panics() {
    let host = host::install();
    let log = Log::new();
    let message = panic_message(AssertUnwindSafe(|| {
        let noted = NotesDrop(log.clone(), "what it spawned");
        host.start(async move {
            spawn_local(async move {
                let _noted = noted;
                pending::<()>().await;
            });
            panic!("in its first turn");
        });
    }));
    assert_eq!(message, "in its first turn");
    assert_eq!(log.take(), ["what it spawned"]);
}

#[test]
fn what_is_in_flight_is_dropped_while_panicking_as_always() {
    let host = host::install();
    let (mut reader, mut sender) = host.incoming_stream::<String>();
    let (mut writer, read_by_peer) = stream::<String>();
    let mut receiver = host.outgoing_stream(read_by_peer);
    let (value, _promise) = host.incoming_future::<String>();
    let (promise, value_of_peer) = future(|| "default".to_owned());
    let mut awaits = host.outgoing_future(value_of_peer);
    let import = Import::that(Until::Started, OnCancel::Confirm);
    let mut offered = Offered::new(&import);
    let (mut writer_here, mut reader_here) = stream::<String>();
    let texts = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
    let task = host.start(async move {
        let mut buffer = writer.buffer(texts(["a", "b"]));
        let mut call = Box::pin(async move { offered.call("hey".to_owned()).await });
        let mut read = reader.read(Vec::with_capacity(2));
        let mut write = writer.write_from(&mut buffer);
        let mut read_value = Box::pin(value.into_future());
        let mut write_value = Box::pin(promise.write("value".to_owned()));
        let mut write_here = Box::pin(writer_here.write_one("x".to_owned()));
        assert!(poll_once(&mut call).await.is_pending());
        assert!(poll_once(&mut read).await.is_pending());
        assert!(poll_once(&mut write).await.is_pending());
        assert!(poll_once(&mut read_value).await.is_pending());
        assert!(poll_once(&mut write_value).await.is_pending());
        assert!(poll_once(&mut write_here).await.is_pending());
        let message = panic_message(AssertUnwindSafe(move || {
            let _all = (call, read, write, read_value, write_value, write_here);
            panic!("on purpose");
        }));
        assert_eq!(message, "on purpose");
        assert_eq!(writer.write_all(buffer.into_vec()).await, [""; 0]);
        assert_eq!(reader.next().await.as_deref(), Some("item"));
        let here = join(writer_here.write_one("y".to_owned()), reader_here.next()).await;
        assert_eq!(here, (None, Some("y".to_owned())));
    });
    task.settle();
    assert!(import.call(0).is_cancel_requested());
    assert_eq!(sender.write(["item".to_owned()]), Outcome::Completed(1));
    assert_eq!(receiver.read(8), Outcome::Completed(2));
    while task.step() {}
    assert_eq!(awaits.receive(), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(awaits.received(), ["default"]);
    assert_eq!(receiver.received(), ["a", "b"]);
}
