//! The `wasip3_task` C ABI: operations of other bindings on our executor.

use crate::cabi::VERSIONS;
use crate::host::foreign::{self, Waits};
use crate::host::{self, Code, Installed, Log, Outcome, Task, Wire, pause, poll_once};
use futures::FutureExt;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use wit_async::block_on;

/// A read of other bindings: the handle and the memory are theirs.
struct TheirRead {
    handle: u32,
    memory: Vec<u32>,
}

impl TheirRead {
    fn start(host: &host::Host) -> (TheirRead, host::Peer<u32>) {
        let (reader, peer) = host.incoming_stream::<u32>();
        let mut read = TheirRead {
            handle: reader.take_handle(),
            memory: vec![0; 4],
        };
        let memory = read.memory.as_mut_ptr().cast();
        // SAFETY: the memory is on the heap, and outlives the read.
        let code = unsafe { (u32::STREAM.start_read)(read.handle, memory, 4) };
        assert_eq!(code, u32::MAX, "it blocks");
        (read, peer)
    }

    fn cancel(&self) {
        // SAFETY: a read is in flight.
        unsafe { (u32::STREAM.cancel_read)(self.handle) };
    }
}

impl Drop for TheirRead {
    fn drop(&mut self) {
        // SAFETY: the end is theirs, and no read is in flight.
        unsafe { (u32::STREAM.drop_readable)(self.handle) };
    }
}

#[test]
fn a_foreign_operation_completes_in_our_task_and_is_in_no_set_then() {
    for version in VERSIONS {
        let host = host::install();
        let (read, mut peer) = TheirRead::start(&host);
        let log = Log::new();
        let task = host.start({
            let (host, log) = (Rc::clone(&host), log.clone());
            async move {
                assert_eq!(foreign::version(), 3);
                log.note(Waits::new(version, read.handle).await);
                assert_eq!(read.memory[..2], [6, 7]);
                assert_eq!(host.calls(), ["waitable.join 1 0"]);
            }
        });
        assert!(task.is_waiting());
        assert_eq!(
            host.calls(),
            [
                "stream.read 1 x4: blocked",
                "waitable-set.new: 2",
                "waitable.join 1 2",
            ]
        );
        assert_eq!(peer.write([6, 7]), Outcome::Completed(2));
        assert_eq!(task.settle(), Code::Exit);
        assert_eq!(log.take(), [0x20]);
    }
}

#[test]
fn a_callback_may_begin_anew_and_wait_again_at_once() {
    for version in VERSIONS {
        let host = host::install();
        let (mut read, mut peer) = TheirRead::start(&host);
        let task = host.start(async move {
            let mut waits = Waits::new(version, read.handle);
            let again = Rc::new(RefCell::new(Waits::new(version, read.handle)));
            let (handle, memory) = (read.handle, read.memory.as_mut_ptr());
            let next = Rc::clone(&again);
            waits.also(move || {
                // SAFETY: as in `start`; no read is in flight.
                let code = unsafe { (u32::STREAM.start_read)(handle, memory.cast(), 4) };
                assert_eq!(code, u32::MAX, "it blocks");
                assert!(
                    next.borrow_mut()
                        .poll_unpin(&mut Context::from_waker(Waker::noop()))
                        .is_pending()
                );
            });
            assert!(poll_once(&mut waits).await.is_pending());
            assert_eq!(waits.await, 0x10);
            assert_eq!(poll_fn(|cx| again.borrow_mut().poll_unpin(cx)).await, 0x20);
            assert_eq!(read.memory[..2], [8, 9]);
        });
        assert!(task.is_waiting());
        peer.write([7]);
        assert!(task.step());
        peer.write([8, 9]);
        assert_eq!(task.settle(), Code::Exit);
    }
}

#[test]
fn a_callback_may_drop_its_handle() {
    for version in VERSIONS {
        let host = host::install();
        let (read, mut peer) = TheirRead::start(&host);
        let task = host.start(async move {
            let mut waits = Waits::new(version, read.handle);
            waits.also(move || drop(read));
            assert!(poll_once(&mut waits).await.is_pending());
            assert_eq!(waits.await, 0x10);
        });
        assert!(task.is_waiting());
        peer.write([7]);
        assert_eq!(task.settle(), Code::Exit);
    }
}

/// A task that begins to wait for a read of theirs, and leaves that to others.
fn leaves_a_read_of_theirs(
    host: &Installed,
    version: u32,
    read: TheirRead,
) -> (Task, Log<(Waits, TheirRead)>) {
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let mut waits = Waits::new(version, read.handle);
            assert!(poll_once(&mut waits).await.is_pending());
            shelf.note((waits, read));
        }
    });
    assert!(task.is_waiting());
    (task, shelf)
}

#[test]
fn a_foreign_operation_keeps_our_task_until_it_is_done() {
    for version in VERSIONS {
        let host = host::install();
        let (read, mut peer) = TheirRead::start(&host);
        let (task, shelf) = leaves_a_read_of_theirs(&host, version, read);
        peer.write([1]);
        assert_eq!(task.settle(), Code::Exit);
        // The clone outlives the task.
        drop(shelf.take());
    }
}

#[test]
fn a_foreign_operation_that_is_dropped_unregisters() {
    for version in VERSIONS {
        let host = host::install();
        let (read, _peer) = TheirRead::start(&host);
        let task = host.start({
            let host = Rc::clone(&host);
            async move {
                let mut waits = Waits::new(version, read.handle);
                assert!(poll_once(&mut waits).await.is_pending());
                host.calls();
                drop(waits);
                assert_eq!(host.calls(), ["waitable.join 1 0"]);
                read.cancel();
            }
        });
        assert!(task.has_exited());
    }
}

#[test]
fn a_foreign_operation_dropped_with_no_task_lets_our_task_go() {
    for version in [2, 3] {
        let host = host::install();
        let (read, _peer) = TheirRead::start(&host);
        let (task, shelf) = leaves_a_read_of_theirs(&host, version, read);
        for (waits, read) in shelf.take() {
            drop(waits);
            read.cancel();
        }
        assert_eq!(task.settle(), Code::Exit);
    }
}

#[test]
fn registering_again_replaces_and_unregistering_gives_the_data_back_once() {
    for version in VERSIONS {
        let host = host::install();
        let (read, mut peer) = TheirRead::start(&host);
        let task = host.start(async move {
            let mut waits = Waits::new(version, read.handle);
            assert!(poll_once(&mut waits).await.is_pending());
            assert!(
                waits.register_again(),
                "the data of the first time comes back"
            );
            assert!(waits.unregister());
            assert!(!waits.unregister(), "there is nothing any more");
            assert!(poll_once(&mut waits).await.is_pending());
            pause().await;
            // It has fired: nothing to unregister.
            assert!(!waits.unregister());
            assert_eq!(waits.await, 0x10);
        });
        assert!(task.is_waiting());
        peer.write([1]);
        assert_eq!(task.settle(), Code::Exit);
    }
}

#[test]
fn a_foreign_operation_moves_between_tasks_of_ours() {
    let host = host::install();
    let (read, mut peer) = TheirRead::start(&host);
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            let mut waits = Waits::new(2, read.handle);
            assert!(poll_once(&mut waits).await.is_pending());
            shelf.note((waits, read));
        }
    });
    assert!(first.is_waiting());
    let second = host.start(async move {
        let (mut waits, read) = shelf.take().pop().expect("it was left");
        // The contract: first unregister, with the clone of the first task.
        assert!(waits.unregister());
        drop(waits);
        assert_eq!(Waits::new(2, read.handle).await, 0x10);
    });
    assert!(second.is_waiting());
    assert_eq!(first.settle(), Code::Exit);
    peer.write([1]);
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn foreign_bindings_spawn_in_our_task() {
    let host = host::install();
    let log = Log::new();
    let (read, mut peer) = TheirRead::start(&host);
    let task = host.start({
        let log = log.clone();
        async move {
            assert!(foreign::spawn(async move {
                log.note(Waits::new(3, read.handle).await);
            }));
        }
    });
    assert!(matches!(task.settle(), Code::Wait(_)));
    peer.write([1, 2, 3]);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), [0x30]);
}

#[test]
fn a_foreign_operation_waits_in_block_on() {
    let host = host::install();
    let (read, mut peer) = TheirRead::start(&host);
    host.when_blocked(move || {
        peer.write([1]);
    });
    // One item, and the peer is gone.
    assert_eq!(block_on(Waits::new(1, read.handle)), 0x11);
}

#[test]
fn block_on_stays_for_a_foreign_operation_that_its_future_left() {
    let host = host::install();
    let (read, mut peer) = TheirRead::start(&host);
    host.when_blocked(move || {
        peer.write([1]);
    });
    let mut waits = Waits::new(1, read.handle);
    block_on(async { assert!(poll_once(&mut waits).await.is_pending()) });
    // The event came while the executor was still there.
    let poll = Pin::new(&mut waits).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(poll, Poll::Ready(0x11));
}

#[test]
fn what_is_registered_with_one_task_cannot_be_unregistered_with_another() {
    let host = host::install();
    let (read, mut peer) = TheirRead::start(&host);
    let (first, shelf) = leaves_a_read_of_theirs(&host, 1, read);
    let second = host.start({
        let shelf = shelf.clone();
        async move {
            let (mut waits, read) = shelf.take().pop().expect("it was left");
            assert!(!waits.unregister());
            shelf.note((waits, read));
        }
    });
    assert!(second.has_exited());
    peer.write([1]);
    assert_eq!(first.settle(), Code::Exit);
    let (waits, _read) = shelf.take().pop().expect("it was left again");
    assert_eq!(block_on(waits), 0x10);
}
