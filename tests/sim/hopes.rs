//! What a task waits for that no built-in tells: what another task does.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
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
pub struct Hopes(RefCell<Vec<Rc<Hope>>>);

/// Somebody waits as long as this exists.
pub struct Waiting<'a> {
    hopes: &'a Hopes,
    hope: Rc<Hope>,
}

impl Hopes {
    /// Somebody waits from now on.
    pub fn wait(&self, hope: Rc<Hope>) -> Waiting<'_> {
        self.0.borrow_mut().push(Rc::clone(&hope));
        Waiting { hopes: self, hope }
    }

    /// Whether somebody waits for what has come: nobody has told them.
    pub fn lost(&self) -> bool {
        self.0.borrow().iter().any(|hope| hope.fulfilled.get())
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut hopes = self.hopes.0.borrow_mut();
        hopes.retain(|other| !Rc::ptr_eq(other, &self.hope));
    }
}
