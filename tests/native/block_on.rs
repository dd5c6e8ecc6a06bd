//! Code that blocks in place, on a host in the same process.

use crate::host::{self, Code, future, poll_once};
use std::rc::Rc;
use wit_async::{block_on, spawn_local, yield_async, yield_blocking};

#[test]
fn block_on_a_future_that_only_yields_yields_to_the_host() {
    let host = host::install();
    let output = block_on(async {
        yield_async().await;
        yield_async().await;
        5
    });
    assert_eq!(output, 5);
    assert_eq!(host.calls(), ["thread.yield", "thread.yield"]);
}

#[test]
fn block_on_waits_and_takes_what_is_there_without_waiting() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let text = String::from("borrowed");
    host.when_blocked(move || {
        peer.write([8]);
    });
    let read = block_on(async { (reader.next().await, text.len()) });
    assert_eq!(read, (Some(8), 8));
    assert_eq!(
        host.calls(),
        [
            "stream.read 1 x1: blocked",
            "waitable-set.new: 2",
            "waitable.join 1 2",
            "waitable-set.poll 2: none",
            "waitable-set.wait 2: event 2 of 1",
            "waitable.join 1 0",
            "waitable-set.drop 2",
        ]
    );
    drop(reader);
}

#[test]
fn an_operation_that_began_in_a_task_finishes_in_block_on() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            let mut read = Box::pin(async move { reader.await });
            assert!(poll_once(&mut read).await.is_pending());
            host.when_blocked(move || {
                peer.send(3);
            });
            assert_eq!(block_on(read), 3);
        }
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_block_on_leaves_behind_is_left_to_the_task_around_it() {
    let host = host::install();
    let (writer, reader) = future::<u32>(|| 5);
    let mut peer = host.outgoing_future(reader);
    let task = host.start(async move { block_on(async move { drop(writer) }) });
    // The default is being written, and the task is there until somebody reads it.
    assert!(task.is_waiting());
    peer.receive();
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.received(), [5]);
    assert_eq!(host.handles(), [""; 0]);
}

#[test]
fn while_block_on_waits_other_tasks_run_and_the_cell_is_put_back() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let (mut other_reader, mut other_peer) = host.incoming_stream::<u32>();
    let other = Rc::new(host.start(async move { while other_reader.next().await.is_some() {} }));
    let task = host.start({
        let (host, other) = (Rc::clone(&host), Rc::clone(&other));
        async move {
            let cell = host.task_cell();
            host.when_blocked(move || {
                // Another task of the instance gets its event meanwhile.
                other_peer.write([1]);
                assert!(other.step());
                drop(other_peer);
                other.settle();
                assert!(other.has_exited());
                peer.send(6);
            });
            assert_eq!(block_on(async { reader.await }), 6);
            assert_eq!(host.task_cell(), cell);
            assert_eq!(spawn_local(async { 1 }).await, Some(1));
        }
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn yielding_in_place_lets_others_run_and_puts_the_cell_back() {
    let host = host::install();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            let cell = host.task_cell();
            let inner = Rc::clone(&host);
            host.when_blocked(move || assert!(inner.start(async {}).has_exited()));
            assert!(yield_blocking());
            assert_eq!(host.task_cell(), cell);
        }
    });
    assert!(task.has_exited());
    assert_eq!(host.calls(), ["thread.yield"]);
}
