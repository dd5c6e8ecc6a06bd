//! Futures in the background of a task: they pass on what a reader keeps that was handed
//! away.
//!
//! They are a task's own, and it stays for them. But while it stands still, in a
//! `block_on`, what waits there may wait for what they pass on. So a `block_on` that may
//! wait runs them beside its own futures: it takes them out of the places in which the task
//! around runs them, and when it ends they go back.
//!
//! ```text
//!            block_on begins              block_on ends
//!   task ──────────────────────► block_on ─────────────► task
//!    ▲ handed away                  ▲ handed away
//! ```

use super::current::with_own_home;
use super::home::{Home, Spawned};
use super::orphans;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// Those that run in one home.
pub(super) struct Background {
    places: RefCell<Vec<Rc<Place>>>,
    /// For a `block_on`: what it has to begin with.
    queued: RefCell<Vec<Spawned>>,
}

/// Where one runs until it is done, or taken away.
struct Place {
    /// Borrowed while it is polled.
    future: RefCell<Option<Spawned>>,
    /// Wakes what runs it.
    waker: Cell<Option<Waker>>,
}

impl Place {
    /// Takes the future away, unless somebody polls it. What ran it is over.
    fn take(&self) -> Option<Spawned> {
        let taken = self.future.try_borrow_mut().ok()?.take()?;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        Some(taken)
    }

    /// Nobody polls it, and nothing is in it.
    fn is_left(&self) -> bool {
        self.future
            .try_borrow()
            .is_ok_and(|future| future.is_none())
    }
}

/// What is spawned for it.
struct Runs(Rc<Place>);

impl Future for Runs {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut place = self.0.future.borrow_mut();
        let Some(mut future) = place.take() else {
            return Poll::Ready(());
        };
        // If that panics, it goes with it: natively a `block_on` may be survived.
        if future.as_mut().poll(cx).is_pending() {
            *place = Some(future);
            self.0.waker.set(Some(cx.waker().clone()));
            return Poll::Pending;
        }
        // Foreign destructors may hand something away.
        drop(place);
        drop(future);
        Poll::Ready(())
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.0.waker.set(None);
        drop(self.0.take());
    }
}

impl Background {
    pub(super) const fn new() -> Background {
        Background {
            places: RefCell::new(Vec::new()),
            queued: RefCell::new(Vec::new()),
        }
    }

    /// A place for `future`, and what is to be spawned for it.
    fn add(&self, future: Spawned) -> Spawned {
        let place = Rc::new(Place {
            future: RefCell::new(Some(future)),
            waker: Cell::new(None),
        });
        let mut places = self.places.borrow_mut();
        if places.len() == places.capacity() {
            places.retain(|place| !place.is_left());
        }
        places.push(Rc::clone(&place));
        Box::pin(Runs(place))
    }

    /// Takes all futures away that nobody polls at this moment.
    fn take(&self) -> Vec<Spawned> {
        let places = mem::take(&mut *self.places.borrow_mut());
        places.iter().filter_map(|place| place.take()).collect()
    }
}

impl Home {
    /// Runs `future` in the background.
    pub(super) fn run_in_background(&self, future: Spawned) {
        let runs = self.background.add(future);
        if self.is_task() {
            return self.spawn(runs);
        }
        self.background.queued.borrow_mut().push(runs);
        self.rouse();
    }

    /// Whether it is that of a `block_on` that runs futures in the background.
    pub(super) fn runs_background(&self) -> bool {
        !self.is_task() && !self.is_closed() && self.may_block()
    }

    /// What a `block_on` has to run in the background since the last call.
    pub(crate) fn take_background(&self) -> Vec<Spawned> {
        mem::take(&mut *self.background.queued.borrow_mut())
    }

    /// Whether there is some of that.
    pub(crate) fn has_background(&self) -> bool {
        !self.background.queued.borrow().is_empty()
    }

    /// The code that is running is about to stand still for this `block_on`, which runs
    /// meanwhile what it has in the background.
    pub(crate) fn stands_in(&self) {
        if !self.runs_background() {
            return;
        }
        let futures = with_own_home(|around| around.background.take());
        for future in futures.into_iter().flatten() {
            self.run_in_background(future);
        }
    }

    /// This `block_on` is over: what it has in the background goes on around it.
    pub(crate) fn leaves_background(&self) {
        for future in self.background.take() {
            orphans::spawn_in_background(None, future);
        }
    }
}
