//! Writers of futures that go away unwritten, on a host in the same process: what they
//! write then, and where.

use crate::future::blocks_until_read;
use crate::host::{self, Code, Log, Outcome, Wire, future, pause, poll_once};
use wit_async::rt::async_support::raw_future_new;

#[test]
fn a_writer_that_goes_away_unwritten_writes_its_default() {
    let host = host::install();
    let (writer, reader) = future::<String>(|| "default".to_owned());
    let mut peer = host.outgoing_future(reader);
    peer.receive();
    host.calls();
    let task = host.start(async move { drop(writer) });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        ["future.write 2: completed", "future.drop-writable 2"]
    );
    peer.settle();
    assert_eq!(peer.received(), ["default"]);
}

#[test]
fn a_task_stays_until_its_defaults_are_read() {
    let host = host::install();
    let (writer, reader) = future::<String>(|| "default".to_owned());
    let mut peer = host.outgoing_future(reader);
    host.calls();
    let task = host.start(async move { drop(writer) });
    blocks_until_read(&host, &task, &mut peer, "default".to_owned());
}

#[test]
fn a_default_is_dropped_when_the_reader_left() {
    let host = host::install();
    let (writer, reader) = future::<String>(|| "default".to_owned());
    let peer = host.outgoing_future(reader);
    let task = host.start(async move { drop(writer) });
    assert!(task.is_waiting());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_write_that_is_dropped_in_flight_writes_the_default() {
    let host = host::install();
    let (writer, reader) = future::<String>(|| "default".to_owned());
    let mut peer = host.outgoing_future(reader);
    host.calls();
    let task = host.start(async move {
        let mut write = writer.write("never".to_owned());
        assert!(poll_once(&mut write).await.is_pending());
        drop(write);
    });
    assert!(task.is_waiting());
    assert_eq!(
        host.calls(),
        [
            "future.write 2: blocked",
            "waitable-set.new: 1",
            "waitable.join 2 1",
            "waitable.join 2 0",
            "future.cancel-write 2: cancelled",
            "future.write 2: blocked",
            "waitable.join 2 1",
        ]
    );
    peer.receive();
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.received(), ["default"]);
}

#[test]
fn a_writer_dropped_where_no_task_is_writes_at_once_if_somebody_reads() {
    let host = host::install();
    let (writer, reader) = future::<u32>(|| 5);
    let mut peer = host.outgoing_future(reader);
    peer.receive();
    host.calls();
    drop(writer);
    assert_eq!(
        host.calls(),
        ["future.write 2: completed", "future.drop-writable 2"]
    );
}

#[test]
fn a_writer_dropped_where_no_task_is_is_settled_by_the_next_task() {
    let host = host::install();
    let (writer, reader) = future::<String>(|| "default".to_owned());
    let mut peer = host.outgoing_future(reader);
    host.calls();
    drop(writer);
    assert_eq!(
        host.calls(),
        [
            "future.write 2: blocked",
            "waitable-set.new: 1",
            "waitable.join 2 1",
        ]
    );
    // The reader needs nobody to get the value.
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert_eq!(peer.received(), ["default"]);
    let task = host.start(async {});
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        [
            "waitable-set.poll 1: event 5 of 2",
            "future.drop-writable 2",
            "waitable-set.drop 1",
        ]
    );
}

#[test]
fn many_writers_dropped_where_no_task_is_are_all_settled() {
    let host = host::install();
    let peers: Vec<_> = (0..5)
        .map(|_| {
            let (writer, reader) = future::<String>(|| "default".to_owned());
            drop(writer);
            host.outgoing_future(reader)
        })
        .collect();
    #[cfg(feature = "diagnostics")]
    assert_eq!(wit_async::diagnostics::live().orphans, 5);
    for mut peer in peers {
        assert_eq!(peer.receive(), Outcome::Completed(1));
    }
    assert!(host.start(async {}).has_exited());
}

#[test]
fn a_cancelled_task_writes_the_defaults_of_what_it_held() {
    let host = host::install();
    let (writer, reader) = future::<String>(|| "default".to_owned());
    let (other, other_reader) = future::<String>(|| "default".to_owned());
    let mut peer = host.outgoing_future(reader);
    let mut other_peer = host.outgoing_future(other_reader);
    let task = host.start(async move {
        let _held = writer;
        let mut write = other.write("in flight".to_owned());
        let _ = poll_once(&mut write).await;
        std::future::pending::<()>().await;
    });
    assert!(task.is_waiting());
    // The task stays for the two writes, then it is gone.
    assert!(matches!(task.cancel(), Code::Wait(_)));
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert!(task.step());
    assert!(task.is_waiting());
    assert_eq!(other_peer.receive(), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(other_peer.received(), ["default"]);
}

#[test]
fn writing_and_forgetting_needs_no_task() {
    let host = host::install();
    // SAFETY: the table describes futures of this host.
    let (writer, reader) = unsafe { raw_future_new(String::FUTURE) };
    let mut peer = host.outgoing_future(reader);
    writer.write_and_forget("value".to_owned());
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert_eq!(peer.received(), ["value"]);
    assert!(host.start(async {}).has_exited());
}

#[test]
fn a_raw_writer_that_goes_away_unwritten_stays_open() {
    let host = host::install();
    // SAFETY: the table describes futures of this host.
    let (writer, reader) = unsafe { raw_future_new(String::FUTURE) };
    let _peer = host.outgoing_future(reader);
    host.calls();
    drop(writer);
    assert_eq!(host.calls(), [""; 0]);
    assert_eq!(
        host.handles(),
        ["2 Writable end of a future, Idle"],
        "dropping it would trap"
    );
    host.leaks_on_purpose();
}

#[test]
fn a_writer_dropped_by_a_default_is_written_too() {
    thread_local! {
        static INNER: std::cell::RefCell<Option<wit_async::FutureWriter<u32>>> =
            const { std::cell::RefCell::new(None) };
    }
    let host = host::install();
    let (inner, inner_reader) = future::<u32>(|| 1);
    let (outer, outer_reader) = future::<u32>(|| {
        drop(INNER.take());
        2
    });
    INNER.set(Some(inner));
    let mut inner_peer = host.outgoing_future(inner_reader);
    let mut outer_peer = host.outgoing_future(outer_reader);
    let task = host.start(async move { drop(outer) });
    assert!(task.is_waiting());
    inner_peer.receive();
    outer_peer.receive();
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(
        (inner_peer.received(), outer_peer.received()),
        (vec![1], vec![2])
    );
}

#[test]
fn a_destructor_that_runs_in_another_task_writes_there() {
    let host = host::install();
    let (writer, reader) = future::<u32>(|| 3);
    let mut peer = host.outgoing_future(reader);
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            shelf.note(writer);
            pause().await;
        }
    });
    assert!(first.is_waiting());
    let second = host.start(async move { drop(shelf.take()) });
    assert!(second.is_waiting());
    peer.receive();
    assert!(!first.step(), "the first task has nothing to do with it");
    assert_eq!(second.settle(), Code::Exit);
    assert_eq!(first.cancel(), Code::Exit);
}
