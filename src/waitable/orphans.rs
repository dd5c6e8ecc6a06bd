//! Operations that belong to no task.
//!
//! A `FutureWriter` can be dropped unwritten where no async task exists: in a
//! synchronous export, in a destructor. Its default value is written all the
//! same, and if the reader is not there yet, somebody has to drop the writable
//! end later. So it is with what a `block_on` outside of any task leaves behind.
//! Such operations join a set that belongs to no task. The runtime owns their
//! memory, so the copy itself needs nobody; the set is looked at whenever a task
//! runs.
//!
//! A task may wait for what comes only when such an operation has had its event: the
//! value of a write may hold what the task's own write waits for. So while tasks sleep
//! these operations are *guests* in the set of one: the host calls it for their events,
//! and it waits for none of them.
//!
//! Futures that are to run in the background, and are made where no async task is, wait
//! for the next one.

use super::adrift::settle_orphans;
use super::cabi::Task;
use super::current::{self, Current, enter};
use super::events;
use super::home::{Home, Spawned};
use super::seats;
use crate::abi::{Event, Waitable};
use crate::{instance, sys};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::{OnceCell, RefCell};
use core::mem;

/// The home of operations without a task, made when it is first needed.
pub(crate) struct Orphanage {
    home: OnceCell<Arc<Home>>,
    /// Tasks that sleep, or have slept: they have a set.
    tasks: RefCell<Vec<Arc<Home>>>,
    /// For the next task.
    futures: RefCell<Vec<Spawned>>,
}

impl Orphanage {
    pub(crate) const fn new() -> Orphanage {
        Orphanage {
            home: OnceCell::new(),
            tasks: RefCell::new(Vec::new()),
            futures: RefCell::new(Vec::new()),
        }
    }

    /// Whether nothing waits here for a task.
    #[inline]
    fn is_empty(&self) -> bool {
        let has_set = |home: &Arc<Home>| home.existing_set().is_some();
        self.futures.borrow().is_empty() && !self.home.get().is_some_and(has_set)
    }

    /// How many operations wait here, or as guests.
    #[cfg(feature = "diagnostics")]
    pub(crate) fn len(&self) -> usize {
        let here = self.home.get().map_or(0, |home| home.awaited.get());
        here + super::registry::guests()
    }

    /// Whether `waitable` is one of theirs.
    #[cfg(feature = "diagnostics")]
    pub(super) fn has(&self, waitable: Waitable) -> bool {
        let home = self.home.get();
        home.is_some_and(|home| seats::is_seated(waitable, home)) || seats::is_guest(waitable)
    }
}

impl Drop for Orphanage {
    fn drop(&mut self) {
        // Natively, when a thread ends: they own ends, and there is no host any more.
        mem::forget(self.futures.take());
    }
}

/// Calls `f`, which may start an operation, as part of the task that is
/// polling, or as part of none.
pub(crate) fn with_some_task<R>(f: impl FnOnce() -> R) -> R {
    match current::current() {
        Current::None => enter(&home(), f),
        Current::Ours(_) | Current::Foreign(_) => f(),
    }
}

/// The task whose guest an operation is that belongs to `home`, if that is no task.
pub(super) fn lodging(home: &Arc<Home>) -> Option<Arc<Home>> {
    match is_home(home) {
        true => instance::with(|instance| instance.orphanage.tasks.borrow().last().cloned()),
        false => None,
    }
}

/// The task of `home` is about to sleep: it takes in what belongs to no task.
pub(crate) fn take_in(home: &Arc<Home>) {
    let orphanage = instance::with(|instance| {
        let Orphanage {
            home: orphans,
            tasks,
            ..
        } = &instance.orphanage;
        let mut tasks = tasks.borrow_mut();
        if home.place.get().is_none() {
            home.place.set(Some(tasks.len()));
            tasks.push(Arc::clone(home));
        }
        orphans
            .get()
            .filter(|orphans| orphans.members.first() != 0)
            .cloned()
    });
    let Some(orphanage) = orphanage else { return };
    while let Some(waitable) = Waitable::new(orphanage.members.first()) {
        seats::join_as(waitable, home, true);
    }
    orphanage.drop_set();
}

/// The task of `home` is over, and takes in nothing any more.
pub(super) fn takes_in_no_more(home: &Home) {
    let Some(place) = home.place.take() else {
        return;
    };
    // A thread that ends may have lost its state before the last task.
    let left = instance::try_with(|instance| {
        let mut tasks = instance.orphanage.tasks.borrow_mut();
        let left = tasks.swap_remove(place);
        if let Some(moved) = tasks.get(place) {
            moved.place.set(Some(place));
        }
        left
    });
    drop(left);
}

/// Runs `future`, which is about `waitable`, in the background: in the async export that
/// is polling, in the one in whose set the waitable is, or in the next one that gets a
/// turn.
pub(crate) fn spawn_in_background(waitable: Waitable, future: Spawned) {
    let (task, future) = match current::current() {
        Current::Ours(home) => (Some(Arc::clone(Home::component_task(&home))), future),
        // SAFETY: the task is the current one.
        Current::Foreign(task) => match unsafe { Task::spawn(task, Box::new(future)) } {
            Ok(()) => return,
            Err(future) => (None, Box::into_pin(future)),
        },
        Current::None => {
            let home = seats::home_of(waitable);
            let task = home.map(|home| Arc::clone(Home::component_task(&home)));
            (task, future)
        }
    };
    match task.filter(|task| task.is_open_task()) {
        Some(task) => task.run_in_background(future),
        None => {
            let sleeps = instance::with(|instance| {
                let Orphanage { futures, tasks, .. } = &instance.orphanage;
                futures.borrow_mut().push(future);
                tasks.borrow().last().cloned()
            });
            if let Some(task) = sleeps {
                task.rouse();
            }
            super::background::rouse_stand_in(None);
        }
    }
}

/// Leaves the futures that wait for a task to `home`, which is that of one.
pub(crate) fn adopt(home: &Home) {
    let futures = instance::with(|instance| instance.orphanage.futures.take());
    for future in futures {
        home.run_in_background(future);
    }
}

/// The home of operations without a task.
pub(super) fn home() -> Arc<Home> {
    instance::with(|instance| {
        let home = instance
            .orphanage
            .home
            .get_or_init(|| Arc::new(Home::of_no_task()));
        Arc::clone(home)
    })
}

/// Whether `home` is that of operations without a task.
pub(super) fn is_home(home: &Arc<Home>) -> bool {
    instance::with(|instance| {
        let orphanage = instance.orphanage.home.get();
        orphanage.is_some_and(|orphanage| Arc::ptr_eq(orphanage, home))
    })
}

/// Whether a turn of one of our tasks goes on.
pub(super) fn is_in_turn() -> bool {
    matches!(current::current(), Current::Ours(home) if !is_home(&home))
}

/// Whether there is nothing that a task has to do for others: nothing was left alone or
/// belongs to no task, and nobody is to be woken. Nearly always, and one look tells.
#[inline]
pub(crate) fn is_calm() -> bool {
    instance::with(|instance| {
        instance.orphans.is_empty() && instance.orphanage.is_empty() && instance.late.is_empty()
    })
}

/// Cancels what was left alone, where that is possible, and delivers the events
/// of what belongs to no task, without waiting for them.
pub(crate) fn settle() {
    settle_orphans();
    hear_orphans();
}

/// Delivers the events of what belongs to no task, without waiting for them.
pub(crate) fn hear_orphans() {
    // The set may be left when the last operation has moved to a task.
    let home = instance::with(|instance| {
        let home = instance.orphanage.home.get();
        home.filter(|home| home.existing_set().is_some()).cloned()
    });
    let Some(home) = home else { return };
    while home.is_awaited()
        && let Some(set) = home.existing_set()
        && let Event::Waitable(waitable, payload) = sys::waitable_set_poll(set)
    {
        events::deliver(waitable, payload);
    }
    if !home.is_awaited() {
        home.drop_set();
    }
}
