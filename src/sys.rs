//! Every canonical built-in that is not in a vtable, imported once.
//!
//! There are two backends with the same functions: `wasm` imports them from
//! the host, `native` passes them on to a host that lives in the same process
//! (see [`native::Host`]). Nothing above this module knows which one runs.
//!
//! The functions here speak the types of [`abi`](crate::abi); raw integers stop
//! below. They are safe to call in the sense of Rust's memory model wherever
//! a wrong argument makes the host trap; those that take memory are unsafe.

use crate::abi::{Event, Payload, Set, SubtaskState, Waitable};
use crate::waitable::cabi;

#[cfg(not(target_family = "wasm"))]
pub mod native;
#[cfg(target_family = "wasm")]
mod wasm;

#[cfg(not(target_family = "wasm"))]
use native as backend;
#[cfg(target_family = "wasm")]
use wasm as backend;

/// `waitable-set.new`
pub(crate) fn waitable_set_new() -> Set {
    Set::new(backend::waitable_set_new()).expect("the host made a waitable set with index 0")
}

/// `waitable-set.drop`; traps while the set has members or somebody waits on it.
pub(crate) fn waitable_set_drop(set: Set) {
    backend::waitable_set_drop(set.index());
}

/// `waitable.join`; `None` takes the waitable out of its set.
pub(crate) fn waitable_join(waitable: Waitable, set: Option<Set>) {
    backend::waitable_join(waitable.index(), set.map_or(0, Set::index));
}

/// `waitable-set.wait`; blocks until a member has an event.
pub(crate) fn waitable_set_wait(set: Set) -> Event {
    let mut payload = EventPayload([0; 2]);
    let code = backend::waitable_set_wait(set.index(), &mut payload);
    Event::decode(code, payload.0[0], payload.0[1])
}

/// `waitable-set.poll`; [`Event::None`] when no member has an event.
pub(crate) fn waitable_set_poll(set: Set) -> Event {
    let mut payload = EventPayload([0; 2]);
    let code = backend::waitable_set_poll(set.index(), &mut payload);
    Event::decode(code, payload.0[0], payload.0[1])
}

/// Where `waitable-set.{wait,poll}` write an event's payload; the ABI asks for
/// eight bytes, and for an alignment of eight.
#[repr(C, align(8))]
pub struct EventPayload(
    /// Handle and code of the event.
    pub [u32; 2],
);

/// `subtask.cancel`, the synchronous form: blocks until the callee resolves.
pub(crate) fn subtask_cancel(subtask: Waitable) -> SubtaskState {
    SubtaskState::decode(backend::subtask_cancel(subtask.index()))
}

/// `subtask.cancel`, the asynchronous form: the state of a call that is over then; none if
/// the callee is still to answer. Hosts need not have it.
pub(crate) fn subtask_cancel_async(subtask: Waitable) -> Option<Payload> {
    let code = backend::subtask_cancel_async(subtask.index());
    (code != u32::MAX).then_some(Payload::Subtask(code))
}

/// `subtask.drop`; traps unless the subtask's resolve was delivered.
pub(crate) fn subtask_drop(subtask: Waitable) {
    backend::subtask_drop(subtask.index());
}

/// `thread.yield`; true when the task may go on, false when it was cancelled.
pub(crate) fn thread_yield() -> bool {
    backend::thread_yield() == 0
}

/// `backpressure.inc`
pub(crate) fn backpressure_inc() {
    backend::backpressure_inc();
}

/// `backpressure.dec`
pub(crate) fn backpressure_dec() {
    backend::backpressure_dec();
}

/// `task.cancel`; traps unless the cancel request was delivered.
pub(crate) fn task_cancel() {
    backend::task_cancel();
}

/// The pointer that the current component-model task keeps between callbacks.
pub(crate) fn task_state_get() -> *mut u8 {
    backend::task_state_get()
}

/// Stores the pointer that [`task_state_get`] returns.
pub(crate) fn task_state_set(state: *mut u8) {
    backend::task_state_set(state);
}

/// `wasip3_task_set`: stores a pointer to the running executor and returns the
/// one that was there. The one definition is linked from C (see `cabi`).
pub(crate) fn wasip3_task_set(task: *mut cabi::Task) -> *mut cabi::Task {
    backend::wasip3_task_set(task.cast()).cast()
}

/// `error-context.new`
pub(crate) fn error_context_new(message: &str) -> u32 {
    // SAFETY: pointer and length are those of a string.
    unsafe { backend::error_context_new(message.as_ptr(), message.len()) }
}

/// Where `error-context.debug-message` writes the text that it returns.
#[repr(C)]
pub(crate) struct Text {
    pub(crate) pointer: *mut u8,
    pub(crate) length: usize,
}

/// `error-context.debug-message`; the memory in `ret` is ours afterwards.
///
/// # Safety
///
/// `handle` is an error context of this instance, and `ret` is valid for a
/// pointer and a length.
pub(crate) unsafe fn error_context_debug_message(handle: u32, ret: *mut Text) {
    // SAFETY: as promised by the caller.
    unsafe { backend::error_context_debug_message(handle, ret) }
}

/// `error-context.drop`
pub(crate) fn error_context_drop(handle: u32) {
    backend::error_context_drop(handle);
}

/// The built-ins of `stream` without a payload, which need no function to be
/// named after.
pub(crate) mod unit {
    use super::backend;

    /// `stream.new`: readable end in the low half, writable end in the high half.
    pub(crate) fn stream_new() -> u64 {
        backend::unit_stream_new()
    }

    /// `stream.read`; no memory is involved.
    pub(crate) fn stream_read(stream: u32, items: usize) -> u32 {
        backend::unit_stream_read(stream, items)
    }

    /// `stream.write`; no memory is involved.
    pub(crate) fn stream_write(stream: u32, items: usize) -> u32 {
        backend::unit_stream_write(stream, items)
    }

    /// `stream.cancel-read`
    pub(crate) fn stream_cancel_read(stream: u32) -> u32 {
        backend::unit_stream_cancel_read(stream)
    }

    /// `stream.cancel-write`
    pub(crate) fn stream_cancel_write(stream: u32) -> u32 {
        backend::unit_stream_cancel_write(stream)
    }

    /// `stream.drop-readable`
    pub(crate) fn stream_drop_readable(stream: u32) {
        backend::unit_stream_drop_readable(stream);
    }

    /// `stream.drop-writable`
    pub(crate) fn stream_drop_writable(stream: u32) {
        backend::unit_stream_drop_writable(stream);
    }
}
