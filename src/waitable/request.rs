//! Who observes the cancel request of a task.

use super::home::Home;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::mem;
use core::task::Waker;

/// The cancel request of a task, and who in the task observes it.
pub(crate) struct Request {
    /// Whether it has come.
    came: Cell<bool>,
    /// The number of the next observer.
    next: Cell<u32>,
    observers: RefCell<Vec<Observer>>,
}

struct Observer {
    number: u32,
    /// Of who waits for the request.
    waker: Option<Waker>,
}

impl Request {
    pub(super) const fn new() -> Request {
        Request {
            came: Cell::new(false),
            next: Cell::new(0),
            observers: RefCell::new(Vec::new()),
        }
    }

    /// Another observer; returns its number.
    pub(crate) fn enter(&self) -> u32 {
        let number = self.next.replace(self.next.get().wrapping_add(1));
        let mut observers = self.observers.borrow_mut();
        observers.push(Observer {
            number,
            waker: None,
        });
        number
    }

    /// Whether it has come.
    pub(crate) fn has_come(&self) -> bool {
        self.came.get()
    }

    /// It comes. Says whether somebody observes it; who waits for it is woken.
    pub(crate) fn comes(&self) -> bool {
        self.came.set(true);
        let mut observers = self.observers.borrow_mut();
        let is_observed = !observers.is_empty();
        let wakers: Vec<Waker> = observers
            .iter_mut()
            .filter_map(|observer| observer.waker.take())
            .collect();
        drop(observers);
        wakers.into_iter().for_each(Waker::wake);
        is_observed
    }

    /// Whether it has come and nobody observes it any more.
    pub(crate) fn is_accepted(&self) -> bool {
        self.came.get() && self.observers.borrow().is_empty()
    }

    /// Has `waker` woken when it comes. True if it has come.
    pub(crate) fn wait(&self, number: u32, waker: &Waker) -> bool {
        if self.came.get() {
            return true;
        }
        let is_known = self.with(number, |observer| {
            let known = observer.waker.as_ref();
            known.is_some_and(|known| known.will_wake(waker))
        });
        if !is_known {
            // Cloned and dropped while nothing is borrowed, for a waker is foreign code.
            let mut waker = Some(waker.clone());
            self.with(number, |observer| {
                mem::swap(&mut observer.waker, &mut waker)
            });
        }
        false
    }

    /// Gives back the waker of an observer that waits no more.
    pub(crate) fn stop_waiting(&self, number: u32) -> Option<Waker> {
        self.with(number, |observer| observer.waker.take())
    }

    fn with<R: Default>(&self, number: u32, f: impl FnOnce(&mut Observer) -> R) -> R {
        let mut observers = self.observers.borrow_mut();
        let observer = observers.iter_mut().find(|other| other.number == number);
        observer.map(f).unwrap_or_default()
    }

    fn leave(&self, number: u32) -> Option<Observer> {
        let mut observers = self.observers.borrow_mut();
        let index = observers.iter().position(|other| other.number == number);
        index.map(|index| observers.swap_remove(index))
    }
}

impl Home {
    /// An observer goes. If it was the last one, the task does what was asked of it.
    pub(crate) fn stops_observing(&self, number: u32) {
        let observer = self.request.leave(number);
        if self.request.is_accepted() {
            self.wake_task();
        }
        drop(observer);
    }
}
