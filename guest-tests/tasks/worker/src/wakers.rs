//! Wakers that are kept by hand, and one that a destructor wakes.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::bindings::exports::test::tasks::worker::GuestBell;
use crate::channels;

/// One call of `wait_notified`.
#[derive(Default)]
struct Waiter {
    notified: bool,
    waker: Option<Waker>,
}

thread_local! {
    static WAITERS: RefCell<Vec<Rc<RefCell<Waiter>>>> = const { RefCell::new(Vec::new()) };
}

pub async fn wait_notified() {
    let waiter = Rc::new(RefCell::new(Waiter::default()));
    WAITERS.with_borrow_mut(|waiters| waiters.push(waiter.clone()));
    poll_fn(|context| {
        let mut waiter = waiter.borrow_mut();
        if waiter.notified {
            return Poll::Ready(());
        }
        waiter.waker = Some(context.waker().clone());
        Poll::Pending
    })
    .await;
}

pub fn notify_all() -> u32 {
    let waiters = WAITERS.take();
    for waiter in &waiters {
        waiter.borrow_mut().notified = true;
        let waker = waiter.borrow_mut().waker.take();
        waker.expect("the waiter was polled").wake();
    }
    u32::try_from(waiters.len()).expect("fewer than 2^32 waiters")
}

pub fn wake_storm(count: u32) {
    WAITERS.with_borrow(|waiters| {
        for _ in 0..count {
            for waiter in waiters {
                let waker = waiter.borrow().waker.clone();
                waker.expect("the waiter was polled").wake();
            }
        }
    });
}

pub async fn wake_itself(count: u32) {
    let mut left = count;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Sends to its key when it is dropped.
pub struct OwnBell(u32);

impl GuestBell for OwnBell {
    fn new(key: u32) -> OwnBell {
        OwnBell(key)
    }
}

impl Drop for OwnBell {
    fn drop(&mut self) {
        channels::send(self.0, 0);
    }
}
