//! Operations that are dropped in synchronous code, where the host forbids to cancel
//! them: they are left alone.

use crate::host::imports::{Import, Offered, Until};
use crate::host::{
    self, Code, Installed, Log, NotesDrop, Outcome, Rules, Task, future, panic_message, pause,
    poll_once, stream,
};
use std::cell::RefCell;
use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::rc::Rc;
use wit_async::rt::async_support::Subtask as _;
use wit_async::{StreamReader, block_on};

/// A host like wasmtime: a cancel in a synchronous task traps.
fn install() -> Installed {
    host::install_with(Rules {
        no_cancel_in_sync_task: true,
        results_need_task: true,
        ..Rules::default()
    })
}

/// Looks at what is alive, where somebody counts.
#[cfg(feature = "diagnostics")]
fn live(look: impl FnOnce(wit_async::diagnostics::Live)) {
    look(wit_async::diagnostics::live());
}

#[cfg(not(feature = "diagnostics"))]
fn live(_: impl FnOnce(Live)) {}

/// Stands for what nobody counts.
#[cfg(not(feature = "diagnostics"))]
struct Live {
    orphans: u32,
    ends: u32,
    operations: u32,
    subtasks: u32,
}

type Begun = Pin<Box<dyn Future<Output = ()>>>;

/// A task that begins something, and leaves it to others.
fn begins(host: &Installed, future: impl Future<Output = ()> + 'static) -> (Task, Begun) {
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let mut begun: Begun = Box::pin(future);
            assert!(poll_once(&mut begun).await.is_pending());
            shelf.note(begun);
        }
    });
    // Its futures are done, but it may not go.
    assert!(task.is_waiting());
    let begun = shelf.take().pop().expect("it was begun");
    (task, begun)
}

/// A task that began to read an item, and the reader: the read was dropped in
/// synchronous code.
#[expect(
    clippy::await_holding_refcell_ref,
    reason = "nobody else asks before the read has gone"
)]
fn leaves_a_read(host: &Installed, reader: StreamReader<u32>) -> (Task, StreamReader<u32>) {
    let reader = Rc::new(RefCell::new(reader));
    let (task, read) = begins(host, {
        let reader = Rc::clone(&reader);
        // The guard goes with the read.
        async move {
            reader.borrow_mut().next().await;
        }
    });
    host.call_sync(|| drop(read));
    let reader = Rc::into_inner(reader).expect("the read has gone");
    (task, reader.into_inner())
}

/// Drops what was begun in synchronous code; the calls of the task that settles it.
fn settled_by(host: &Installed, task: &Task, begun: Begun) -> Vec<String> {
    host.calls();
    host.call_sync(|| drop(begun));
    let calls = host.calls();
    let cancels = calls.iter().any(|call| call.contains("cancel"));
    let drops = calls.iter().any(|call| call.contains("drop"));
    assert!(!cancels && !drops, "{calls:#?}");
    live(|live| assert_eq!(live.orphans, 1));
    assert_eq!(task.settle(), Code::Exit);
    let is_about_it = |call: &String| call.contains("cancel") || call.contains("drop-");
    host.calls()
        .into_iter()
        .filter(is_about_it)
        .take(2)
        .collect()
}

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
fn the_end_is_used_again_in_synchronous_code_once_the_operation_is_over() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let (task, mut reader) = leaves_a_read(&host, reader);
    // The read that goes on takes this, and the next one what comes after.
    peer.write([1]);
    host.call_sync(|| {
        let reader = &mut reader;
        block_on(async {
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

#[test]
fn cancelling_in_synchronous_code_panics_and_dropping_is_possible() {
    let host = install();
    let (reader, _peer) = host.incoming_future::<u32>();
    let mut read = reader.into_future();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            assert!(poll_once(&mut read).await.is_pending());
            shelf.note(read);
        }
    });
    let mut read = shelf.take().pop().expect("it was begun");
    let message = panic_message(|| {
        let _ = host.call_sync(|| Pin::new(&mut read).cancel());
    });
    assert_eq!(
        message,
        "`FutureRead` on handle 1 was cancelled in synchronous code, where the host forbids it; \
         dropping it is possible"
    );
    host.call_sync(|| drop(read));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_reader_is_not_handed_away_while_a_read_goes_on() {
    let host = install();
    let (reader, _peer) = host.incoming_stream::<u32>();
    let (task, reader) = leaves_a_read(&host, reader);
    let message = panic_message(|| {
        host.call_sync(|| reader.take_handle());
    });
    assert_eq!(
        message,
        "`StreamReader::take_handle`: a read of waitable 1 that was dropped is in flight, and \
         cannot be cancelled here and now"
    );
    assert_eq!(task.settle(), Code::Exit);
    let handle = host.call_sync(|| reader.take_handle());
    drop(host.lift_readable::<u32>(handle, false));
}

#[test]
fn a_read_of_numbers_that_block_on_leaves_belongs_to_no_task() {
    let host = install();
    let (mut reader, _peer) = host.incoming_stream::<u32>();
    host.call_sync(|| {
        block_on(async {
            assert!(futures::poll!(pin!(reader.next())).is_pending());
        });
        drop(reader);
    });
    live(|live| assert_eq!((live.orphans, live.ends), (1, 1)));
    // The next task that may cancel settles it.
    assert!(host.start(async {}).has_exited());
    live(|live| assert_eq!((live.orphans, live.ends), (0, 0)));
}

#[test]
fn block_on_does_not_leave_what_the_host_wants_its_task_for() {
    let host = install();
    let import = Import::new(Until::Started);
    let mut offered = Offered::new(&import);
    let message = panic_message(|| {
        host.call_sync(|| {
            block_on(async {
                assert!(futures::poll!(pin!(offered.call("hey".to_owned()))).is_pending());
            });
        });
    });
    assert_eq!(message, LEFT);
    assert!(host.start(async {}).has_exited());
}

#[test]
fn code_that_has_blocked_may_cancel() {
    let host = host::install();
    let (mut reader, _peer) = host.incoming_stream::<String>();
    let (mut other, mut other_peer) = host.incoming_stream::<u32>();
    host.when_blocked(move || {
        other_peer.write([1]);
    });
    block_on(async {
        let mut read = Box::pin(reader.next());
        assert!(poll_once(&mut read).await.is_pending());
        other.next().await;
        host.calls();
        drop(read);
        assert_eq!(
            host.calls()[1..],
            ["stream.cancel-read 1: cancelled 0".to_owned()]
        );
    });
}

#[test]
fn in_a_task_block_on_may_cancel() {
    let host = install();
    let (mut reader, _peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        block_on(async { assert!(futures::poll!(pin!(reader.next())).is_pending()) });
        live(|live| assert_eq!(live.operations, 0));
    });
    assert!(task.has_exited());
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
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let (first, mut reader) = leaves_a_read(&host, reader);
    let tasks = Log::new();
    host.when_blocked({
        let (inner, tasks) = (host.clone(), tasks.clone());
        move || {
            tasks.note(inner.start(async move { assert_eq!(reader.next().await, Some(5)) }));
            // Nothing may be called on an end while its copy is being cancelled.
            let reads = |call: &String| call.starts_with("stream.read 1");
            assert!(!inner.calls().iter().any(reads));
        }
    });
    host.calls();
    assert_eq!(first.settle(), Code::Exit);
    let second = tasks.take().pop().expect("the cancel took its time");
    assert!(second.step());
    peer.write([5]);
    assert_eq!(second.settle(), Code::Exit);
}

/// What `block_on` in synchronous code says that leaves the operation on waitable 1.
const LEFT: &str = "`block_on` in synchronous code leaves the operation on waitable 1 in flight: \
                    the host forbids to cancel it there, and wants the code to be there when it ends";

#[test]
fn block_on_does_not_let_out_what_the_host_wants_its_task_for() {
    let host = install();
    let (reader, _peer) = host.incoming_future::<String>();
    let shelf = Log::new();
    let message = panic_message(|| {
        host.call_sync(|| {
            block_on(async {
                let mut read = reader.into_future();
                assert!(poll_once(&mut read).await.is_pending());
                shelf.note(read);
            });
        });
    });
    assert_eq!(message, LEFT);
    drop(shelf.take());
    assert!(host.start(async {}).has_exited());
}

#[test]
fn what_a_task_began_may_be_dropped_in_block_on() {
    let host = install();
    let (reader, _peer) = host.incoming_future::<String>();
    let (task, mut read) = begins(&host, async move {
        reader.await;
    });
    host.call_sync(|| {
        block_on(async move {
            assert!(poll_once(&mut read).await.is_pending());
            drop(read);
        });
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_a_task_began_comes_back_to_it_from_block_on() {
    let host = install();
    let (reader, mut peer) = host.incoming_future::<String>();
    let (task, mut read) = begins(&host, async move {
        reader.await;
    });
    host.call_sync(|| block_on(async { assert!(poll_once(&mut read).await.is_pending()) }));
    assert!(matches!(task.settle(), Code::Wait(_)));
    peer.send("over".to_owned());
    assert_eq!(task.settle(), Code::Exit);
    host.call_sync(|| drop(read));
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
    let mut offered = Loud(Offered::new(&import));
    let (task, call) = begins(&host, async move {
        offered.call("hey".to_owned()).await;
    });
    import.call(0).resolve();
    host.call_sync(|| drop(call));
    assert_eq!(task.settle(), Code::Exit);
}

/// A call with a result whose destructor makes a stream, in whose readable end there
/// is the handle of the call, and hands it away.
struct Loud(Offered);

struct Result(String);

impl Drop for Result {
    fn drop(&mut self) {
        assert_eq!(self.0, "HEY");
        let (_writer, reader) = stream::<u32>();
        drop(host::lift_stream(reader));
    }
}

// SAFETY: that of the other one, and without a size as well.
unsafe impl wit_async::rt::async_support::Subtask for Loud {
    type Params = String;
    type ParamsLower = crate::host::imports::Lowered;
    type Results = Result;

    fn abi_layout(&mut self) -> std::alloc::Layout {
        self.0.abi_layout()
    }

    fn results_offset(&mut self) -> usize {
        self.0.results_offset()
    }

    unsafe fn call_import(&mut self, params: Self::ParamsLower, results: *mut u8) -> u32 {
        // SAFETY: the contract of this function.
        unsafe { self.0.call_import(params, results) }
    }

    unsafe fn params_lower(&mut self, params: String, to: *mut u8) -> Self::ParamsLower {
        // SAFETY: the contract of this function.
        unsafe { self.0.params_lower(params, to) }
    }

    unsafe fn params_dealloc_lists(&mut self, lowered: Self::ParamsLower) {
        // SAFETY: the contract of this function.
        unsafe { self.0.params_dealloc_lists(lowered) }
    }

    unsafe fn params_dealloc_lists_and_own(&mut self, lowered: Self::ParamsLower) {
        // SAFETY: the contract of this function.
        unsafe { self.0.params_dealloc_lists_and_own(lowered) }
    }

    unsafe fn results_lift(&mut self, from: *mut u8) -> Result {
        // SAFETY: the contract of this function.
        Result(unsafe { self.0.results_lift(from) })
    }
}

#[test]
fn what_went_to_a_nested_block_on_and_back_belongs_to_no_task_in_the_end() {
    let host = install();
    let (mut reader, _peer) = host.incoming_stream::<u32>();
    host.call_sync(|| {
        block_on(async {
            let mut read = Box::pin(reader.next());
            assert!(poll_once(&mut read).await.is_pending());
            block_on(async { assert!(poll_once(&mut read).await.is_pending()) });
            assert!(poll_once(&mut read).await.is_pending());
        });
        drop(reader);
    });
    live(|live| assert_eq!(live.orphans, 1));
    assert!(host.start(async {}).has_exited());
}
