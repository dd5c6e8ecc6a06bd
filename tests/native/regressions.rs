//! What broke other runtimes and is tested nowhere else. The whole list is in
//! `tests/defects/README.md`.

use crate::host::imports::{Import, Lowered, OnCancel, Shout, Until};
use crate::host::{self, Code, Log, NotesDrop, Outcome, Wire, panic_message, pause, poll_once};
use futures::FutureExt;
use std::alloc::Layout;
use std::cell::RefCell;
use std::future::{Future, IntoFuture};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use wit_async::native::Host as _;
use wit_async::rt::async_support::{StreamVtable, Subtask, stream_new};
use wit_async::{
    StreamReader, StreamResult, StreamWriter, block_on, spawn_local, yield_async, yield_blocking,
};

// --- what a cancelled operation leaves

/// A waker that counts itself.
struct Counted;

impl Wake for Counted {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_cancelled_operation_keeps_neither_its_waker_nor_its_memory() {
    let host = host::install();
    let (mut reader, _peer) = host.incoming_stream::<String>();
    let counted = Arc::new(Counted);
    let task = host.start({
        let waker = Waker::from(Arc::clone(&counted));
        async move {
            let mut read = reader.read(Vec::with_capacity(4));
            let poll = Pin::new(&mut read).poll(&mut Context::from_waker(&waker));
            assert!(poll.is_pending());
            let (result, buffer) = Pin::new(&mut read).cancel();
            assert_eq!((result, buffer.capacity()), (StreamResult::Cancelled, 4));
        }
    });
    assert!(task.has_exited());
    assert_eq!(Arc::strong_count(&counted), 1, "somebody holds the waker");
    // The host looks for blocks that are left.
}

/// A call whose result says when it is lifted and when it is dropped.
struct Watched(Shout, Log<&'static str>);

// SAFETY: that of the call.
unsafe impl Subtask for Watched {
    type Params = String;
    type ParamsLower = Lowered;
    type Results = NotesDrop;

    fn abi_layout(&mut self) -> Layout {
        self.0.abi_layout()
    }

    fn results_offset(&mut self) -> usize {
        self.0.results_offset()
    }

    unsafe fn call_import(&mut self, params: Lowered, results: *mut u8) -> u32 {
        // SAFETY: the contract of this function.
        unsafe { self.0.call_import(params, results) }
    }

    unsafe fn params_lower(&mut self, params: String, to: *mut u8) -> Lowered {
        // SAFETY: the contract of this function.
        unsafe { self.0.params_lower(params, to) }
    }

    unsafe fn params_dealloc_lists(&mut self, lowered: Lowered) {
        // SAFETY: the contract of this function.
        unsafe { self.0.params_dealloc_lists(lowered) }
    }

    unsafe fn params_dealloc_lists_and_own(&mut self, lowered: Lowered) {
        // SAFETY: the contract of this function.
        unsafe { self.0.params_dealloc_lists_and_own(lowered) }
    }

    unsafe fn results_lift(&mut self, from: *mut u8) -> NotesDrop {
        // SAFETY: the contract of this function.
        let text = unsafe { self.0.results_lift(from) };
        assert_eq!(text, "HEY");
        self.1.note("lifted");
        NotesDrop(self.1.clone(), "dropped")
    }
}

#[test]
fn a_result_that_nobody_takes_is_lifted_and_dropped_once() {
    for until in [Until::Starting, Until::Started] {
        let host = host::install();
        let import = Import::new(until);
        let log = Log::new();
        let task = host.start({
            let mut watched = Watched(Shout(import.clone()), log.clone());
            async move {
                let mut call = Box::pin(watched.call("hey".to_owned()));
                assert!(poll_once(&mut call).await.is_pending());
                import.call(0).resolve();
                drop(call);
            }
        });
        assert!(task.has_exited());
        assert_eq!(log.take(), ["lifted", "dropped"]);
    }
}

// --- lists, counted

/// A payload with a list, of which only the number crosses.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Listed(u32);

/// The one whose list cannot be released in peace.
const THORNY: Listed = Listed(13);

thread_local! {
    /// How many lists of each number there are in the ABI's form.
    static LISTS: RefCell<[i32; 16]> = const { RefCell::new([0; 16]) };
}

fn lists(number: u32, change: i32) {
    LISTS.with_borrow_mut(|lists| lists[number as usize] += change);
}

unsafe fn lower_listed(Listed(number): Listed, to: *mut u8) {
    lists(number, 1);
    // SAFETY: the contract of the slot.
    unsafe { to.cast::<u32>().write(number) };
}

unsafe fn lift_listed(from: *mut u8) -> Listed {
    // SAFETY: the contract of the slot.
    let number = unsafe { from.cast::<u32>().read() };
    lists(number, -1);
    Listed(number)
}

unsafe fn dealloc_listed(at: *mut u8) {
    // SAFETY: the contract of the slot.
    let number = unsafe { at.cast::<u32>().read() };
    lists(number, -1);
    assert!(number != THORNY.0, "its list is released with a panic");
}

/// That of numbers, with what comes along.
static LISTED: StreamVtable<Listed> = StreamVtable {
    layout: u32::STREAM.layout,
    lower: Some(lower_listed),
    dealloc_lists: Some(dealloc_listed),
    lift: Some(lift_listed),
    start_write: u32::STREAM.start_write,
    start_read: u32::STREAM.start_read,
    cancel_write: u32::STREAM.cancel_write,
    cancel_read: u32::STREAM.cancel_read,
    drop_writable: u32::STREAM.drop_writable,
    drop_readable: u32::STREAM.drop_readable,
    new: u32::STREAM.new,
};

fn listed() -> (StreamWriter<Listed>, StreamReader<Listed>) {
    // SAFETY: the table describes streams of numbers of this host.
    unsafe { stream_new(&LISTED) }
}

fn numbers(numbers: std::ops::Range<u32>) -> Vec<Listed> {
    numbers.map(Listed).collect()
}

#[test]
fn lists_of_a_write_that_is_dropped_are_released_once() {
    for read in 0..=4 {
        let host = host::install();
        let (mut writer, reader) = listed();
        let mut peer = host.lift_readable::<u32>(reader.take_handle(), false);
        let task = host.start(async move {
            let mut write = writer.write(numbers(0..4));
            assert!(poll_once(&mut write).await.is_pending());
            assert_eq!(LISTS.take()[..4], [1; 4]);
            LISTS.set([1; 16]);
            if read > 0 {
                peer.read(read);
            }
            drop(write);
            assert_eq!(LISTS.take()[..4], [0; 4]);
        });
        assert!(task.has_exited());
    }
}

#[test]
fn a_list_whose_release_panics_is_released_once() {
    let host = host::install();
    let (mut writer, reader) = listed();
    let mut peer = host.lift_readable::<u32>(reader.take_handle(), false);
    let task = host.start(async move {
        let write = AssertUnwindSafe(writer.write(numbers(12..16)));
        assert!(write.catch_unwind().await.is_err());
        // The one behind it was sent too: nobody knows, but it is no more.
        assert_eq!(LISTS.take(), [0; 16]);
        assert_eq!(writer.write_one(Listed(1)).await, None);
    });
    assert!(task.is_waiting());
    assert_eq!(peer.read(4), Outcome::Completed(4));
    assert!(task.step());
    assert_eq!(peer.read(1), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
}

// --- tasks and wakers

/// A waker that panics when it is used.
struct Wild;

impl Wake for Wild {
    fn wake(self: Arc<Self>) {
        panic!("a wild waker");
    }
}

#[test]
fn a_waker_that_panics_takes_no_event_with_it() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<String>();
    let mut read = reader.into_future();
    host.when_blocked(move || {
        assert_eq!(peer.send("there".to_owned()), Outcome::Completed(1));
    });
    let message = panic_message(|| {
        block_on(async {
            let wild = Waker::from(Arc::new(Wild));
            let poll = Pin::new(&mut read).poll(&mut Context::from_waker(&wild));
            assert!(poll.is_pending());
            pause().await;
        });
    });
    assert_eq!(message, "a wild waker");
    assert!(host.task_cell().is_null());
    assert_eq!(block_on(read), "there");
}

#[test]
fn a_task_that_blocked_is_current_again_whatever_the_others_left() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_future::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            let cell = host.task_cell();
            assert!(!cell.is_null());
            let inner = Rc::clone(&host);
            host.when_blocked(move || {
                // A task that began to run before this one, and ends before it.
                inner.wasip3_task_set(ptr::null_mut());
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
fn a_task_is_current_again_whatever_it_blocked_in() {
    let host = host::install();
    let import = Import::that(Until::Started, OnCancel::Wait);
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            let cell = host.task_cell();
            assert!(!cell.is_null());
            // A task that began to run before this one ends while this one is blocked.
            let meanwhile = |also: Box<dyn FnOnce()>| {
                let inner = Rc::clone(&host);
                host.when_blocked(move || {
                    inner.wasip3_task_set(ptr::null_mut());
                    also();
                });
            };

            let mut shout = Shout(import.clone());
            let mut call = Box::pin(shout.call("hey".to_owned()));
            assert!(poll_once(&mut call).await.is_pending());
            meanwhile(Box::new(move || import.call(0).resolve()));
            drop(call);
            assert_eq!(host.task_cell(), cell, "it cancelled a call");

            let mut read = reader.read(Vec::with_capacity(1));
            assert!(poll_once(&mut read).await.is_pending());
            meanwhile(Box::new(|| {}));
            let _ = Pin::new(&mut read).cancel();
            drop(read);
            assert_eq!(host.task_cell(), cell, "it cancelled a read");

            meanwhile(Box::new(|| {}));
            assert!(yield_blocking());
            assert_eq!(host.task_cell(), cell, "it yielded in place");

            meanwhile(Box::new(|| {}));
            let (inside, after) = block_on(async {
                let inside = host.task_cell();
                yield_async().await;
                (inside, host.task_cell())
            });
            // The structure in the cell is that of one turn, so the place may differ.
            assert!(!inside.is_null() && !after.is_null());
            assert_eq!(host.task_cell(), cell, "what it blocked on yielded");

            // What it starts now is its own.
            assert_eq!(reader.next().await, Some(1));
            assert_eq!(spawn_local(async { 2 }).await, Some(2));
        }
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write([1]), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
}
