//! Operations that go on although no future waits for them.
//!
//! There are two kinds. A `FutureWriter` that is dropped unwritten writes its
//! default in the background, even where no async task exists: in a synchronous
//! export, in a destructor. And an operation that is dropped in flight there
//! cannot be cancelled, for the ABI forbids that in a synchronous task: it is an
//! [`Orphan`], until it finishes by itself or a task that may cancel gets its turn,
//! which is the one in whose set it is, for that one is woken.
//!
//! What belongs to no task is in a set of its own. The runtime owns the memory, so
//! the copy itself needs nobody; the set is looked at whenever a task runs.

use super::current::{self, enter, may_cancel};
use super::home::Home;
use super::registry;
use crate::abi::{Event, Waitable};
use crate::{instance, sys};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::cell::{Cell, OnceCell, RefCell};
use core::mem;
use core::task::Waker;

/// The operations of an instance that no future waits for.
pub(crate) struct Orphanage {
    /// The home of those that are in no task's set, made when it is first needed.
    home: OnceCell<Arc<Home>>,
    orphans: RefCell<Vec<Arc<Orphan>>>,
}

impl Orphanage {
    pub(crate) const fn new() -> Orphanage {
        Orphanage {
            home: OnceCell::new(),
            orphans: RefCell::new(Vec::new()),
        }
    }

    /// Whether an operation on `waitable` was left alone.
    pub(super) fn has(&self, waitable: Waitable) -> bool {
        let orphans = self.orphans.borrow();
        orphans.iter().any(|orphan| orphan.waitable == waitable)
    }

    /// How many operations wait here.
    #[cfg(feature = "diagnostics")]
    pub(crate) fn len(&self) -> usize {
        let home = self.home.get();
        let elsewhere = |orphan: &&Arc<Orphan>| {
            !home.is_some_and(|home| registry::is_seated(orphan.waitable, home))
        };
        home.map_or(0, |home| home.awaited.get())
            + self.orphans.borrow().iter().filter(elsewhere).count()
    }
}

impl Drop for Orphanage {
    fn drop(&mut self) {
        // Natively, when a thread ends. Nothing can be cancelled any more, and the
        // host may still use the memory.
        for orphan in self.orphans.get_mut() {
            mem::forget(orphan.operation.take());
        }
    }
}

/// An operation without its future.
pub(crate) trait Adrift {
    /// Applies the event that was delivered, if there is one. True if the
    /// operation has finished with it.
    fn notice(&mut self) -> bool;

    /// Cancels it.
    fn stop(&mut self);

    /// Whether the host wants the task to be there that started it.
    fn needs_its_task(&self) -> bool;
}

/// What is to be done when an operation is over.
pub(crate) enum Then {
    /// Somebody wants to use the end.
    Wake(Waker),
    /// The end is to go.
    Close(Box<dyn FnOnce()>),
}

/// An operation that was dropped, or leaked, where it could not be cancelled.
pub(crate) struct Orphan {
    waitable: Waitable,
    needs_its_task: bool,
    /// Absent while it is advanced or cancelled. A cancel may block, and other
    /// code runs then.
    operation: Cell<Option<Box<dyn Adrift>>>,
    then: Cell<Option<Then>>,
}

// SAFETY: a waker has to be `Send` and `Sync`. The ones made of this are given to
// nobody but the registry, which stays on its thread and calls them there.
unsafe impl Send for Orphan {}
// SAFETY: as for `Send`.
unsafe impl Sync for Orphan {}

/// Leaves an operation that is in flight on `waitable` to itself. Its task is told,
/// if it can cancel it.
pub(crate) fn leave_alone(waitable: Waitable, operation: Box<dyn Adrift>) {
    let orphan = Arc::new(Orphan {
        waitable,
        needs_its_task: operation.needs_its_task(),
        operation: Cell::new(Some(operation)),
        then: Cell::new(None),
    });
    instance::with(|instance| {
        let mut orphans = instance.orphanage.orphans.borrow_mut();
        orphans.push(Arc::clone(&orphan));
    });
    // It may have been leaked when its event was there already.
    orphan.wake();
}

/// The operation that was left alone on `waitable`.
pub(crate) fn orphan(waitable: Waitable) -> Option<Arc<Orphan>> {
    instance::try_with(|instance| {
        let orphans = instance.orphanage.orphans.borrow();
        let mut orphans = orphans.iter();
        orphans.find(|orphan| orphan.waitable == waitable).cloned()
    })
    .flatten()
}

impl Orphan {
    /// Cancels the operation, if that is possible here and now.
    #[must_use]
    pub(crate) fn cancel(&self) -> bool {
        if !may_cancel() || self.is_busy() {
            return false;
        }
        // Goes after the operation.
        let _over = Over(self);
        if let Some(mut operation) = self.operation.take() {
            operation.stop();
        }
        true
    }

    /// Whether it is being advanced or cancelled.
    fn is_busy(&self) -> bool {
        let operation = self.operation.take();
        let is_busy = operation.is_none();
        self.operation.set(operation);
        is_busy
    }

    /// Sets what is to be done afterwards.
    pub(crate) fn then(&self, then: Then) {
        self.then.set(Some(then));
    }

    /// Has the event come to the task that is polling, which waits for it. False
    /// if none is.
    #[must_use]
    pub(crate) fn attend(&self) -> bool {
        // Who cancels it is told how that ends.
        self.is_busy() || registry::attend(self.waitable)
    }
}

impl Wake for Orphan {
    fn wake(self: Arc<Self>) {
        if self.is_busy() {
            return;
        }
        // Goes after the operation.
        let over = Over(&self);
        let mut operation = self.operation.take();
        if !operation
            .as_mut()
            .is_some_and(|operation| operation.notice())
        {
            mem::forget(over);
            self.operation.set(operation);
            registry::leave_to(self.waitable, Waker::from(self));
        }
    }
}

/// Takes an orphan whose operation is over off the list, also when a destructor
/// panics on the way.
struct Over<'a>(&'a Orphan);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        let orphan = instance::try_with(|instance| {
            let mut orphans = instance.orphanage.orphans.borrow_mut();
            let index = orphans
                .iter()
                .position(|orphan| core::ptr::eq(&raw const **orphan, self.0))?;
            Some(orphans.swap_remove(index))
        });
        match self.0.then.take() {
            Some(Then::Wake(waker)) => waker.wake(),
            Some(Then::Close(close)) => close(),
            None => {}
        }
        drop(orphan);
    }
}

/// Calls `f`, which may start an operation, as part of the task that is
/// polling, or as part of none.
pub(crate) fn with_some_task<R>(f: impl FnOnce() -> R) -> R {
    if !current::peek().is_null() {
        return f();
    }
    enter(&home(), f)
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

/// Cancels what was left alone, where that is possible.
pub(crate) fn settle_orphans() {
    let next = || {
        instance::with(|instance| {
            let orphans = instance.orphanage.orphans.borrow();
            orphans.iter().find(|orphan| !orphan.is_busy()).cloned()
        })
    };
    // A cancel may block, and others come here meanwhile.
    while let Some(orphan) = next()
        && orphan.cancel()
    {}
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
        registry::deliver(waitable, payload);
    }
    if !home.is_awaited() {
        home.drop_set();
    }
}

/// An operation that was left alone in the set of `home`, and that the host wants
/// the task to be there for.
pub(crate) fn needs(home: &Arc<Home>) -> Option<Waitable> {
    instance::with(|instance| {
        let orphans = instance.orphanage.orphans.borrow();
        let mut waitables = orphans
            .iter()
            .filter(|orphan| orphan.needs_its_task)
            .map(|orphan| orphan.waitable);
        waitables.find(|waitable| registry::is_seated(*waitable, home))
    })
}
