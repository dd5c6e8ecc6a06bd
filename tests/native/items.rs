//! Items of streams, on a host in the same process: lengths, payloads with memory
//! and without, adapters, misuse.

use crate::host::{self, Code, Log, Nothing, Outcome, panic_message, pause, poll_once, stream};
use futures::StreamExt;
use futures::stream::FusedStream;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use wit_async::{StreamResult, UnitStreamOps, spawn_local};

/// A vector of values that have no size.
#[expect(clippy::uninit_vec, reason = "there is nothing to initialise")]
fn so_many<T>(length: usize) -> Vec<T> {
    assert_eq!(size_of::<T>(), 0);
    let mut values = Vec::new();
    // SAFETY: such values need no memory and have no content.
    unsafe { values.set_len(length) };
    values
}

// --- lengths

#[test]
fn a_read_without_room_has_length_zero_and_waits_for_the_writer() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        let (result, buffer) = reader.read(Vec::new()).await;
        assert_eq!((result, buffer), (StreamResult::Complete(0), vec![]));
        assert_eq!(reader.next().await, Some(9));
    });
    assert!(task.is_waiting());
    assert_eq!(host.calls()[0], "stream.read 1 x0: blocked");
    assert_eq!(peer.write([9]), Outcome::Blocked);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_write_without_values_has_length_zero_and_waits_for_the_reader() {
    let host = host::install();
    let (mut writer, reader) = stream::<String>();
    let mut peer = host.outgoing_stream(reader);
    host.calls();
    let task = host.start(async move {
        let (result, rest) = writer.write(vec![]).await;
        assert_eq!((result, rest.remaining()), (StreamResult::Complete(0), 0));
        assert_eq!(writer.write_one("x".to_owned()).await, None);
    });
    assert!(task.is_waiting());
    assert_eq!(host.calls()[0], "stream.write 2 x0: blocked");
    assert_eq!(peer.read(1), Outcome::Blocked);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.settle(), Some(Outcome::Dropped(1)));
    assert_eq!(peer.received(), ["x"]);
}

#[test]
fn one_item_of_a_unit_stream_is_one_item() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<()>();
    assert_eq!(peer.write([(); 5]), Outcome::Blocked);
    let task = host.start(async move {
        for _ in 0..5 {
            assert_eq!(reader.next().await, Some(()));
        }
        assert_eq!(reader.next().await, None);
    });
    assert!(task.is_waiting());
    assert_eq!(peer.settle(), Some(Outcome::Completed(5)));
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn operations_of_a_unit_stream_are_cancelled() {
    let host = host::install();
    let (mut writer, mut reader) = UnitStreamOps::new();
    host.calls();
    let task = host.start(async move {
        let mut read = reader.read(Vec::new());
        assert!(poll_once(&mut read).await.is_pending());
        assert_eq!(Pin::new(&mut read).cancel().0, StreamResult::Cancelled);
        let mut write = Box::pin(writer.write_one(()));
        assert!(poll_once(&mut write).await.is_pending());
        drop(write);
    });
    assert!(task.has_exited());
    let calls = host.calls();
    let cancels = calls.iter().filter(|call| call.contains("cancel"));
    assert_eq!(cancels.count(), 2, "{calls:?}");
}

#[test]
fn units_that_the_abi_cannot_count_at_once_are_split() {
    let host = host::install();
    let (mut writer, mut reader) = UnitStreamOps::new();
    let most = (1 << 28) - 1;
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            let all = so_many::<()>(2 * most + 5);
            let (unsent, mut got) = futures::join!(writer.write_all(all), async {
                let mut got = 0;
                for _ in 0..3 {
                    let (result, items) = reader.read(Vec::new()).await;
                    assert_eq!(result, StreamResult::Complete(items.len()));
                    got += items.len();
                }
                got
            });
            assert!(unsent.is_empty());
            got -= 2 * most;
            assert_eq!(got, 5);
            let calls = host.calls();
            assert!(
                calls.contains(&format!("stream.write 2 x{most}: blocked")),
                "{calls:?}"
            );
        }
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_payload_that_is_nothing_in_rust_is_read_by_the_window() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<Nothing>();
    assert_eq!(peer.write(vec![Nothing; 3]), Outcome::Blocked);
    let task = host.start(async move {
        assert_eq!(reader.next().await, Some(Nothing));
        let (result, items) = reader.read(Vec::new()).await;
        assert_eq!((result, items.len()), (StreamResult::Complete(2), 2));
    });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        [
            "stream.read 1 x1: completed 1",
            "stream.read 1 x1024: completed 2",
            "stream.drop-readable 1",
        ]
    );
}

#[test]
fn two_billion_values_that_are_nothing_in_rust_are_written_by_the_window() {
    let host = host::install();
    let (mut writer, reader) = stream::<Nothing>();
    let mut peer = host.outgoing_stream(reader);
    host.calls();
    let values = so_many::<Nothing>(1 << 31);
    let task = host.start(async move {
        let (result, rest) = writer.write(values).await;
        assert_eq!(result, StreamResult::Complete(1024));
        assert_eq!(rest.remaining(), (1 << 31) - 1024);
        let (result, rest) = writer.write_buf(rest).await;
        assert_eq!(result, StreamResult::Complete(1));
        // What is left of the window is lifted, the rest was never lowered.
        assert_eq!(rest.into_vec().len(), (1 << 31) - 1025);
    });
    assert!(task.is_waiting());
    assert_eq!(host.calls()[0], "stream.write 2 x1024: blocked");
    assert_eq!(peer.read(2000), Outcome::Completed(1024));
    assert!(task.step());
    assert_eq!(host.calls(), ["stream.write 2 x1024: blocked"]);
    assert_eq!(peer.read(1), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.received().len(), 1025);
}

// --- payloads with memory, adapters, one instance

#[test]
fn a_partial_write_goes_on_where_it_stopped() {
    let host = host::install();
    let (mut writer, reader) = stream::<String>();
    let mut peer = host.outgoing_stream(reader);
    host.calls();
    let task = host.start(async move {
        let texts = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let (result, rest) = writer.write(texts).await;
        assert_eq!((result, rest.remaining()), (StreamResult::Complete(1), 3));
        let (result, rest) = writer.write_buf(rest).await;
        assert_eq!((result, rest.remaining()), (StreamResult::Complete(2), 1));
        assert_eq!(rest.into_vec(), ["d"]);
    });
    assert!(task.is_waiting());
    assert_eq!(peer.read(1), Outcome::Completed(1));
    assert!(task.step());
    assert_eq!(
        host.calls(),
        [
            "stream.write 2 x4: blocked",
            "waitable-set.new: 1",
            "waitable.join 2 1",
            "stream.write 2 x3: blocked",
        ]
    );
    assert_eq!(peer.read(2), Outcome::Completed(2));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.received(), ["a", "b", "c"]);
}

#[test]
fn collecting_reads_to_the_end() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        assert_eq!(reader.collect().await, ["a", "b", "c"]);
    });
    assert!(task.is_waiting());
    peer.write(["a".to_owned(), "b".to_owned()]);
    assert!(task.step());
    assert!(task.is_waiting());
    assert_eq!(peer.settle(), None);
    peer.write(["c".to_owned()]);
    assert!(task.step());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn dropping_the_next_of_an_adapter_loses_nothing() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        let mut stream = reader.into_stream();
        assert!(matches!(poll_once(&mut stream.next()).await, Poll::Pending));
        pause().await;
        assert_eq!(stream.next().await.as_deref(), Some("a"));
        let mut reader = stream.into_inner().expect("no read is in flight");
        assert_eq!(reader.next().await, None);
    });
    assert!(task.is_waiting());
    peer.write(["a".to_owned()]);
    assert!(task.step());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn an_adapter_gives_back_its_reader_unless_the_stream_has_ended() {
    let host = host::install();
    let (reader, peer) = host.incoming_stream::<u32>();
    let (other, mut other_peer) = host.incoming_stream::<u32>();
    drop(peer);
    let task = host.start(async move {
        let mut ended = reader.into_stream();
        assert_eq!(ended.next().await, None);
        assert_eq!(ended.next().await, None);
        assert!(ended.into_inner().is_none());
        let mut reading = other.into_stream();
        assert!(poll_once(&mut reading.next()).await.is_pending());
        // The read that is in flight stays with it.
        let mut reader = reading.into_inner().expect("it has not ended");
        assert_eq!(reader.next().await, Some(7));
    });
    assert!(task.is_waiting());
    other_peer.write([7]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn both_ends_of_a_stream_of_numbers_work_in_one_task() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let (mut writer, reader) = stream::<u32>();
            let reading = spawn_local(reader.collect());
            assert!(writer.write_all((0..10).collect()).await.is_empty());
            drop(writer);
            log.note(reading.await);
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), [Some((0..10).collect::<Vec<_>>())]);
}

// --- misuse

#[test]
fn polling_a_finished_operation_names_the_call_and_the_handle() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    peer.write([1]);
    let task = host.start(async move {
        let mut read = reader.read(Vec::with_capacity(1));
        assert!(poll_once(&mut read).await.is_ready());
        let again = panic_message(|| {
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            let _ = Pin::new(&mut read).poll(&mut cx);
        });
        assert_eq!(
            again,
            "`StreamReader::read` on handle 1 was polled after it finished"
        );
        let cancelled = panic_message(|| drop(Pin::new(&mut read).cancel()));
        assert_eq!(
            cancelled,
            "`StreamReader::read` on handle 1 was cancelled after it finished"
        );
    });
    assert!(task.has_exited());
}

#[test]
fn waiting_outside_of_a_task_panics_before_the_host_traps() {
    let host = host::install();
    let (mut reader, _peer) = host.incoming_stream::<u32>();
    let mut read = reader.read(Vec::with_capacity(1));
    let message = panic_message(|| {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = Pin::new(&mut read).poll(&mut cx);
    });
    assert!(
        message.starts_with("`StreamReader::read` on handle 1 was polled outside of a task"),
        "{message}"
    );
    // The read is in flight all the same, and can be dropped.
    drop(read);
    #[cfg(feature = "diagnostics")]
    assert_eq!(wit_async::diagnostics::live().operations, 1);
    assert!(host.start(async { drop(reader) }).has_exited());
    #[cfg(feature = "diagnostics")]
    assert_eq!(wit_async::diagnostics::live().operations, 0);
}

#[test]
fn an_adapter_is_terminated_when_the_stream_has_ended_and_not_before() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        let mut stream = reader.into_stream();
        // Nothing is in flight before an item is asked for, nor behind it.
        assert!(!stream.is_terminated());
        assert_eq!(stream.select_next_some().await, 1);
        assert!(!stream.is_terminated());
        assert!(poll_once(&mut stream.next()).await.is_pending());
        assert!(!stream.is_terminated());
        assert_eq!(stream.next().await, None);
        assert!(stream.is_terminated());
    });
    assert!(task.is_waiting());
    peer.write([1]);
    assert!(task.step());
    assert!(task.is_waiting());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}
