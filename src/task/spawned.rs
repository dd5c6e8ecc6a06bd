//! Futures that run beside each other: those that a task, or a scope, has spawned.
//!
//! Each has a waker of its own, so that an event of one does not poll the
//! others. A wake puts the future on a list of those to poll and wakes who polls
//! the set; the list is linked through the wakers, so that putting one there needs
//! no memory. A future that waits wakes nobody: the task can go to sleep at once.

mod node;
mod woken;

pub(super) use node::{Joins, Node};

use self::node::Runs;
use self::woken::Woken;
use crate::waitable::ROOM_KEPT;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::mem;
use core::ptr;
use core::task::Poll;

/// Who polls a set. Wakers hold it, on whatever thread they are.
pub(super) trait Rouse: Send + Sync + 'static {
    /// Sees to it that the set is polled.
    fn rouse(&self);
}

/// Futures that were spawned and have not finished.
pub(super) struct Spawned<R: Rouse> {
    slots: RefCell<Slots>,
    woken: Arc<Woken<R>>,
    /// Whether one was pushed since this was looked at.
    pushed: Cell<bool>,
}

struct Slots {
    places: Vec<Place>,
    /// The first one that is vacant.
    vacant: Option<usize>,
    /// How many are not.
    taken: usize,
    /// Nobody will poll any more.
    ended: bool,
}

enum Place {
    Taken(Slot),
    /// And the next one that is vacant.
    Vacant(Option<u32>),
}

impl Slots {
    /// The place of the next future; it is still vacant.
    fn next(&mut self) -> usize {
        self.vacant.unwrap_or_else(|| {
            self.places.push(Place::Vacant(None));
            self.places.len() - 1
        })
    }

    /// Puts a future in its [next](Slots::next) place.
    fn put(&mut self, index: usize, slot: Slot) {
        if let Place::Vacant(next) = mem::replace(&mut self.places[index], Place::Taken(slot)) {
            self.vacant = next.map(|next| next as usize);
        }
        self.taken += 1;
    }

    fn get(&self, index: usize) -> Option<&Slot> {
        match self.places.get(index)? {
            Place::Taken(slot) => Some(slot),
            Place::Vacant(_) => None,
        }
    }

    fn take(&mut self, index: usize) -> Option<Slot> {
        let next = self.vacant.map(|next| next as u32);
        let place = self.places.get_mut(index)?;
        match mem::replace(place, Place::Vacant(next)) {
            Place::Taken(slot) => {
                self.vacant = Some(index);
                self.taken -= 1;
                Some(slot)
            }
            vacant @ Place::Vacant(_) => {
                *place = vacant;
                None
            }
        }
    }
}

/// The set's count of a node.
struct Slot(Arc<dyn Runs>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl<R: Rouse> Spawned<R> {
    pub(super) fn new(poller: R) -> Spawned<R> {
        Spawned {
            slots: RefCell::new(Slots {
                places: Vec::new(),
                vacant: None,
                taken: 0,
                ended: false,
            }),
            woken: Arc::new(Woken::new(poller)),
            pushed: Cell::new(false),
        }
    }

    /// Who polls it.
    pub(super) fn poller(&self) -> &R {
        &self.woken.poller
    }

    /// Whether it has room for a few futures only, so that it may as well stay.
    pub(super) fn is_small(&self) -> bool {
        self.slots.borrow().places.capacity() <= ROOM_KEPT
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.borrow().taken == 0
    }

    /// Takes a future in, to be polled the next time.
    pub(super) fn push<F: Future + 'static>(&self, future: F) -> Arc<Node<R, F>> {
        // SAFETY: nothing that it borrows ends.
        unsafe { self.push_borrowing(future) }
    }

    /// Takes a future in, to be polled the next time. If the set has ended, the future
    /// is dropped.
    ///
    /// # Safety
    ///
    /// What the future borrows lives until [`end`](Spawned::end) or the drop of the
    /// set; or it is never polled and never dropped after that.
    pub(super) unsafe fn push_borrowing<'a, F>(&self, future: F) -> Arc<Node<R, F>>
    where
        F: Future + 'a,
        F::Output: 'a,
    {
        let mut slots = self.slots.borrow_mut();
        let index = slots.next();
        let node = Node::new(index, &self.woken, future);
        let runs: Arc<dyn Runs + 'a> = node.clone();
        // SAFETY: the two differ in a lifetime only. As promised, it is not over when
        // the set uses the node.
        let slot = Slot(unsafe { mem::transmute::<Arc<dyn Runs + 'a>, Arc<dyn Runs>>(runs) });
        if slots.ended {
            slots.vacant = Some(index);
            // Foreign code may spawn.
            drop(slots);
            drop(slot);
            return node;
        }
        slots.put(index, slot);
        drop(slots);
        self.pushed.set(true);
        node.list();
        node
    }

    /// Whether a future was pushed since the last call.
    pub(super) fn was_pushed(&self) -> bool {
        self.pushed.take()
    }

    /// Polls once each future that was woken before this call. Those that are
    /// woken meanwhile have woken who polls the set too, and come next time.
    pub(super) fn poll(&self) {
        for woke in self.woken.take() {
            let node = {
                let slots = self.slots.borrow();
                let slot = slots.get(woke.index);
                // The waker of a future that has finished may be woken still.
                match slot.filter(|slot| ptr::addr_eq(Arc::as_ptr(&slot.0), woke.node)) {
                    Some(slot) => Arc::clone(&slot.0),
                    None => continue,
                }
            };
            if node.poll(&woke.waker) == Poll::Ready(()) {
                let slot = self.slots.borrow_mut().take(woke.index);
                drop(slot);
            }
        }
    }

    /// Drops all futures. It takes no others from now on.
    pub(super) fn end(&self) {
        /// Afterwards: destructors may wake each other. And if one of them panics.
        struct Close<'a, R>(&'a Woken<R>);

        impl<R> Drop for Close<'_, R> {
            fn drop(&mut self) {
                self.0.close();
            }
        }

        let _close = Close(&self.woken);
        let mut slots = self.slots.borrow_mut();
        slots.ended = true;
        slots.vacant = None;
        slots.taken = 0;
        let places = mem::take(&mut slots.places);
        // They may also spawn.
        drop(slots);
        drop(places);
    }
}

impl<R: Rouse> Drop for Spawned<R> {
    fn drop(&mut self) {
        self.end();
    }
}
