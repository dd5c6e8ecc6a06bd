//! Operations that change tasks, on a host in the same process.

use crate::host::foreign::Executor;
use crate::host::imports::{Import, Shout, Until};
use crate::host::{self, Code, Installed, Log, Task, pause, poll_once};
use futures::channel::oneshot;

use std::future::{IntoFuture, pending};
use std::pin::Pin;
use std::task::Poll;
use wit_async::rt::async_support::Subtask as _;
use wit_async::{FutureRead, FutureReader, StreamResult, block_on};

/// A task that begins a read, and leaves it to others.
fn leaves_a_read(host: &Installed, reader: FutureReader<u32>) -> (Task, Log<FutureRead<u32>>) {
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let mut read = reader.into_future();
            assert!(poll_once(&mut read).await.is_pending());
            shelf.note(read);
        }
    });
    assert!(task.is_waiting());
    (task, shelf)
}

#[test]
fn an_operation_that_finishes_in_another_task_lets_the_first_one_go() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let (first, shelf) = leaves_a_read(&host, reader);
    // Its futures are done, but what it awaits could still come.
    assert_eq!(first.code(), Code::Wait(2));
    host.calls();
    let log = Log::new();
    let second = host.start({
        let log = log.clone();
        async move {
            let read = shelf.take().pop().expect("it was left");
            log.note(read.await);
        }
    });
    assert!(second.is_waiting());
    let Code::Wait(set) = second.code() else {
        unreachable!("it waits")
    };
    let calls = host.calls();
    // One join moves it.
    assert!(
        calls.contains(&format!("waitable.join 1 {set}")),
        "{calls:#?}"
    );
    assert!(
        !calls.contains(&"waitable.join 1 0".to_owned()),
        "{calls:#?}"
    );
    // The host lowers the value in the task that began the read: it stays, and is
    // told that it may go.
    assert!(matches!(first.settle(), Code::Wait(_)));
    peer.send(4);
    assert_eq!(second.settle(), Code::Exit);
    assert_eq!(log.take(), [4]);
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn an_operation_that_finishes_in_a_foreign_task_lets_the_first_one_go() {
    for version in 1..=3 {
        let host = host::install();
        let (mut reader, mut peer) = host.incoming_stream::<String>();
        let shelf = Log::new();
        let first = host.start({
            let shelf = shelf.clone();
            async move {
                let mut read = Box::pin(async move { (reader.next().await, reader) });
                assert!(poll_once(&mut read).await.is_pending());
                shelf.note(read);
            }
        });
        let executor = Executor::new(version);
        let mut read = shelf.take().pop().expect("it was left");
        assert!(executor.poll(&mut read).is_pending());
        // As before, it stays for what is lowered there.
        assert!(matches!(first.settle(), Code::Wait(_)));
        peer.write(["text".to_owned()]);
        assert!(executor.step());
        let Poll::Ready((item, _reader)) = executor.poll(&mut read) else {
            unreachable!("the item has come")
        };
        assert_eq!(item.as_deref(), Some("text"));
        assert_eq!(first.settle(), Code::Exit);
    }
}

#[test]
fn a_task_that_something_else_keeps_is_not_told_to_go() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let (other_reader, mut other_peer) = host.incoming_future::<u32>();
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            for reader in [reader, other_reader] {
                let mut read = reader.into_future();
                assert!(poll_once(&mut read).await.is_pending());
                shelf.note(read);
            }
        }
    });
    assert!(first.is_waiting());
    let second = host.start(async move {
        futures::future::join_all(shelf.take()).await;
    });
    assert!(matches!(first.settle(), Code::Wait(_)));
    peer.send(1);
    host.calls();
    assert!(matches!(second.settle(), Code::Wait(_)));
    assert_eq!(host.calls(), ["future.drop-readable 1"]);
    other_peer.send(2);
    assert_eq!(second.settle(), Code::Exit);
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn an_operation_that_finishes_in_another_task_lets_the_first_one_go_before_its_end_goes() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            let mut read = Box::pin(async move { (reader.next().await, reader) });
            assert!(poll_once(&mut read).await.is_pending());
            shelf.note(read);
        }
    });
    assert!(first.is_waiting());
    let second = host.start(async move {
        let read = shelf.take().pop().expect("it was left");
        let (item, _reader) = read.await;
        assert_eq!(item.as_deref(), Some("text"));
        pending().await
    });
    assert!(matches!(first.settle(), Code::Wait(_)));
    peer.write(["text".to_owned()]);
    assert!(matches!(second.settle(), Code::Wait(_)));
    assert_eq!(first.settle(), Code::Exit);
    assert_eq!(second.cancel(), Code::Exit);
}

#[test]
fn an_operation_that_is_dropped_in_another_task_lets_the_first_one_go() {
    let host = host::install();
    let (reader, _peer) = host.incoming_future::<u32>();
    let (first, shelf) = leaves_a_read(&host, reader);
    let second = host.start(async move { drop(shelf.take()) });
    assert!(second.has_exited());
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn an_operation_that_is_dropped_outside_of_any_task_lets_its_task_go() {
    let host = host::install();
    let (reader, _peer) = host.incoming_future::<u32>();
    let (first, shelf) = leaves_a_read(&host, reader);
    drop(shelf.take());
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn an_operation_that_moves_twice_keeps_the_task_that_started_it_and_no_other() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let (first, shelf) = leaves_a_read(&host, reader);
    let second = host.start({
        let shelf = shelf.clone();
        async move {
            let mut read = shelf.take().pop().expect("it was left");
            assert!(poll_once(&mut read).await.is_pending());
            shelf.note(read);
        }
    });
    assert!(second.is_waiting());
    let log = Log::new();
    let third = host.start({
        let log = log.clone();
        async move {
            let read = shelf.take().pop().expect("it was left");
            log.note(read.await);
        }
    });
    assert!(third.is_waiting());
    assert!(matches!(first.settle(), Code::Wait(_)));
    assert_eq!(second.settle(), Code::Exit);
    peer.send(4);
    assert_eq!(third.settle(), Code::Exit);
    assert_eq!(log.take(), [4]);
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn numbers_that_are_read_in_another_task_keep_no_task() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            let mut read = Box::pin(async move { reader.next().await });
            assert!(poll_once(&mut read).await.is_pending());
            shelf.note(read);
        }
    });
    assert!(first.is_waiting());
    let second = host.start(async move {
        let read = shelf.take().pop().expect("it was left");
        assert_eq!(read.await, Some(4));
    });
    assert!(second.is_waiting());
    // The host copies them, and asks for nobody.
    assert_eq!(first.settle(), Code::Exit);
    peer.write([4]);
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn a_task_in_whose_set_a_read_of_numbers_was_dropped_does_not_stay_for_the_next_one() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let job: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move {
        {
            let mut read = reader.read(Vec::with_capacity(1));
            assert!(poll_once(&mut read).await.is_pending());
            pause().await;
            // In the second task, which drops it.
            assert!(poll_once(&mut read).await.is_pending());
        }
        pause().await;
        // In the first one again.
        assert_eq!(reader.next().await, Some(4));
    });
    let shelf = Log::new();
    shelf.note(job);
    let polls_once = |end| {
        let (shelf, mut job) = (shelf.clone(), shelf.take().pop().expect("it was left"));
        host.start(async move {
            assert!(poll_once(&mut job).await.is_pending());
            shelf.note(job);
            let goes_on: oneshot::Receiver<bool> = end;
            if goes_on.await.expect("it is told") {
                shelf.take().pop().expect("it was left").await;
            }
        })
    };
    let (go_on, goes_on) = oneshot::channel();
    let first = polls_once(goes_on);
    let (end, ends) = oneshot::channel();
    let second = polls_once(ends);
    go_on.send(true).expect("it waits");
    assert!(matches!(first.settle(), Code::Wait(_)));
    end.send(false).expect("it waits");
    assert_eq!(second.settle(), Code::Exit);
    peer.write([4]);
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn a_cancel_that_finds_the_event_in_another_task_lets_the_first_one_go() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    // It begins in one task, and is awaited and cancelled in another one.
    let mut job = Box::pin(async move {
        {
            let mut read = reader.read(Vec::with_capacity(1));
            assert!(poll_once(&mut read).await.is_pending());
            pause().await;
            assert!(poll_once(&mut read).await.is_pending());
            pause().await;
            let (result, items) = Pin::new(&mut read).cancel();
            assert_eq!(
                (result, items),
                (StreamResult::Complete(1), vec!["text".to_owned()])
            );
        }
        reader
    });
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            assert!(poll_once(&mut job).await.is_pending());
            shelf.note(job);
        }
    });
    assert!(first.is_waiting());
    let readers = Log::new();
    let second = host.start({
        let readers = readers.clone();
        async move { readers.note(shelf.take().pop().expect("it was left").await) }
    });
    assert!(matches!(first.settle(), Code::Wait(_)));
    peer.write(["text".to_owned()]);
    host.calls();
    assert_eq!(second.settle(), Code::Exit);
    let calls = host.calls();
    assert!(
        !calls.iter().any(|call| call.contains("cancel")),
        "{calls:#?}"
    );
    // The end is there still, but nothing goes on that the first one started.
    assert_eq!(first.settle(), Code::Exit);
    drop(readers.take());
}

/// A task that calls an import and leaves the call to others.
fn leaves_a_call(
    host: &host::Installed,
    import: &Import,
) -> (host::Task, Pin<Box<dyn Future<Output = String>>>) {
    let shelf = Log::new();
    let task = host.start({
        let (import, shelf) = (import.clone(), shelf.clone());
        async move {
            let mut call: Pin<Box<dyn Future<Output = String>>> =
                Box::pin(async move { Shout(import).call("hey".to_owned()).await });
            assert!(poll_once(&mut call).await.is_pending());
            shelf.note(call);
        }
    });
    let call = shelf.take().pop().expect("it was begun");
    (task, call)
}

#[test]
fn a_call_that_has_started_and_moves_keeps_the_task_that_made_it() {
    let host = host::install();
    let import = Import::new(Until::Starting);
    let (first, call) = leaves_a_call(&host, &import);
    // That it has started is delivered, and nobody fetches it.
    import.call(0).start();
    assert!(first.step());
    let second = host.start(async move { assert_eq!(call.await, "HEY") });
    assert!(matches!(first.settle(), Code::Wait(_)));
    import.call(0).resolve();
    assert_eq!(second.settle(), Code::Exit);
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn an_operation_that_begins_in_another_task_does_not_keep_the_one_before() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let (leave, left) = oneshot::channel::<()>();
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            assert_eq!(reader.next().await, Some("one".to_owned()));
            shelf.note(reader);
            left.await.expect("it is sent");
        }
    });
    peer.write(["one".to_owned()]);
    assert!(first.step());
    // The end still sits in the set of the first task.
    let second = host.start(async move {
        let mut reader = shelf.take().pop().expect("it was left");
        assert_eq!(reader.next().await, Some("two".to_owned()));
    });
    assert!(second.is_waiting());
    leave.send(()).expect("it is awaited");
    assert_eq!(first.settle(), Code::Exit);
    peer.write(["two".to_owned()]);
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn a_call_made_in_block_on_keeps_the_task_around_it() {
    let host = host::install();
    let import = Import::new(Until::Started);
    let shelf = Log::new();
    let first = host.start({
        let (import, shelf) = (import.clone(), shelf.clone());
        async move {
            block_on(async move {
                let mut call = Box::pin(async move { Shout(import).call("hey".to_owned()).await });
                assert!(poll_once(&mut call).await.is_pending());
                // It moves away before what it was made in is over.
                block_on(async { assert!(poll_once(&mut call).await.is_pending()) });
                shelf.note(call);
            });
        }
    });
    assert!(first.is_waiting());
    let second = host.start(async move {
        let call = shelf.take().pop().expect("it was left");
        assert_eq!(call.await, "HEY");
    });
    // For the host it was made by the component-model task.
    assert!(matches!(first.settle(), Code::Wait(_)));
    import.call(0).resolve();
    assert_eq!(second.settle(), Code::Exit);
    assert_eq!(first.settle(), Code::Exit);
}

#[test]
fn a_call_that_starts_in_a_foreign_task_keeps_the_one_that_made_it() {
    for version in 1..=3 {
        let host = host::install();
        let import = Import::new(Until::Starting);
        let (first, mut call) = leaves_a_call(&host, &import);
        let executor = Executor::new(version);
        assert!(executor.poll(&mut call).is_pending());
        assert!(matches!(first.settle(), Code::Wait(_)));
        import.call(0).start();
        assert!(executor.step());
        // An event of others, before the call is polled.
        assert!(matches!(first.deliver_raw(2, 50, 0), Code::Wait(_)));
        assert!(executor.poll(&mut call).is_pending());
        import.call(0).resolve();
        assert!(executor.step());
        assert_eq!(executor.poll(&mut call), Poll::Ready("HEY".to_owned()));
        assert_eq!(first.settle(), Code::Exit);
    }
}
