//! What other bindings do with the table: their operations on our executor, and their
//! executors for our operations. They come here through the C ABI in [`cabi`](super::cabi).

use super::cabi::Callback;
use super::entry::{Seat, State, unseat};
use super::events::note_event;
use super::home::Home;
use super::registry::with_table;
use super::seats::{join, leave};
use crate::abi::{Payload, Waitable};
use alloc::sync::Arc;
use core::ffi::c_void;
use core::ptr;

/// Registers an operation of other bindings with one of our tasks. Returns the
/// data that was registered before, or null.
pub(super) fn register_foreign(
    home: &Arc<Home>,
    waitable: Waitable,
    callback: Callback,
    data: *mut c_void,
) -> *mut c_void {
    let old = with_table(waitable, |entries, index| {
        entries[index].set_state(State::Foreign(callback, data))
    });
    join(waitable, home);
    match old {
        State::Foreign(_, data) => data,
        _ => ptr::null_mut(),
    }
}

/// Undoes [`register_foreign`]. Returns the data, or null when there is none
/// because the event was delivered.
pub(super) fn unregister_foreign(home: &Arc<Home>, waitable: Waitable) -> *mut c_void {
    let data = with_table(waitable, |entries, index| {
        let entry = &entries[index];
        let here = matches!(&entry.seat, Seat::Ours(seat) if Arc::ptr_eq(seat, home));
        match entry.state {
            State::Foreign(_, data) if here => Some(data),
            _ => None,
        }
    });
    let Some(data) = data else {
        return ptr::null_mut();
    };
    drop(leave(waitable));
    data
}

/// Passes on an event that a foreign executor delivered, which has taken the
/// waitable out of its set.
pub(super) fn delivered_by_foreign(waitable: Waitable, code: u32) {
    // The C ABI does not say what the event is about.
    let (_seat, payload) = with_table(waitable, |entries, index| {
        let payload = match entries[index].is_call {
            true => Payload::Subtask(code),
            false => Payload::Code(code),
        };
        (unseat(entries, index), payload)
    });
    if let State::Waiting(waker) = note_event(waitable, payload) {
        waker.wake();
    }
}
