//! What a task waits for that no built-in tells: what another task does.

use crate::host::{Context, host};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::ptr;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// One thing that is hoped for, at most once.
#[derive(Default)]
pub struct Hope {
    fulfilled: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Hope {
    /// It has come. Whoever waits is woken.
    pub fn fulfil(&self) {
        self.fulfilled.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Waits until it comes, or until `over`.
    pub async fn comes(&self, over: impl Fn() -> bool) {
        poll_fn(|cx| {
            if self.fulfilled.get() || over() {
                return Poll::Ready(());
            }
            self.waker.replace(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

/// The hopes of a world, of those who wait now.
#[derive(Default)]
pub struct Hopes(RefCell<Vec<Hoped>>);

/// A hope, and who waits.
struct Hoped {
    hope: Rc<Hope>,
    instance: usize,
    task: *const Context,
}

/// Somebody waits as long as this exists.
pub struct Waiting<'a> {
    hopes: &'a Hopes,
    hope: Rc<Hope>,
}

impl Hopes {
    /// Somebody waits from now on, in the task whose code runs.
    pub fn wait(&self, hope: Rc<Hope>, instance: usize) -> Waiting<'_> {
        self.0.borrow_mut().push(Hoped {
            hope: Rc::clone(&hope),
            instance,
            task: host().task(),
        });
        Waiting { hopes: self, hope }
    }

    /// Whether somebody waits for what has come: nobody has told them. Not in an instance
    /// that `is_locked`.
    pub fn lost(&self, is_locked: impl Fn(usize) -> bool) -> bool {
        let hopes = self.0.borrow();
        let mut came = hopes.iter().filter(|hoped| hoped.hope.fulfilled.get());
        came.any(|hoped| !is_locked(hoped.instance))
    }

    /// Whether somebody waits in a task.
    pub fn has_of(&self, task: *const Context) -> bool {
        let hopes = self.0.borrow();
        hopes.iter().any(|hoped| ptr::eq(hoped.task, task))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut hopes = self.hopes.0.borrow_mut();
        hopes.retain(|other| !Rc::ptr_eq(&other.hope, &self.hope));
    }
}
