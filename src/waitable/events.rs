//! Events: from whoever delivers them to who waits for them.

use super::entry::{State, unseat};
use super::registry::with_table;
use super::{orphans, seats};
use crate::abi::{Copied, Payload, Waitable};
use crate::sys;

/// Fetches the event that was delivered for `waitable`, if any.
pub(crate) fn take(waitable: Waitable) -> Option<Payload> {
    with_table(waitable, |entries, index| match entries[index].state {
        State::Ready(payload) => {
            entries[index].set_state(State::Idle);
            Some(payload)
        }
        _ => None,
    })
}

/// Whether the operation on `waitable` was told to begin anew.
pub(crate) fn begins_anew(waitable: Waitable) -> bool {
    with_table(
        waitable,
        |entries, index| matches!(entries[index].state, State::Ready(payload) if payload.begins_anew()),
    )
}

/// Passes on an event that the host delivered to one of our tasks.
pub(crate) fn deliver(waitable: Waitable, payload: Payload) {
    match note_event(waitable, payload) {
        State::Waiting(waker) => waker.wake(),
        State::Foreign(callback, data) => {
            sys::waitable_join(waitable, None);
            // SAFETY: the contract of registration: the data is valid until
            // this call.
            unsafe { callback(data, payload.code()) };
        }
        State::Ready(_) | State::Idle | State::Armed => {}
    }
}

/// Stores what an operation came to that the host knows nothing of. Who waits is
/// woken later, by [`wake_late`](super::pair::wake_late), of which its task is told, or
/// by [`wake_others`](super::pair::wake_others).
pub(super) fn deliver_here(waitable: Waitable, copied: Copied) {
    let State::Waiting(waker) = note_event(waitable, Payload::Here(copied)) else {
        return;
    };
    match seats::home_of(waitable).filter(|home| !orphans::is_home(home)) {
        Some(task) => {
            super::pair::wakes_in_turn(waker);
            task.rouse();
        }
        // Other bindings look at no list of ours, and for what belongs to no task
        // there may never be another turn.
        None => super::pair::wakes_anywhere(waker),
    }
}

/// Stores an event. Returns who waited for it.
pub(super) fn note_event(waitable: Waitable, payload: Payload) -> State {
    let (state, origin) = with_table(waitable, |entries, index| {
        let entry = &mut entries[index];
        // The host has lowered what it had to. Who waits may have been leaked.
        let origin = match payload.goes_on() {
            true => None,
            false => entry.let_origin_go(),
        };
        let state = match entry.state {
            State::Waiting(_) => entry.set_state(State::Ready(payload)),
            // A subtask goes on to its next state.
            State::Ready(_) if payload.is_subtask() => entry.set_state(State::Ready(payload)),
            State::Foreign(..) => {
                // Other bindings expect to find their waitable in no set.
                unseat(entries, index);
                entries[index].set_state(State::Idle)
            }
            // It is kept until somebody reads.
            State::Armed => {
                entry.set_state(State::Ready(payload));
                State::Idle
            }
            // It is about to wait: telling it came back here.
            State::Idle if payload.is_here() => entry.set_state(State::Ready(payload)),
            // Nobody asked: no copy is in flight, or it has its result. That the
            // other end of a stream is gone is worth knowing; anything else is
            // late news of a finished operation.
            State::Idle | State::Ready(_) => {
                entry.told_dropped |= payload.is_dropped();
                State::Idle
            }
        };
        (state, origin)
    });
    if let Some(origin) = origin {
        origin.released();
    }
    state
}
