//! Operations that go on without their future.
//!
//! An operation that is dropped in flight in a synchronous export or in a destructor
//! cannot be cancelled, for the ABI forbids that in a synchronous task. It is left
//! alone as an [`Orphan`], until it finishes by itself or a task that may cancel gets
//! its turn. The one in whose set it is gets one, for it is woken, and so does the last
//! `block_on`, for that task may stand still in it:
//!
//! ```text
//!   drop ──► leave_alone ──► in the registry, under a waker of its own
//!                              │ event: wake          │ a turn: settle_orphans
//!                              ▼                      ▼
//!                            notice                  stop (the host may take its time)
//!                              └────────► over ◄──────┘
//!                                          └──► who waits for the end is woken,
//!                                               or the end goes
//! ```

use super::current::may_cancel;
use super::seats;
use crate::abi::{Payload, Waitable};
use crate::instance;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::mem;
use core::ptr;
use core::task::Waker;

/// The operations of an instance that were left alone.
pub(crate) struct Orphans(RefCell<Vec<Arc<Orphan>>>);

impl Orphans {
    pub(crate) const fn new() -> Orphans {
        Orphans(RefCell::new(Vec::new()))
    }

    /// Whether nothing was left alone.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Whether an operation on `waitable` was left alone.
    pub(super) fn has(&self, waitable: Waitable) -> bool {
        let orphans = self.0.borrow();
        orphans.iter().any(|orphan| orphan.waitable == waitable)
    }

    /// Takes the one on `waitable` off the list.
    pub(super) fn remove(&self, waitable: Waitable) -> Option<Arc<Orphan>> {
        self.remove_that(|orphan| orphan.waitable == waitable)
    }

    /// Takes the one that `is_it` off the list.
    fn remove_that(&self, is_it: impl Fn(&Orphan) -> bool) -> Option<Arc<Orphan>> {
        let mut orphans = self.0.borrow_mut();
        let index = orphans.iter().position(|orphan| is_it(orphan))?;
        Some(orphans.swap_remove(index))
    }

    /// How many are in the set of some task.
    #[cfg(feature = "diagnostics")]
    pub(crate) fn with_task(&self) -> usize {
        let waitables: Vec<_> = self
            .0
            .borrow()
            .iter()
            .map(|orphan| orphan.waitable)
            .collect();
        let in_no_task = |waitable| instance::with(|instance| instance.orphanage.has(waitable));
        waitables
            .into_iter()
            .filter(|waitable| !in_no_task(*waitable))
            .count()
    }
}

impl Drop for Orphans {
    fn drop(&mut self) {
        // Natively, when a thread ends. Nothing can be cancelled any more, and the
        // host may still use the memory.
        for orphan in self.0.get_mut() {
            mem::forget(orphan.operation.take());
        }
    }
}

/// An operation without its future.
pub(crate) trait Adrift {
    /// Applies the event that was delivered, if there is one. True if the
    /// operation has finished with it.
    fn notice(&mut self) -> bool;

    /// Cancels it, or waits for the answer if that was asked for.
    fn stop(&mut self);

    /// The host was asked to cancel it, and is going to answer.
    fn is_asked(&mut self) {
        unreachable!("nobody asks for anything but a call");
    }

    /// What the host says to who asked for its cancel. True if it is over.
    fn hears(&mut self, answer: Payload) -> bool {
        let _ = answer;
        unreachable!("nobody asks for anything but a call");
    }
}

/// What is to be done when an operation is over.
pub(crate) enum Then {
    /// Somebody wants to use the end.
    Wake(Waker),
    /// The end is to go.
    Close(Box<dyn FnOnce()>),
}

impl Then {
    /// Does it.
    pub(super) fn run(self) {
        match self {
            Then::Wake(waker) => waker.wake(),
            Then::Close(close) => close(),
        }
    }
}

/// An operation that was dropped, or leaked, where it could not be cancelled.
pub(crate) struct Orphan {
    waitable: Waitable,
    /// Absent while it is advanced or cancelled. A cancel may block, and other
    /// code runs then.
    operation: RefCell<Option<Box<dyn Adrift>>>,
    then: Cell<Option<Then>>,
    /// The host was asked to cancel it: its event will come, and nobody asks again.
    asked: bool,
    over: Cell<bool>,
}

// SAFETY: a waker has to be `Send` and `Sync`. The ones made of this are given to
// nobody but the registry, which stays on its thread and calls them there.
unsafe impl Send for Orphan {}
// SAFETY: as for `Send`.
unsafe impl Sync for Orphan {}

/// Leaves an operation that is in flight on `waitable` to itself. Its task is told,
/// if it can cancel it.
pub(crate) fn leave_alone(waitable: Waitable, operation: Box<dyn Adrift>) {
    // It may have been leaked when its event was there already.
    add(waitable, operation, false).wake();
}

/// The same, of a call for whose cancel the host was asked.
pub(super) fn leave_asked(waitable: Waitable, operation: Box<dyn Adrift>) -> Arc<Orphan> {
    let orphan = add(waitable, operation, true);
    Arc::clone(&orphan).wake();
    orphan
}

fn add(waitable: Waitable, operation: Box<dyn Adrift>, asked: bool) -> Arc<Orphan> {
    let orphan = Arc::new(Orphan {
        waitable,
        operation: RefCell::new(Some(operation)),
        then: Cell::new(None),
        asked,
        over: Cell::new(false),
    });
    instance::with(|instance| {
        let mut orphans = instance.orphans.0.borrow_mut();
        orphans.push(Arc::clone(&orphan));
    });
    orphan
}

/// The operation that was left alone on `waitable`.
pub(crate) fn orphan(waitable: Waitable) -> Option<Arc<Orphan>> {
    instance::try_with(|instance| {
        let orphans = instance.orphans.0.borrow();
        let mut orphans = orphans.iter();
        orphans.find(|orphan| orphan.waitable == waitable).cloned()
    })
    .flatten()
}

impl Orphan {
    /// Cancels the operation, if that is possible here and now.
    #[must_use]
    pub(crate) fn cancel(&self) -> bool {
        if self.asked || !may_cancel() {
            return false;
        }
        let Some((_over, mut operation)) = self.take() else {
            return false;
        };
        operation.stop();
        true
    }

    /// The operation, to be advanced or cancelled, and what is to be done when it is
    /// over; nothing while that goes on already. The operation has to go first, as it
    /// does where both are bound by one pattern: the last one bound goes first.
    pub(super) fn take(&self) -> Option<(Over<'_>, Box<dyn Adrift>)> {
        let operation = self.operation.take()?;
        Some((Over(self), operation))
    }

    /// Whether it is over, and done with.
    pub(crate) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// Whether it is being advanced or cancelled.
    pub(super) fn is_busy(&self) -> bool {
        self.operation.borrow().is_none()
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
        self.is_busy() || seats::attend(self.waitable)
    }
}

impl Wake for Orphan {
    fn wake(self: Arc<Self>) {
        let Some((over, mut operation)) = self.take() else {
            return;
        };
        if !operation.notice() {
            mem::forget(over);
            self.operation.replace(Some(operation));
            seats::leave_to(self.waitable, Waker::from(self));
        }
    }
}

/// Does what is to be done when the operation of an orphan is over, also when a
/// destructor panics on the way.
pub(super) struct Over<'a>(&'a Orphan);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        // Most often it is off the list by now: `registry::over` took it off before
        // the output of the operation went, for its handle may be that of something
        // else from then on. It is still there if lifting the output panicked. Not by
        // its handle, which may be that of another one by now.
        let is_it = |orphan: &Orphan| ptr::eq(orphan, self.0);
        let orphan = instance::try_with(|instance| instance.orphans.remove_that(is_it));
        self.0.over.set(true);
        if let Some(then) = self.0.then.take() {
            then.run();
        }
        drop(orphan);
    }
}

/// Cancels what was left alone, where that is possible.
pub(crate) fn settle_orphans() {
    let next = || {
        instance::with(|instance| {
            let orphans = instance.orphans.0.borrow();
            let mut orphans = orphans.iter();
            orphans
                .find(|orphan| !orphan.asked && !orphan.is_busy())
                .cloned()
        })
    };
    // A cancel may block, and others come here meanwhile.
    while let Some(orphan) = next()
        && orphan.cancel()
    {}
}
