//! Operations that belong to no task.
//!
//! A `FutureWriter` can be dropped unwritten where no async task exists: in a
//! synchronous export, in a destructor. Its default value is written all the
//! same, and if the reader is not there yet, somebody has to drop the writable
//! end later. So it is with what a `block_on` outside of any task leaves behind.
//! Such operations join a set that belongs to no task. The runtime owns their
//! memory, so the copy itself needs nobody; the set is looked at whenever a task
//! runs.

use super::adrift::settle_orphans;
use super::current::{self, Current, enter};
use super::events;
use super::home::Home;
#[cfg(feature = "diagnostics")]
use super::seats;
use crate::abi::Event;
use crate::{instance, sys};
use alloc::sync::Arc;
use core::cell::OnceCell;

/// The home of operations without a task, made when it is first needed.
pub(crate) struct Orphanage {
    home: OnceCell<Arc<Home>>,
}

impl Orphanage {
    pub(crate) const fn new() -> Orphanage {
        Orphanage {
            home: OnceCell::new(),
        }
    }

    /// How many operations wait here.
    #[cfg(feature = "diagnostics")]
    pub(crate) fn len(&self) -> usize {
        self.home.get().map_or(0, |home| home.awaited.get())
    }

    /// Whether `waitable` is one of theirs.
    #[cfg(feature = "diagnostics")]
    pub(super) fn has(&self, waitable: crate::abi::Waitable) -> bool {
        let home = self.home.get();
        home.is_some_and(|home| seats::is_seated(waitable, home))
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
