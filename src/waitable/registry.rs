//! The registry: what is known of each handle.
//!
//! Handles are small integers that the host reuses, so this is a dense table
//! and every look-up takes constant time, however many operations are pending.
//! What an entry holds, and its states, are in [`entry`](super::entry); how a handle
//! gets into a set and out of it is in [`seats`](super::seats), and how an event gets
//! to who waits for it in [`events`](super::events).

use super::entry::{Entry, State};
use super::home::Home;
use super::pair::Pair;
use super::seats::is;
use crate::abi::Waitable;
use crate::instance;
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::mem;

/// The table of one instance.
pub(crate) struct Registry {
    pub(super) entries: RefCell<Vec<Entry>>,
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
        // be cancelled without a registry; the host may still use their memory. What is
        // kept may own ends, and there is no host any more.
        for entry in mem::take(self.entries.get_mut()) {
            if matches!(entry.state, State::Waiting(_)) || entry.keeping.is_used() {
                mem::forget(entry);
            }
        }
    }
}

/// Calls `f` with the table, which has an entry for `waitable`.
///
/// `f` must not call foreign code: no waker, no payload, nothing that blocks.
#[inline]
pub(super) fn with_table<R>(waitable: Waitable, f: impl FnOnce(&mut [Entry], usize) -> R) -> R {
    instance::with(|instance| {
        let mut entries = instance.registry.entries.borrow_mut();
        let index = waitable.index() as usize;
        if index >= entries.len() {
            grow(&mut entries, index);
        }
        f(&mut entries, index)
    })
}

/// Makes an entry at `index`, and those before it. Not in line: each look at the table
/// would have a copy of it.
#[cold]
#[inline(never)]
fn grow(entries: &mut Vec<Entry>, index: usize) {
    entries.resize_with(index + 1, || Entry::VACANT);
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

/// How many operations wait as guests in the sets of tasks.
#[cfg(feature = "diagnostics")]
pub(super) fn guests() -> usize {
    instance::with(|instance| {
        let entries = instance.registry.entries.borrow();
        let waits = |entry: &&Entry| entry.is_guest && entry.state.is_awaited();
        entries.iter().filter(waits).count()
    })
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

/// The operation on `waitable` is over: the task that started it may go, and its
/// handle may be that of something else from now on.
pub(crate) fn over(waitable: Waitable) {
    let (orphan, origin) = instance::with(|instance| {
        let mut entries = instance.registry.entries.borrow_mut();
        let entry = entries.get_mut(waitable.index() as usize);
        let origin = entry.and_then(Entry::let_origin_go);
        (instance.orphans.remove(waitable), origin)
    });
    drop(orphan);
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
    /// Something is kept of operations whose futures are gone.
    Kept,
}

/// Whether nothing is known of a handle, as mostly. [`standing`] says what is.
#[inline]
pub(crate) fn is_untouched(waitable: Waitable) -> bool {
    // A thread that ends may have lost its state before the last end.
    let is_untouched = instance::try_with(|instance| {
        let entries = instance.registry.entries.borrow();
        let entry = entries.get(waitable.index() as usize);
        entry.is_none_or(Entry::is_untouched) && instance.orphans.is_empty()
    });
    is_untouched.unwrap_or(true)
}

/// Whether nothing at all is known of a handle: no operation and no set, no pair, and nothing
/// that its end keeps.
#[inline]
pub(crate) fn is_unknown(waitable: Waitable) -> bool {
    // A thread that ends may have lost its state before the last end.
    let is_unknown = instance::try_with(|instance| {
        let entries = instance.registry.entries.borrow();
        let is_unknown =
            |entry: &Entry| entry.is_nowhere() && entry.owns_nothing() && !entry.told_dropped;
        let entry = entries.get(waitable.index() as usize);
        entry.is_none_or(is_unknown) && instance.orphans.is_empty()
    });
    is_unknown.unwrap_or(true)
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
            Some(entry) if entry.keeping.is_used() => Standing::Kept,
            Some(entry) if !matches!(entry.state, State::Idle) => Standing::InFlight,
            Some(entry) if entry.told_dropped => Standing::ToldDropped,
            Some(_) => Standing::Free,
        }
    });
    standing.unwrap_or(Standing::Free)
}

/// An operation in `home`'s set that was started there, and that the host wants its
/// task to be there for.
pub(crate) fn needs_task(home: &Arc<Home>) -> Option<Waitable> {
    instance::with(|instance| {
        let entries = instance.registry.entries.borrow();
        let mut index = home.members.first();
        while index != 0 {
            let entry = &entries[index as usize];
            let here = entry.origin.as_ref().is_none_or(|origin| is(origin, home));
            let goes_on = entry.state.is_awaited() || matches!(entry.state, State::Armed);
            if entry.needs_task && goes_on && here {
                return Waitable::new(index);
            }
            index = entry.next;
        }
        None
    })
    .or_else(|| home.left_armed(super::kept::is_left_armed))
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
