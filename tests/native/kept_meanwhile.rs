//! Reads that are kept, where other things happen at the same time.

use crate::begun::{install, live};
use crate::host::{self, Code, Log, Outcome, Wire, panic_message, poll_once};
use futures::channel::oneshot;
use std::alloc::Layout;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Waker};
use wit_async::rt::async_support::{RawStreamReader, StreamOps, StreamVtable};
use wit_async::{StreamReader, block_on, yield_async};

/// Begins to read an item and drops the read.
async fn drops_a_read<O: StreamOps>(reader: &mut RawStreamReader<O>) {
    let mut read = Box::pin(reader.next());
    assert!(poll_once(&mut read).await.is_pending());
}

thread_local! {
    /// What happens during the next cancel.
    static MEANWHILE: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// A stream of strings whose reads take their time to be cancelled.
#[derive(Clone)]
struct Slow(&'static StreamVtable<String>);

// SAFETY: all of it is that of the table.
unsafe impl StreamOps for Slow {
    type Payload = String;

    fn new(&mut self) -> u64 {
        self.0.new()
    }

    fn elem_layout(&self) -> Layout {
        self.0.elem_layout()
    }

    fn native_abi_matches_canonical_abi(&self) -> bool {
        self.0.native_abi_matches_canonical_abi()
    }

    fn contains_lists(&self) -> bool {
        self.0.contains_lists()
    }

    unsafe fn lower(&mut self, text: String, to: *mut u8) {
        // SAFETY: as promised by the caller.
        unsafe { StreamOps::lower(&mut self.0, text, to) }
    }

    unsafe fn dealloc_lists(&mut self, at: *mut u8) {
        // SAFETY: as promised by the caller.
        unsafe { StreamOps::dealloc_lists(&mut self.0, at) }
    }

    unsafe fn lift(&mut self, from: *mut u8) -> String {
        // SAFETY: as promised by the caller.
        unsafe { StreamOps::lift(&mut self.0, from) }
    }

    unsafe fn start_write(&mut self, stream: u32, from: *const u8, items: usize) -> u32 {
        // SAFETY: as promised by the caller.
        unsafe { StreamOps::start_write(&mut self.0, stream, from, items) }
    }

    unsafe fn start_read(&mut self, stream: u32, to: *mut u8, items: usize) -> u32 {
        // SAFETY: as promised by the caller.
        unsafe { StreamOps::start_read(&mut self.0, stream, to, items) }
    }

    unsafe fn cancel_read(&mut self, stream: u32) -> u32 {
        if let Some(meanwhile) = MEANWHILE.take() {
            let host = host::host();
            host.call_lowered(|| host.call_sync(meanwhile));
        }
        // SAFETY: as promised by the caller.
        unsafe { StreamOps::cancel_read(&mut self.0, stream) }
    }

    unsafe fn cancel_write(&mut self, stream: u32) -> u32 {
        // SAFETY: as promised by the caller.
        unsafe { StreamOps::cancel_write(&mut self.0, stream) }
    }

    unsafe fn drop_readable(&mut self, stream: u32) {
        // SAFETY: as promised by the caller.
        unsafe { StreamOps::drop_readable(&mut self.0, stream) }
    }

    unsafe fn drop_writable(&mut self, stream: u32) {
        // SAFETY: as promised by the caller.
        unsafe { StreamOps::drop_writable(&mut self.0, stream) }
    }
}

fn slow(reader: StreamReader<String>) -> RawStreamReader<Slow> {
    RawStreamReader::new(reader.take_handle(), Slow(<String as Wire>::STREAM))
}

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "who else asks is done by then"
)]
#[test]
fn the_next_read_is_dropped_while_the_kept_one_is_cancelled() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<String>();
    let reader: Rc<RefCell<RawStreamReader<Slow>>> = Rc::new(RefCell::new(slow(reader)));
    let first = {
        let reader = Rc::clone(&reader);
        MEANWHILE.set(Some(Box::new({
            let reader = Rc::clone(&reader);
            move || {
                let mut reader = reader.borrow_mut();
                let mut read = Box::pin(reader.next());
                let mut cx = Context::from_waker(Waker::noop());
                assert!(read.as_mut().poll(&mut cx).is_pending());
                drop(read);
            }
        })));
        host.start(async move { drops_a_read(&mut reader.borrow_mut()).await })
    };
    assert!(first.has_exited());
    let second = host.start(async move {
        assert_eq!(reader.borrow_mut().next().await.as_deref(), Some("a"));
    });
    peer.write(["a".to_owned()]);
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn the_next_read_is_dropped_after_the_kept_one_was_cancelled() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<String>();
    type Shelf = Rc<RefCell<Option<RawStreamReader<Slow>>>>;
    type Begun = Pin<Box<dyn Future<Output = ()>>>;

    /// Puts the reader back.
    struct Back(Option<RawStreamReader<Slow>>, Shelf);

    impl Drop for Back {
        fn drop(&mut self) {
            self.1.replace(self.0.take());
        }
    }

    let reader: Shelf = Rc::new(RefCell::new(Some(slow(reader))));
    let slot: Rc<RefCell<Option<Begun>>> = Rc::default();
    MEANWHILE.set(Some(Box::new({
        let (slot, reader) = (Rc::clone(&slot), Rc::clone(&reader));
        move || {
            let own = reader.take().expect("it was put there");
            let mut read: Begun = Box::pin(async move {
                let mut back = Back(Some(own), reader);
                back.0.as_mut().expect("it is here").next().await;
            });
            let mut cx = Context::from_waker(Waker::noop());
            assert!(read.as_mut().poll(&mut cx).is_pending());
            slot.replace(Some(read));
        }
    })));
    let shelf = Log::new();
    let first = host.start({
        let (shelf, reader) = (shelf.clone(), Rc::clone(&reader));
        async move {
            let mut own = reader.take().expect("it is here");
            drops_a_read(&mut own).await;
            reader.replace(Some(own));
            peer.write(["x".to_owned()]);
            shelf.note(peer);
        }
    });
    assert!(first.has_exited());
    let mut peer = shelf.take().pop().expect("it was left");
    host.call_sync(|| drop(slot.take()));
    let second = host.start(async move {
        let mut own = reader.take().expect("it was put back");
        assert_eq!(own.next().await.as_deref(), Some("x"));
        assert_eq!(own.next().await.as_deref(), Some("a"));
    });
    peer.write(["a".to_owned()]);
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn a_nested_block_on_does_not_hide_a_read_that_needs_the_code_around() {
    let host = install();
    let (mut reader, _peer) = host.incoming_stream::<String>();
    let shelf = Log::new();
    let message = panic_message(|| {
        host.call_sync(|| {
            block_on(async {
                drops_a_read(&mut reader).await;
                block_on(async { drops_a_read(&mut reader).await });
            });
        });
        shelf.note(());
    });
    assert!(
        message.contains("leaves the operation on waitable 1 in flight"),
        "{message}"
    );
    drop(reader);
    assert!(host.start(async {}).has_exited());
}

#[test]
fn a_task_that_has_ended_is_joined_no_more() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let (end_first, first_ends) = oneshot::channel::<()>();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            let mut reader = reader;
            drops_a_read(&mut reader).await;
            shelf.note(reader);
            let _ = first_ends.await;
        }
    });
    let mut reader = shelf.take().pop().expect("it was left");
    let (go_on, goes_on) = oneshot::channel::<()>();
    let second = host.start(async move {
        drops_a_read(&mut reader).await;
        let _ = goes_on.await;
        let mut read = Box::pin(reader.next());
        block_on(async { assert!(poll_once(&mut read).await.is_pending()) });
        assert_eq!(read.await, Some(1));
    });
    drop(end_first);
    assert_eq!(first.settle(), Code::Exit);
    drop(go_on);
    assert!(second.step());
    assert!(second.is_waiting());
    peer.write([1]);
    assert_eq!(second.settle(), Code::Exit);
    live(|live| assert_eq!(live.sets, 0));
}

#[test]
fn a_task_that_sleeps_passes_on_what_synchronous_code_hands_away() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            let mut reader = reader;
            drops_a_read(&mut reader).await;
            shelf.note(reader);
        }
    });
    assert!(first.has_exited());
    let reader = shelf.take().pop().expect("it was left");
    let (answer, mut answered) = host.incoming_future::<u32>();
    let sleeper = host.start(async move {
        answer.await;
    });
    assert!(sleeper.is_waiting());
    peer.write([7]);
    let mut receiver = host.call_sync(|| host::host().outgoing_stream(reader));
    assert_eq!(receiver.read(1), Outcome::Blocked);
    while sleeper.step() {}
    assert_eq!(receiver.settle(), Some(Outcome::Completed(1)));
    drop(receiver);
    peer.write([8]);
    answered.send(1);
    assert_eq!(sleeper.settle(), Code::Exit);
}

#[test]
#[cfg_attr(miri, ignore = "takes minutes")]
fn who_polls_until_it_is_done_gets_there_although_the_task_was_woken() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    peer.write(0..1000);
    let spins = Rc::new(Cell::new(0u32));
    let task = host.start({
        let spins = Rc::clone(&spins);
        async move {
            let spin = async {
                let mut cx = Context::from_waker(Waker::noop());
                for _ in 0..1000 {
                    let mut next = pin!(reader.next());
                    loop {
                        if next.as_mut().poll(&mut cx).is_ready() {
                            break;
                        }
                        spins.set(spins.get() + 1);
                        assert!(spins.get() < 1_000_000, "spins for ever");
                    }
                }
            };
            futures::join!(yield_async(), spin);
        }
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_poll_outside_of_a_task_leaves_nobody_waiting() {
    let host = install();
    let (reader, _peer) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let (end_first, first_ends) = oneshot::channel::<()>();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            let mut reader = reader;
            drops_a_read(&mut reader).await;
            shelf.note(reader);
            let _ = first_ends.await;
        }
    });
    let mut reader = shelf.take().pop().expect("it was left");
    let message = panic_message(|| {
        host.call_sync(|| {
            let mut cx = Context::from_waker(Waker::noop());
            let _ = pin!(reader.next()).poll(&mut cx);
        });
    });
    assert!(
        message.contains("was polled outside of a task"),
        "{message}"
    );
    drop(end_first);
    assert_eq!(first.settle(), Code::Exit);
    assert!(host.start(async move { drop(reader) }).has_exited());
}

#[test]
fn a_cancel_that_is_not_possible_leaves_the_read_waiting() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            drops_a_read(&mut reader).await;
            let mut read = reader.read(Vec::with_capacity(1));
            assert!(poll_once(&mut read).await.is_pending());
            let message = panic_message(|| {
                host.call_lowered(|| {
                    host.call_sync(|| drop(Pin::new(&mut read).cancel()));
                });
            });
            assert!(
                message.contains("was cancelled in synchronous code"),
                "{message}"
            );
            assert_eq!(read.await.1, [1]);
        }
    });
    assert!(task.is_waiting());
    peer.write([1]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_is_handed_away_while_a_task_is_blocked_is_passed_on_although_it_sleeps_then() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            drops_a_read(&mut reader).await;
            shelf.note(reader);
        }
    });
    assert!(first.has_exited());
    let reader = shelf.take().pop().expect("it was left");
    let (answer, mut answered) = host.incoming_future::<u32>();
    let receivers = Log::new();
    let task = host.start({
        let receivers = receivers.clone();
        async move {
            let host = host::host();
            let hand = || host::host().outgoing_stream(reader);
            receivers.note(host.call_lowered(|| host.call_sync(hand)));
            answer.await;
        }
    });
    peer.write([7]);
    let mut receiver = receivers.take().pop().expect("it was handed away");
    assert_eq!(receiver.read(1), Outcome::Blocked);
    while task.step() {}
    assert_eq!(receiver.settle(), Some(Outcome::Completed(1)));
    drop(receiver);
    peer.write([8]);
    answered.send(1);
    assert_eq!(task.settle(), Code::Exit);
}
