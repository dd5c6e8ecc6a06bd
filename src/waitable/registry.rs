//! The registry: for each handle, who waits for it and which set it is in.
//!
//! Handles are small integers that the host reuses, so this is a dense table
//! and every look-up takes constant time, however many operations are pending.
//! What an entry holds, and its states, are in [`entry`](super::entry).

use super::cabi::{Callback, ForeignTask, Task};
use super::current;
use super::entry::{Entry, Seat, State, seat, unseat, vacate};
use super::home::Home;
use super::orphans;
use super::pair::Pair;
use crate::abi::{Copied, Payload, Waitable};
use crate::{instance, sys};
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::ffi::c_void;
use core::mem;
use core::ptr;
use core::task::Waker;

/// The table of one instance.
pub(crate) struct Registry {
    entries: RefCell<Vec<Entry>>,
}

impl Registry {
    pub(crate) const fn new() -> Registry {
        Registry {
            entries: RefCell::new(Vec::new()),
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // Natively, when a thread ends. Wakers may own operations, which cannot
        // be cancelled without a registry; the host may still use their memory.
        for entry in mem::take(self.entries.get_mut()) {
            if let State::Waiting(_) = entry.state {
                mem::forget(entry);
            }
        }
    }
}

/// Calls `f` with the table, which has an entry for `waitable`.
///
/// `f` must not call foreign code: no waker, no payload, nothing that blocks.
fn with_table<R>(waitable: Waitable, f: impl FnOnce(&mut [Entry], usize) -> R) -> R {
    instance::with(|instance| {
        let mut entries = instance.registry.entries.borrow_mut();
        let index = waitable.index() as usize;
        if index >= entries.len() {
            entries.resize_with(index + 1, || Entry::VACANT);
        }
        f(&mut entries, index)
    })
}

/// Tells the executor of the seat that was left. The host is told by the join
/// that follows.
fn left_for_another(waitable: Waitable, seat: &Seat) {
    match seat {
        Seat::Ours(home) => home.loses_member(),
        Seat::Foreign(task) => task.unregister(waitable),
        Seat::Nowhere => {}
    }
}

/// Waits for the event of `waitable` in the task that is polling. Returns false
/// if none is: there is no set that the waitable could join.
///
/// An operation that `begins` here was not started by the task in whose set the
/// waitable stayed after the one before it: it moves before it is awaited. With
/// that comes whether the host wants its task to be there when it finishes.
#[must_use]
pub(crate) fn wait(waitable: Waitable, waker: &Waker, begins: Option<bool>) -> bool {
    // First, for cloning it may panic.
    let mut waker = unknown(waitable, waker);
    match begins {
        None => store(waitable, waker.take()),
        Some(needs_task) => {
            with_table(waitable, |entries, index| {
                entries[index].needs_task = needs_task
            });
        }
    }
    // What the host wants the task to be there for is not left to another one.
    let waits = (begins != Some(true) || current::is_own()) && attend(waitable);
    store(waitable, waker);
    waits
}

/// The waker to store, unless it is there already.
fn unknown(waitable: Waitable, waker: &Waker) -> Option<Waker> {
    let known = with_table(
        waitable,
        |entries, index| matches!(&entries[index].state, State::Waiting(old) if old.will_wake(waker)),
    );
    (!known).then(|| waker.clone())
}

/// Stores the waker to call, if there is a new one.
fn store(waitable: Waitable, waker: Option<Waker>) {
    let Some(waker) = waker else { return };
    // What was there is dropped after the borrow has ended.
    let _old = with_table(waitable, |entries, index| {
        entries[index].set_state(State::Waiting(waker))
    });
}

/// Makes `waitable` a member of `home`'s set. One join moves it there from
/// another set.
fn join(waitable: Waitable, home: &Arc<Home>) {
    let left = with_table(waitable, |entries, index| {
        if let Seat::Ours(seat) = &entries[index].seat
            && Arc::ptr_eq(seat, home)
        {
            return None;
        }
        Some(vacate(entries, index))
    });
    let Some(left) = left else { return };
    left_for_another(waitable, &left);
    sys::waitable_join(waitable, Some(home.set()));
    with_table(waitable, |entries, index| seat(entries, index, home));
}

/// Registers `waitable` with the foreign executor that is polling.
fn register(waitable: Waitable, task: *const Task) {
    let left = with_table(waitable, |entries, index| {
        if let Seat::Foreign(seat) = &entries[index].seat
            // SAFETY: the task is the current one.
            && unsafe { seat.is(task) }
        {
            return None;
        }
        Some(vacate(entries, index))
    });
    let Some(left) = left else { return };
    left_for_another(waitable, &left);
    // SAFETY: the task is the current one.
    let seat = unsafe { ForeignTask::register(task, waitable) };
    with_table(waitable, |entries, index| {
        entries[index].seat = Seat::Foreign(seat);
    });
}

/// Has the event of `waitable` come to the task that is polling, whoever waits for
/// it. False if none is.
#[must_use]
pub(super) fn attend(waitable: Waitable) -> bool {
    let joins = current::with_home(|home| {
        is_seated(waitable, home) || {
            let is_running = home.is_running();
            if is_running {
                join(waitable, home);
            }
            is_running
        }
    });
    match joins {
        Ok(joins) => joins,
        Err(task) if task.is_null() => false,
        Err(task) => {
            register(waitable, task);
            true
        }
    }
}

/// Leaves `waitable` to `waker`, in whatever set it is. A task that can cancel the
/// operation is told.
pub(super) fn leave_to(waitable: Waitable, waker: Waker) {
    let (old, seated, task) = with_table(waitable, |entries, index| {
        let entry = &mut entries[index];
        let old = entry.set_state(State::Waiting(waker));
        let home = match &entry.seat {
            Seat::Ours(home) => Some(home),
            Seat::Foreign(_) | Seat::Nowhere => None,
        };
        let mut tasks = home.into_iter().chain(&entry.origin);
        let task = tasks.find(|home| home.may_block()).cloned();
        (old, !matches!(entry.seat, Seat::Nowhere), task)
    });
    if !seated {
        join(waitable, &orphans::home());
    }
    if let Some(task) = task {
        task.rouse();
    }
    drop(old);
}

/// Whether `waitable` is a member of the set of `home`.
pub(super) fn is_seated(waitable: Waitable, home: &Arc<Home>) -> bool {
    with_table(
        waitable,
        |entries, index| matches!(&entries[index].seat, Seat::Ours(seat) if Arc::ptr_eq(seat, home)),
    )
}

/// Notes that the end is one of a pair that was made here.
pub(super) fn set_pair(waitable: Waitable, pair: Rc<Pair>) {
    with_table(waitable, |entries, index| entries[index].pair = Some(pair));
}

/// The pair that the end is one of.
pub(super) fn pair(waitable: Waitable) -> Option<Rc<Pair>> {
    // A thread that ends may have lost its state before the last end.
    instance::try_with(|instance| {
        let entries = instance.registry.entries.borrow();
        entries.get(waitable.index() as usize)?.pair.clone()
    })
    .flatten()
}

/// Whether the host said, unasked, that the other end of `waitable` is gone.
pub(crate) fn is_told_dropped(waitable: Waitable) -> bool {
    with_table(waitable, |entries, index| entries[index].told_dropped)
}

/// Notes that the other end of `waitable` is gone.
pub(crate) fn note_dropped(waitable: Waitable) {
    with_table(waitable, |entries, index| {
        entries[index].told_dropped = true
    });
}

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

/// The operation on `waitable` is over: the task that started it may go, and its
/// handle may be that of something else from now on.
pub(crate) fn over(waitable: Waitable) {
    let orphan = instance::with(|instance| instance.orphans.remove(waitable));
    drop(orphan);
    let_go(waitable);
}

/// The task that started the operation on `waitable` may go.
pub(crate) fn let_go(waitable: Waitable) {
    let origin = with_table(waitable, |entries, index| entries[index].let_origin_go());
    if let Some(origin) = origin {
        origin.released();
    }
}

/// Takes `waitable` out of whatever set it is in and stops waiting for it.
///
/// The ABI demands this before a synchronous cancel and before a readable end
/// is handed away. Returns the waker of who waited, whose destructor may panic: it
/// is to be dropped when all is done.
#[must_use]
pub(crate) fn leave(waitable: Waitable) -> Option<Waker> {
    let (seat, origin, state) = with_table(waitable, |entries, index| {
        let seat = unseat(entries, index);
        let entry = &mut entries[index];
        (seat, entry.let_origin_go(), entry.set_state(State::Idle))
    });
    match &seat {
        Seat::Ours(home) => {
            home.loses_member();
            sys::waitable_join(waitable, None);
        }
        Seat::Foreign(task) => task.unregister(waitable),
        Seat::Nowhere => {}
    }
    if let Some(origin) = origin {
        origin.released();
    }
    match state {
        State::Waiting(waker) => Some(waker),
        State::Idle | State::Ready(_) | State::Foreign(..) => None,
    }
}

/// Forgets all about a handle that is about to be dropped or was handed away:
/// the host takes what it drops out of its set, and will reuse the index.
pub(crate) fn forget(waitable: Waitable) {
    // A thread that ends may have lost its state before the last end.
    let forgotten = instance::try_with(|instance| {
        let mut entries = instance.registry.entries.borrow_mut();
        let index = waitable.index() as usize;
        if index >= entries.len() {
            return None;
        }
        let seat = unseat(&mut entries, index);
        let origin = entries[index].let_origin_go();
        let entry = mem::replace(&mut entries[index], Entry::VACANT);
        Some((seat, origin, entry))
    });
    let Some((seat, origin, _entry)) = forgotten.flatten() else {
        return;
    };
    left_for_another(waitable, &seat);
    if let Some(origin) = origin {
        origin.released();
    }
}

/// What is known of a handle on which nobody operates.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// Nothing.
    Free,
    /// The host said, unasked, that the other end is gone: no copy may be
    /// started.
    ToldDropped,
    /// An operation is in flight all the same: it was leaked, or left alone.
    InFlight,
}

/// What is known of a handle before something is done with it.
pub(crate) fn standing(waitable: Waitable) -> Standing {
    // A thread that ends may have lost its state before the last end.
    let standing = instance::try_with(|instance| {
        let entries = instance.registry.entries.borrow();
        match entries.get(waitable.index() as usize) {
            None => Standing::Free,
            // While it is being cancelled the entry does not show it.
            Some(_) if instance.orphans.has(waitable) => Standing::InFlight,
            Some(entry) if !matches!(entry.state, State::Idle) => Standing::InFlight,
            Some(entry) if entry.told_dropped => Standing::ToldDropped,
            Some(_) => Standing::Free,
        }
    });
    standing.unwrap_or(Standing::Free)
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
        State::Ready(_) | State::Idle => {}
    }
}

/// Stores what an operation came to that the host knows nothing of. Who waits is
/// woken later, by [`wake_late`](super::pair::wake_late), of which its task is told.
pub(super) fn deliver_here(waitable: Waitable, copied: Copied) {
    let State::Waiting(waker) = note_event(waitable, Payload::Here(copied)) else {
        return;
    };
    let task = with_table(waitable, |entries, index| match &entries[index].seat {
        Seat::Ours(home) => Some(Arc::clone(home)),
        Seat::Foreign(_) | Seat::Nowhere => None,
    });
    match task.filter(|home| !orphans::is_home(home)) {
        Some(task) => {
            super::pair::wakes_late(waker);
            task.rouse();
        }
        // Other bindings look at no list of ours, and for what belongs to no task
        // there may never be another turn.
        None => orphans::with_some_task(|| waker.wake()),
    }
}

/// Stores an event. Returns who waited for it.
fn note_event(waitable: Waitable, payload: Payload) -> State {
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

/// Passes on an event that a foreign executor delivered, which has taken the
/// waitable out of its set.
pub(super) fn delivered_by_foreign(waitable: Waitable, code: u32) {
    // Delivered once per registration, so that there is nothing to tell apart.
    let payload = Payload::Code(code);
    let (_seat, state) = with_table(waitable, |entries, index| {
        let seat = unseat(entries, index);
        let state = match entries[index].state {
            State::Waiting(_) => entries[index].set_state(State::Ready(payload)),
            _ => State::Idle,
        };
        (seat, state)
    });
    if let State::Waiting(waker) = state {
        waker.wake();
    }
}

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

/// An operation in `home`'s set that was started there, and that the host wants its
/// task to be there for.
pub(crate) fn needs_task(home: &Home) -> Option<Waitable> {
    instance::with(|instance| {
        let entries = instance.registry.entries.borrow();
        let mut index = home.members.first();
        while index != 0 {
            let entry = &entries[index as usize];
            let here = entry.origin.as_ref().is_none_or(|origin| is(origin, home));
            if entry.needs_task && entry.state.is_awaited() && here {
                return Waitable::new(index);
            }
            index = entry.next;
        }
        None
    })
}

/// Whether operations of other bindings wait for events of `home`'s set.
pub(crate) fn awaits_foreign(home: &Home) -> bool {
    home.is_awaited()
        && instance::with(|instance| {
            let entries = instance.registry.entries.borrow();
            let mut index = home.members.first() as usize;
            while index != 0 {
                let entry = &entries[index];
                if matches!(entry.state, State::Foreign(..)) {
                    return true;
                }
                index = entry.next as usize;
            }
            false
        })
}

fn is(one: &Arc<Home>, home: &Home) -> bool {
    ptr::eq(Arc::as_ptr(one), home)
}

/// Takes all members of `home` out of its set, which is about to be dropped.
///
/// Nobody waits for one of them any more, unless it is that of `block_on`: then a
/// default may still be being written, or an operation was handed out or leaked.
/// That is up to the task that started it then, or to the one around, which the
/// host takes for that; or else to no task.
pub(super) fn detach_all(home: &Home) {
    while let Some(waitable) = Waitable::new(home.members.first()) {
        let (_seat, waits, origin) = with_table(waitable, |entries, index| {
            let seat = unseat(entries, index);
            if let State::Foreign(..) = entries[index].state {
                entries[index].set_state(State::Idle);
            }
            let entry = &entries[index];
            let origin = entry.origin.as_ref().filter(|origin| !is(origin, home));
            (seat, entry.state.is_awaited(), origin.cloned())
        });
        match (waits, origin) {
            (true, Some(origin)) => join(waitable, &origin),
            (true, None) => match current::with_home(Arc::clone) {
                Ok(around) if !is(&around, home) => join(waitable, &around),
                _ => join(waitable, &orphans::home()),
            },
            (false, _) => sys::waitable_join(waitable, None),
        }
    }
}
