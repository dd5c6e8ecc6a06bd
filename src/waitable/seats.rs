//! Which set a handle is in, and who waits there: joining, moving, leaving.

use super::background;
use super::cabi::{ForeignTask, Task};
use super::current;
use super::entry::{Entry, Seat, State, seat, unseat, vacate};
use super::home::Home;
use super::orphans;
use super::registry::with_table;
use crate::abi::Waitable;
use crate::{instance, sys};
use alloc::sync::Arc;
use core::mem;
use core::ptr;
use core::task::Waker;

/// What is known of an operation that begins to be awaited.
#[derive(Copy, Clone)]
pub(crate) struct Begins {
    /// Whether the host wants its task to be there when it finishes.
    pub(crate) needs_task: bool,
    /// Whether it is a call, whose events are states of a subtask.
    pub(crate) is_call: bool,
}

/// Waits for the event of `waitable` in the task that is polling. Returns false
/// if none is: there is no set that the waitable could join.
///
/// An operation that `begins` here was not started by the task in whose set the
/// waitable stayed after the one before it: it moves before it is awaited.
#[must_use]
pub(crate) fn wait(waitable: Waitable, waker: &Waker, begins: Option<Begins>) -> bool {
    // Before anything else, for cloning it may panic.
    let mut waker = unknown(waitable, waker, begins);
    if begins.is_none() {
        store(waitable, waker.take());
    }
    // What the host wants the task to be there for is not left to another one.
    let goes_anywhere = begins.is_none_or(|begins| !begins.needs_task);
    let waits = (goes_anywhere || current::is_own()) && attend(waitable);
    store(waitable, waker);
    waits
}

/// The waker to store, unless it is there already. Notes what begins.
fn unknown(waitable: Waitable, waker: &Waker, begins: Option<Begins>) -> Option<Waker> {
    let known = with_table(waitable, |entries, index| {
        let entry = &mut entries[index];
        if let Some(begins) = begins {
            entry.needs_task = begins.needs_task;
            entry.is_call = begins.is_call;
        }
        matches!(&entry.state, State::Waiting(old) if old.will_wake(waker))
    });
    (!known).then(|| waker.clone())
}

/// Stores the waker to call, if there is a new one.
fn store(waitable: Waitable, waker: Option<Waker>) {
    let Some(waker) = waker else { return };
    // What was there is dropped after the borrow has ended.
    let old = with_table(waitable, |entries, index| match entries[index].state {
        State::Ready(_) => Err(waker),
        _ => Ok(entries[index].set_state(State::Waiting(waker))),
    });
    if let Err(waker) = old {
        // It was told already, by the operation that its start has woken.
        waker.wake();
    }
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

/// Makes `waitable` a member of `home`'s set. One join moves it there from
/// another set.
pub(super) fn join(waitable: Waitable, home: &Arc<Home>) {
    match orphans::lodging(home) {
        Some(host) => join_as(waitable, &host, true),
        None => join_as(waitable, home, false),
    }
}

/// The same, as a guest of the task or as its own.
pub(super) fn join_as(waitable: Waitable, home: &Arc<Home>, is_guest: bool) {
    let left = with_table(waitable, |entries, index| {
        if let Seat::Ours(at) = &entries[index].seat
            && Arc::ptr_eq(at, home)
        {
            // It is there. From now on it may be of another kind.
            unseat(entries, index);
            entries[index].is_guest = is_guest;
            seat(entries, index, home);
            return None;
        }
        Some(vacate(entries, index))
    });
    let Some(left) = left else { return };
    left_for_another(waitable, &left);
    sys::waitable_join(waitable, Some(home.set()));
    with_table(waitable, |entries, index| {
        entries[index].is_guest = is_guest;
        seat(entries, index, home);
    });
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

/// Tells the executor of the seat that was left. The host is told by the join
/// that follows.
fn left_for_another(waitable: Waitable, seat: &Seat) {
    match seat {
        Seat::Ours(home) => home.loses_member(),
        Seat::Foreign(task) => task.unregister(waitable),
        Seat::Nowhere => {}
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
    // That task may stand still, or get no turn while another one does.
    background::rouse_stand_in(None);
    drop(old);
}

/// The home in whose set `waitable` is, if it is one of ours.
pub(super) fn home_of(waitable: Waitable) -> Option<Arc<Home>> {
    with_table(waitable, |entries, index| match &entries[index].seat {
        Seat::Ours(home) => Some(Arc::clone(home)),
        Seat::Foreign(_) | Seat::Nowhere => None,
    })
}

/// Whether the task that is running has started the operation on `waitable`, and nobody
/// has taken it over since.
pub(super) fn is_of_running_task(waitable: Waitable) -> bool {
    let is_here = |home: &Arc<Home>| {
        with_table(waitable, |entries, index| {
            let entry = &entries[index];
            let Seat::Ours(seat) = &entry.seat else {
                return false;
            };
            let [starter, running] = [seat, home].map(Home::component_task);
            entry.origin.is_none() && Arc::ptr_eq(starter, running)
        })
    };
    current::with_own_home(is_here).unwrap_or(false)
}

/// Whether `waitable` is a guest in the set of a task.
#[cfg(feature = "diagnostics")]
pub(super) fn is_guest(waitable: Waitable) -> bool {
    with_table(waitable, |entries, index| entries[index].is_guest)
}

/// Whether `waitable` is a member of the set of `home`, and no guest there.
pub(super) fn is_seated(waitable: Waitable, home: &Arc<Home>) -> bool {
    with_table(waitable, |entries, index| {
        let entry = &entries[index];
        matches!(&entry.seat, Seat::Ours(seat) if Arc::ptr_eq(seat, home)) && !entry.is_guest
    })
}

/// Takes `waitable` out of whatever set it is in and stops waiting for it.
///
/// The ABI demands this before a synchronous cancel and before a readable end
/// is handed away. Returns the waker of who waited, whose destructor may panic: it
/// is to be dropped when all is done.
#[must_use]
pub(crate) fn leave(waitable: Waitable) -> Option<Waker> {
    let left = with_table(waitable, |entries, index| {
        if entries[index].is_nowhere() {
            return None;
        }
        let seat = unseat(entries, index);
        let entry = &mut entries[index];
        Some((seat, entry.let_origin_go(), entry.set_state(State::Idle)))
    });
    let (seat, origin, state) = left?;
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
        State::Idle | State::Ready(_) | State::Foreign(..) | State::Armed => None,
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
        if entries[index].is_nowhere() && entries[index].owns_nothing() {
            // Most often: nobody ever waited for it.
            entries[index].told_dropped = false;
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

/// Takes all members of `home` out of its set, which is about to be dropped.
///
/// Nobody waits for one of them any more, unless it is that of `block_on`: then a
/// default may still be being written, or an operation was handed out or leaked.
/// That is up to the task that started it then, or to the one around, which the
/// host takes for that; or else to no task.
pub(super) fn detach_all(home: &Home) {
    while let Some(waitable) = Waitable::new(home.members.first()) {
        let (_seat, waits, origin, is_guest) = with_table(waitable, |entries, index| {
            let is_guest = entries[index].is_guest;
            // Behind a panic something may be armed that the task around has to cancel.
            let is_left = matches!(entries[index].state, State::Armed) && home.around().is_some();
            let seat = match is_left {
                true => vacate(entries, index),
                false => unseat(entries, index),
            };
            if let State::Foreign(..) = entries[index].state {
                entries[index].set_state(State::Idle);
            }
            let entry = &entries[index];
            let origin = entry.origin.as_ref().filter(|origin| !is(origin, home));
            (seat, entry.state.is_awaited(), origin.cloned(), is_guest)
        });
        match (waits, origin) {
            (true, _) if is_guest => join(waitable, &orphans::home()),
            (true, Some(origin)) => join(waitable, &origin),
            (true, None) => match current::with_own_home(Arc::clone) {
                Ok(around) if !is(&around, home) => join(waitable, &around),
                _ => join(waitable, &orphans::home()),
            },
            (false, origin) => {
                sys::waitable_join(waitable, None);
                if let Some(origin) = origin {
                    origin.leaves_armed(waitable);
                }
            }
        }
    }
}

pub(super) fn is(one: &Arc<Home>, home: &Home) -> bool {
    ptr::eq(Arc::as_ptr(one), home)
}
