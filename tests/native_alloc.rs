//! Heap allocations of the runtime: none in steady state.
//!
//! A binary of its own, because it has an allocator that counts what is
//! allocated on the thread of a test while it measures, and by others than the
//! host.

#![cfg(all(feature = "async", feature = "std"))]

#[path = "native_alloc/exact.rs"]
mod exact;
mod host;

use host::imports::{Double, Import, Shout, Until};
use host::{Code, Outcome, future, stream};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use wit_async::rt::async_support::Subtask as _;
use wit_async::{ErrorContext, JoinSet, Limiter, scope, spawn_local, yield_async};

struct Counting;

thread_local! {
    static MEASURING: Cell<bool> = const { Cell::new(false) };
    static COUNT: Cell<usize> = const { Cell::new(0) };
    /// How many bytes more were allocated than freed.
    static LEFT: Cell<isize> = const { Cell::new(0) };
}

fn count() {
    if MEASURING.get() && !host::inside() {
        COUNT.set(COUNT.get() + 1);
    }
}

fn weigh(bytes: isize) {
    if MEASURING.get() && !host::inside() {
        LEFT.set(LEFT.get() + bytes);
    }
}

// SAFETY: the system's allocator does it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        weigh(layout.size() as isize);
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        weigh(-(layout.size() as isize));
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(start, layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        weigh(size as isize - layout.size() as isize);
        // SAFETY: as promised by the caller.
        unsafe { System.realloc(start, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often a round is repeated.
const ROUNDS: usize = if cfg!(miri) { 2 } else { 1000 };

/// Runs `round` until it has warmed up, then counts what [`ROUNDS`] more allocate.
fn allocations(mut round: impl FnMut()) -> usize {
    for _ in 0..8 {
        round();
    }
    begin_measuring();
    for _ in 0..ROUNDS {
        round();
    }
    measured()
}

fn begin_measuring() {
    COUNT.set(0);
    LEFT.set(0);
    MEASURING.set(true);
}

/// How many allocations there were since measuring began.
fn measured() -> usize {
    MEASURING.set(false);
    COUNT.get()
}

#[test]
fn the_allocator_counts_the_guest_and_not_the_host() {
    let host = host::install();
    // Opaque, or the optimiser leaves the allocation out.
    let counted = allocations(|| drop(std::hint::black_box(Box::new(1))));
    assert_eq!(counted, ROUNDS);
    let (_reader, mut peer) = host.incoming_stream::<u32>();
    let counted = allocations(|| {
        peer.write([1]);
        peer.cancel();
    });
    assert_eq!(counted, 0);
}

#[test]
fn reading_item_by_item_allocates_nothing() {
    let host = host::install();
    host.record(false);
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move { while reader.next().await.is_some() {} });
    assert!(task.is_waiting());
    let blocked = allocations(|| {
        assert_eq!(peer.write([1]), Outcome::Completed(1));
        assert!(task.step());
        assert!(task.is_waiting());
    });
    assert_eq!(blocked, 0);
    // Many at once: the first wakes the reader, the rest is ready.
    let ready = allocations(|| {
        assert_eq!(peer.write([1]), Outcome::Completed(1));
        assert_eq!(peer.write([2; 10]), Outcome::Blocked);
        assert!(task.step());
        assert_eq!(peer.settle(), Some(Outcome::Completed(10)));
    });
    assert_eq!(ready, 0);
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn reading_ahead_allocates_one_window() {
    use futures::{AsyncReadExt, StreamExt};

    let host = host::install();
    host.record(false);
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let (lines, mut line_peer) = host.incoming_stream::<String>();
    let (bytes, mut byte_peer) = host.incoming_stream::<u8>();
    let task = host.start(async move {
        let mut numbers = reader.into_stream();
        while numbers.next().await.is_some() {}
    });
    let reads_lines = host.start(async move {
        let mut lines = lines.buffered(10);
        while lines.next().await.is_some() {}
    });
    let reads_bytes = host.start(async move {
        let (mut bytes, mut part) = (bytes.into_async_read(), [0; 7]);
        while bytes.read(&mut part).await.is_ok_and(|count| count > 0) {}
    });
    let counted = allocations(|| {
        assert_eq!(peer.write([1; 100]), Outcome::Completed(100));
        assert!(task.step());
        assert_eq!(byte_peer.write([1; 100]), Outcome::Completed(100));
        assert!(reads_bytes.step());
    });
    assert_eq!(counted, 0);
    // Ten lists, and no more.
    let line = || "a line that is long enough".to_owned();
    let counted = allocations(|| {
        assert_eq!(
            line_peer.write(std::array::from_fn::<_, 10, _>(|_| line())),
            Outcome::Completed(10)
        );
        assert!(reads_lines.step());
    });
    assert_eq!(counted, ROUNDS * 10);
    drop((peer, line_peer, byte_peer));
    for task in [task, reads_lines, reads_bytes] {
        assert_eq!(task.settle(), Code::Exit);
    }
}

#[test]
fn writing_item_by_item_allocates_nothing() {
    let host = host::install();
    host.record(false);
    let (mut writer, reader) = stream::<u32>();
    let mut peer = host.outgoing_stream(reader);
    let task = host.start(async move { while writer.write_one(7).await.is_none() {} });
    assert!(task.is_waiting());
    let blocked = allocations(|| {
        assert_eq!(peer.read(1), Outcome::Completed(1));
        assert!(task.step());
        assert!(task.is_waiting());
    });
    assert_eq!(blocked, 0);
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn reading_and_writing_with_a_buffer_that_comes_back_allocates_nothing() {
    let host = host::install();
    host.record(false);
    let (mut reader, mut sender) = host.incoming_stream::<u32>();
    let (mut writer, outgoing) = stream::<u32>();
    let mut receiver = host.outgoing_stream(outgoing);
    let task = host.start(async move {
        let mut buffer = Vec::with_capacity(64);
        loop {
            buffer.clear();
            let (result, full) = reader.read(buffer).await;
            if result == wit_async::StreamResult::Dropped {
                return;
            }
            let (_, rest) = writer.write(full).await;
            buffer = rest.into_vec();
        }
    });
    let counted = allocations(|| {
        assert_eq!(sender.write([3; 64]), Outcome::Completed(64));
        assert!(task.step());
        assert_eq!(receiver.read(64), Outcome::Completed(64));
        assert!(task.step());
    });
    assert_eq!(counted, 0);
    drop(sender);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn futures_of_numbers_allocate_nothing() {
    let host = host::install();
    host.record(false);
    let peers = Rc::new(Cell::new(None));
    let task = host.start({
        let (host, peers) = (Rc::clone(&host), Rc::clone(&peers));
        async move {
            loop {
                let (reader, sender) = host.incoming_future::<u32>();
                let (writer, outgoing) = future::<u32>(|| 0);
                let receiver = host.outgoing_future(outgoing);
                peers.set(Some((sender, receiver)));
                let value = reader.await;
                if writer.write(value).await.is_err() {
                    return;
                }
            }
        }
    });
    assert!(task.is_waiting());
    let counted = allocations(|| {
        let (mut sender, mut receiver) = peers.take().expect("the task made them");
        assert_eq!(sender.send(5), Outcome::Completed(1));
        assert!(task.step());
        assert_eq!(receiver.receive(), Outcome::Completed(1));
        assert!(task.step());
    });
    assert_eq!(counted, 0);
    let (mut sender, receiver) = peers.take().expect("the task made them");
    drop(receiver);
    sender.send(5);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn imports_with_small_blocks_allocate_nothing() {
    for until in [Until::Returned, Until::Started, Until::Starting] {
        let host = host::install();
        host.record(false);
        let import = Import::new(until);
        let calls = Rc::new(Cell::new(0));
        let task = host.start({
            let (import, calls) = (import.clone(), Rc::clone(&calls));
            async move {
                let mut double = Double(import);
                loop {
                    assert_eq!(double.call(4).await, 8);
                    calls.set(calls.get() + 1);
                    if until == Until::Returned {
                        yield_async().await;
                    }
                }
            }
        });
        let counted = allocations(|| {
            if until != Until::Returned {
                import.call_now().resolve();
            }
            assert!(task.step());
        });
        assert_eq!(counted, 0, "{until:?}");
        assert!(calls.get() > ROUNDS);
        assert_eq!(task.cancel(), Code::Exit);
    }
}

#[test]
fn an_import_of_strings_allocates_only_the_strings() {
    let host = host::install();
    host.record(false);
    let import = Import::new(Until::Returned);
    let task = host.start({
        let import = import.clone();
        async move {
            let mut shout = Shout(import);
            loop {
                drop(shout.call("hey".to_owned()).await);
                shout.0.freed.borrow_mut().clear();
                yield_async().await;
            }
        }
    });
    // The parameter; that of the result is the host's.
    let counted = allocations(|| assert!(task.step()));
    assert_eq!(counted, ROUNDS);
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn waking_a_task_that_sleeps_allocates_nothing() {
    let host = host::install();
    host.record(false);
    let waker = Rc::new(std::cell::RefCell::new(None));
    let task = host.start({
        let waker = Rc::clone(&waker);
        std::future::poll_fn(move |cx| {
            let known = waker.borrow().is_some();
            if !known {
                *waker.borrow_mut() = Some(cx.waker().clone());
            }
            std::task::Poll::Pending
        })
    });
    assert!(task.is_waiting());
    let counted = allocations(|| {
        waker.borrow().as_ref().map(std::task::Waker::wake_by_ref);
        assert!(task.step());
        assert!(task.is_waiting());
    });
    assert_eq!(counted, 0);
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn a_waker_of_a_spawned_future_that_outlives_its_task_keeps_nothing_when_it_is_gone() {
    let host = host::install();
    allocations(|| {
        let stored: Rc<RefCell<Option<Waker>>> = Rc::default();
        let task = host.start({
            let stored = Rc::clone(&stored);
            async move {
                spawn_local(poll_fn(move |cx| {
                    stored.replace(Some(cx.waker().clone()));
                    Poll::Ready(())
                }));
            }
        });
        assert!(task.has_exited());
        // It goes on no list, for nobody would take it off again.
        stored.take().expect("stored").wake();
    });
    assert_eq!(LEFT.get(), 0);
}

#[test]
fn a_future_in_a_scope_is_one_allocation() {
    let host = host::install();
    host.record(false);
    let rounds = Rc::new(Cell::new(0));
    let task = host.start({
        let rounds = Rc::clone(&rounds);
        async move {
            scope(async |s| {
                loop {
                    let borrowed = &rounds;
                    let handle = s.spawn(async move {
                        yield_async().await;
                        borrowed.get()
                    });
                    let before = handle.await.expect("nobody aborts it");
                    rounds.set(before + 1);
                }
            })
            .await
        }
    });
    let counted = allocations(|| {
        let before = rounds.get();
        while rounds.get() == before {
            assert!(task.step());
        }
    });
    assert_eq!(counted, ROUNDS);
    assert_eq!(LEFT.get(), 0);
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn a_scope_allocates_its_list_and_its_table_beside_its_futures() {
    let host = host::install();
    host.record(false);
    let task = host.start(async {
        loop {
            let mut sum = 0;
            scope(async |s| {
                s.spawn(async { sum += 1 });
            })
            .await;
            yield_async().await;
        }
    });
    // Its list of those to poll, and its table; the future.
    let counted = allocations(|| assert!(task.step()));
    assert_eq!(counted, 3 * ROUNDS);
    assert_eq!(LEFT.get(), 0);
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn a_limiter_allocates_nothing() {
    static ONE: Limiter = Limiter::new(1);
    let host = host::install();
    host.record(false);
    let tasks = [(); 2].map(|()| {
        host.start(async {
            loop {
                let permit = ONE.admit().await;
                yield_async().await;
                drop(permit);
                yield_async().await;
            }
        })
    });
    let counted = allocations(|| {
        for task in &tasks {
            task.step();
        }
    });
    assert_eq!(counted, 0);
    for task in tasks {
        assert_eq!(task.cancel(), Code::Exit);
    }
}

#[test]
fn a_set_keeps_nothing_of_what_was_joined() {
    let host = host::install();
    host.record(false);
    let rounds = Rc::new(Cell::new(0));
    let task = host.start({
        let rounds = Rc::clone(&rounds);
        async move {
            let mut set = JoinSet::new();
            loop {
                set.spawn(yield_async());
                set.join_next().await;
                rounds.set(rounds.get() + 1);
            }
        }
    });
    let counted = allocations(|| {
        let before = rounds.get();
        while rounds.get() == before {
            assert!(task.step());
        }
    });
    // The future, its waker, the task's queue and its set.
    assert!(counted <= 6 * ROUNDS, "{counted}");
    assert_eq!(LEFT.get(), 0);
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn giving_up_again_and_again_what_another_task_began_keeps_nothing() {
    let host = host::install();
    host.record(false);
    let (mut reader, _peer) = host.incoming_stream::<String>();
    let shelf = host::Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            {
                let mut read = Box::pin(reader.next());
                assert!(host::poll_once(&mut read).await.is_pending());
            }
            shelf.note(reader);
            std::future::pending::<()>().await;
        }
    });
    let mut reader = shelf.take().pop().expect("it was left");
    let second = host.start(async move {
        loop {
            {
                let mut read = std::pin::pin!(reader.next());
                assert!(host::poll_once(&mut read).await.is_pending());
            }
            yield_async().await;
        }
    });
    let counted = allocations(|| assert!(second.step()));
    assert_eq!((counted, LEFT.get()), (0, 0));
    assert_eq!(second.cancel(), Code::Exit);
    assert_eq!(first.cancel(), Code::Exit);
}

#[test]
fn a_reader_keeps_no_large_memory_of_a_read_that_was_dropped() {
    let host = host::install();
    host.record(false);
    let readers = Rc::new(RefCell::new(Vec::new()));
    allocations(|| {
        let (mut reader, mut peer) = host.incoming_stream::<u32>();
        let task = host.start({
            let readers = Rc::clone(&readers);
            async move {
                let mut read = reader.read(Vec::with_capacity(4096));
                assert!(host::poll_once(&mut read).await.is_pending());
                drop(read);
                host::pause().await;
                assert_eq!(reader.next().await, Some(1));
                readers.borrow_mut().push(reader);
            }
        });
        assert_eq!(peer.write([1]), Outcome::Completed(1));
        assert_eq!(task.settle(), Code::Exit);
    });
    // They are there still; what is known of each is small.
    assert!(LEFT.get() < 4096 * ROUNDS as isize, "{}", LEFT.get());
}

#[test]
fn the_text_of_an_error_context_is_given_back() {
    let _host = host::install();
    let text = "x".repeat(1000);
    let context = ErrorContext::new(&text);
    allocations(|| drop(context.debug_message()));
    // The host has allocated it, which is not weighed; the runtime gives it back.
    assert_eq!(LEFT.get(), -(text.len() as isize * ROUNDS as isize));
}
