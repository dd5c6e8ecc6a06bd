//! What ends keep of operations whose futures are gone.
//!
//! A read that is dropped in flight goes on, *armed*: what it transfers is kept for the
//! next read of its end. What is kept lies in the registry, under the handle:
//!
//! ```text
//!            the future is dropped              event
//!  Waiting ────────────────────────► Armed ───────────────► Ready
//!     ▲                                │ │                    │
//!     └──── the next read waits ───────┘ └─► cancelled ◄──────┘ nobody reads, or
//!                                            the task ends      the end goes
//! ```
//!
//! Nobody awaits what is armed, so it keeps no task. Where the host wants the task that
//! started it to be there when it finishes, it is cancelled before that task exits, by
//! [`cancel_kept`]; what had arrived stays.

use super::adrift::Then;
use super::entry::{Entry, Seat, State, unseat};
use super::home::Home;
use super::registry::with_table;
use super::seats::is;
use crate::abi::Waitable;
use crate::instance;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::any::Any;
use core::mem;
use core::task::Waker;

/// What an end keeps.
pub(crate) trait Kept: Any {
    /// Cancels the operation that is in flight, if one is, and keeps what had arrived.
    fn cancel(&mut self);

    /// Whether there is nothing in it: it is only there to be used again.
    fn is_idle(&self) -> bool;
}

/// The place for it in the registry.
pub(super) enum Keeping {
    /// There is none.
    Nothing,
    /// It is there.
    There(Box<dyn Kept>),
    /// Somebody looks at it, or cancels what is in flight, which may take its time;
    /// and what is to be done then.
    Elsewhere(Option<Then>),
}

impl Keeping {
    /// Whether there is something in it.
    pub(super) fn is_used(&self) -> bool {
        match self {
            Keeping::Nothing => false,
            Keeping::There(kept) => !kept.is_idle(),
            Keeping::Elsewhere(_) => true,
        }
    }
}

/// What is kept, in the hands of somebody. It is put back when this goes.
pub(crate) struct Held {
    waitable: Waitable,
    kept: Option<Box<dyn Kept>>,
}

impl Held {
    /// Takes what is kept of `waitable`; or, if nothing is, what `make` makes. None
    /// if somebody else has it.
    pub(crate) fn take(
        waitable: Waitable,
        make: impl FnOnce() -> Option<Box<dyn Kept>>,
    ) -> Option<Held> {
        let taken = with_table(waitable, |entries, index| {
            let keeping = &mut entries[index].keeping;
            match mem::replace(keeping, Keeping::Elsewhere(None)) {
                Keeping::Nothing => Ok(None),
                Keeping::There(kept) => Ok(Some(kept)),
                elsewhere => {
                    *keeping = elsewhere;
                    Err(())
                }
            }
        });
        let mut held = Held {
            waitable,
            kept: taken.ok()?,
        };
        if held.kept.is_none() {
            held.kept = make();
        }
        Some(held)
    }

    /// As what it is. None if it is of another type, or nothing is kept.
    pub(crate) fn get<K: Kept>(&mut self) -> Option<&mut K> {
        let kept: &mut dyn Any = self.kept.as_deref_mut()?;
        kept.downcast_mut()
    }

    /// Takes it away for good.
    pub(crate) fn remove(mut self) -> Option<Box<dyn Kept>> {
        self.kept.take()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let before = with_table(self.waitable, |entries, index| {
            mem::replace(&mut entries[index].keeping, Keeping::Nothing)
        });
        let then = match before {
            Keeping::Elsewhere(then) => then,
            Keeping::Nothing | Keeping::There(_) => None,
        };
        if let Some(Then::Close(close)) = then {
            // What is kept goes last, for its destructors may panic.
            let _kept = self.kept.take();
            return close();
        }
        if let Some(kept) = self.kept.take() {
            with_table(self.waitable, |entries, index| {
                entries[index].keeping = Keeping::There(kept)
            });
        }
        if let Some(then) = then {
            then.run();
        }
    }
}

/// Has `then` done when whoever has what is kept of `waitable` puts it back. False if
/// it is there.
pub(crate) fn when_put_back(waitable: Waitable, then: Then) -> bool {
    let old = with_table(waitable, |entries, index| {
        match &mut entries[index].keeping {
            Keeping::Elsewhere(old) => Ok(old.replace(then)),
            Keeping::Nothing | Keeping::There(_) => Err(then),
        }
    });
    old.is_ok()
}

/// The future of the operation on `waitable` is gone, which goes on.
///
/// Returns the waker of who waited, to be dropped when all is done, and whether the
/// operation should rather be cancelled: an executor of other bindings says nothing
/// when its task ends, for which the host may want it to be over.
#[must_use]
pub(crate) fn arm(waitable: Waitable) -> (Option<Waker>, bool) {
    let (state, seat, homes, needs_task) = with_table(waitable, |entries, index| {
        let entry = &mut entries[index];
        let state = match entry.state {
            State::Ready(_) => State::Idle,
            _ => entry.set_state(State::Armed),
        };
        let is_foreign = matches!(entry.seat, Seat::Foreign(_));
        let home = match &entry.seat {
            Seat::Ours(home) => Some(Arc::clone(home)),
            Seat::Foreign(_) | Seat::Nowhere => None,
        };
        let (origin, needs_task) = (entry.origin.clone(), entry.needs_task);
        let seat = is_foreign.then(|| unseat(entries, index));
        (state, seat, [home, origin], needs_task)
    });
    let is_foreign = seat.is_some();
    if let Some(Seat::Foreign(task)) = seat {
        task.unregister(waitable);
    }
    let [home, origin] = homes;
    if let Some(origin) = &origin {
        origin.leaves_armed(waitable);
    }
    for home in home.iter().chain(&origin) {
        home.released();
    }
    let waker = match state {
        State::Waiting(waker) => Some(waker),
        _ => None,
    };
    (waker, is_foreign && needs_task)
}

/// Cancels what is armed and was started by the task of `home`, which is about to end,
/// if the host wants the task to be there when it finishes. Says whether there was
/// something: others may have run meanwhile.
pub(crate) fn cancel_kept(home: &Arc<Home>) -> bool {
    let mut found = false;
    while let Some(waitable) = next_armed(home) {
        let Some(mut held) = Held::take(waitable, || None) else {
            break;
        };
        found = true;
        if let Some(kept) = &mut held.kept {
            kept.cancel();
        }
    }
    found
}

/// Something armed that the task of `home` started, and has to be there for.
fn next_armed(home: &Arc<Home>) -> Option<Waitable> {
    let task = Home::component_task(home);
    let started_here = |entry: &Entry| {
        let here = entry.origin.as_ref().is_none_or(|origin| is(origin, task));
        here && is_armed(entry)
    };
    let member = instance::with(|instance| {
        let entries = instance.registry.entries.borrow();
        let mut index = home.members.first();
        while index != 0 {
            let entry = &entries[index as usize];
            if started_here(entry) {
                return Waitable::new(index);
            }
            index = entry.next;
        }
        None
    });
    // Others went to other sets.
    member.or_else(|| home.left_armed(is_left_armed))
}

/// Whether `waitable`, which may be something else by now, is armed, was started by the
/// task of `home`, and went to another set.
pub(super) fn is_left_armed(waitable: Waitable, home: &Arc<Home>) -> bool {
    with_table(waitable, |entries, index| {
        let entry = &entries[index];
        let origin = entry.origin.as_ref();
        origin.is_some_and(|origin| is(origin, home)) && is_armed(entry)
    })
}

fn is_armed(entry: &Entry) -> bool {
    matches!(entry.state, State::Armed) && entry.needs_task
}
