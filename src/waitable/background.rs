//! Futures in the background of a task: they pass on what a reader keeps that was handed
//! away.
//!
//! They are a task's own, and it stays for them. But while it stands still, in a
//! `block_on`, what waits there may wait for what they pass on. So a `block_on` that is not
//! done after its first poll stands in for the task around: it polls them in their places,
//! beside its own futures. When it ends the task polls them again.
//!
//! ```text
//!   places of the task        polled by
//!   ┌────────┬────────┐
//!   │ future │ future │ ◄──── the task              (depth 0)
//!   └────────┴────────┘ ◄──── a block_on in it      (depth 1)
//!                       ◄──── a block_on in that    (depth 2) …
//! ```

use super::home::{Home, Spawned};
use super::{orphans, seats};
use crate::instance;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// Those of one task; and for a `block_on`, how much of them it has seen.
pub(super) struct Background {
    places: RefCell<Vec<Rc<Place>>>,
    /// How many there have been.
    numbers: Cell<u64>,
}

/// Each `block_on` that goes on in a task of ours, the last one last.
pub(crate) struct StandIns(RefCell<Vec<Arc<Home>>>);

impl StandIns {
    pub(crate) const fn new() -> StandIns {
        StandIns(RefCell::new(Vec::new()))
    }

    /// The last one, of those that stand in for `task` if one is named.
    fn last(&self, task: Option<&Home>) -> Option<Arc<Home>> {
        let stands = |home: &&Arc<Home>| {
            let around = home.around();
            task.is_none_or(|task| around.is_some_and(|around| seats::is(around, task)))
        };
        self.0.borrow().iter().rfind(stands).cloned()
    }
}

/// The last `block_on` in `task`, or in any, gets a turn if it sleeps: there is something for
/// it to poll in the background, or to cancel that was left alone.
pub(super) fn rouse_stand_in(task: Option<&Home>) {
    let last = instance::with(|instance| instance.stand_ins.last(task));
    if let Some(last) = last {
        last.rouse();
    }
}

/// Where one runs until it is done.
struct Place {
    number: u64,
    /// Borrowed while it is polled, and empty if that panicked.
    future: RefCell<Option<Spawned>>,
    /// Of those who poll it, by their depth.
    wakers: RefCell<Vec<Option<Waker>>>,
}

impl Place {
    /// Nobody polls it, and nothing is in it.
    fn is_left(&self) -> bool {
        self.future
            .try_borrow()
            .is_ok_and(|future| future.is_none())
    }

    /// Has all poll it again that still do.
    fn wake(&self) {
        // Each knows it again when it polls.
        let wakers = mem::take(&mut *self.wakers.borrow_mut());
        *self.wakers.borrow_mut() = wakers.iter().map(|_| None).collect();
        let wakers = wakers.into_iter().flatten();
        wakers.for_each(Waker::wake);
    }
}

/// Polls a place, for the task or for a `block_on`.
struct Runs {
    place: Rc<Place>,
    depth: usize,
}

impl Runs {
    fn new(place: Rc<Place>) -> Runs {
        let mut wakers = place.wakers.borrow_mut();
        let depth = wakers.len();
        wakers.push(None);
        drop(wakers);
        Runs { place, depth }
    }
}

impl Future for Runs {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Runs { place, depth } = &*self;
        // First: what it calls may want to wake us.
        place.wakers.borrow_mut()[*depth] = Some(cx.waker().clone());
        // Code of a payload that it runs can be in a `block_on`, which leaves it alone.
        let Ok(mut there) = place.future.try_borrow_mut() else {
            return Poll::Pending;
        };
        let Some(mut future) = there.take() else {
            return Poll::Ready(());
        };
        // If that panics, it goes with it: natively a `block_on` may be survived.
        if future.as_mut().poll(cx).is_pending() {
            *there = Some(future);
            return Poll::Pending;
        }
        // Foreign destructors may hand something away.
        drop(there);
        drop(future);
        Poll::Ready(())
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        let Runs { place, depth } = self;
        // Those further inside have gone before.
        place.wakers.borrow_mut().truncate(*depth);
        if *depth > 0 {
            return place.wake();
        }
        // The task is over. Nobody polls it.
        let future = place.future.try_borrow_mut().ok();
        let future = future.and_then(|mut future| future.take());
        drop(future);
    }
}

impl Background {
    pub(super) const fn new() -> Background {
        Background {
            places: RefCell::new(Vec::new()),
            numbers: Cell::new(0),
        }
    }

    /// A place for `future`, and what is to be spawned for it.
    fn add(&self, future: Spawned) -> Spawned {
        self.numbers.set(self.numbers.get() + 1);
        let place = Rc::new(Place {
            number: self.numbers.get(),
            future: RefCell::new(Some(future)),
            wakers: RefCell::new(Vec::new()),
        });
        let mut places = self.places.borrow_mut();
        if places.len() == places.capacity() {
            places.retain(|place| !place.is_left());
        }
        places.push(Rc::clone(&place));
        Box::pin(Runs::new(place))
    }
}

impl Home {
    /// Runs `future` in the background of this task.
    pub(super) fn run_in_background(&self, future: Spawned) {
        self.spawn(self.background.add(future));
        rouse_stand_in(Some(self));
    }

    /// The task of ours in whose code this `block_on` is.
    fn stands_for(&self) -> Option<&Arc<Home>> {
        self.around().filter(|around| around.is_open_task())
    }

    /// This `block_on` begins.
    pub(crate) fn stands_still(self: &Arc<Home>) {
        if self.stands_for().is_some() {
            instance::with(|instance| instance.stand_ins.0.borrow_mut().push(Arc::clone(self)));
        }
    }

    /// This `block_on` is over.
    pub(crate) fn stands_no_more(self: &Arc<Home>) {
        let this = instance::try_with(|instance| {
            let mut stand_ins = instance.stand_ins.0.borrow_mut();
            let index = stand_ins.iter().rposition(|home| Arc::ptr_eq(home, self));
            index.map(|index| stand_ins.remove(index))
        });
        drop(this);
    }

    /// What this `block_on` has to poll for the task around that it has not seen yet.
    pub(crate) fn stands_in(&self) -> Vec<Spawned> {
        let Some(task) = self.stands_for() else {
            return Vec::new();
        };
        orphans::adopt(task);
        let Background {
            places, numbers, ..
        } = &task.background;
        let seen = self.background.numbers.replace(numbers.get());
        if seen == numbers.get() {
            return Vec::new();
        }
        let places = places.borrow();
        let unseen = places.iter().filter(|place| place.number > seen);
        let unseen = unseen.filter(|place| !place.is_left());
        unseen
            .map(|place| Box::pin(Runs::new(Rc::clone(place))) as Spawned)
            .collect()
    }
}
