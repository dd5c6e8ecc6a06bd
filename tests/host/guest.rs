//! Helpers for what the tests run as guest code.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// What guest code noted, for the test to look at.
#[derive(Debug)]
pub struct Log<T>(Rc<RefCell<Vec<T>>>);

impl<T> Log<T> {
    pub fn new() -> Log<T> {
        Log(Rc::default())
    }

    pub fn note(&self, entry: T) {
        self.0.borrow_mut().push(entry);
    }

    /// What was noted since the last time.
    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.0.borrow_mut())
    }
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Log<T> {
        Log(Rc::clone(&self.0))
    }
}

/// Is pending once and wakes nobody: goes on when something else wakes the task.
pub async fn pause() {
    let mut paused = false;
    poll_fn(|_| match std::mem::replace(&mut paused, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

/// Polls once, with the waker of the running task.
pub async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

/// Hands the readable end of a stream to the host, from guest code.
pub fn lift_stream<T: super::Wire>(
    reader: wit_async::rt::async_support::StreamReader<T>,
) -> super::Peer<T> {
    super::host().outgoing_stream(reader)
}

/// Notes `name` when it is dropped.
pub struct NotesDrop(pub Log<&'static str>, pub &'static str);

impl Drop for NotesDrop {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}

/// Calls a function when it is dropped.
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// What a panic said.
pub fn panic_message(f: impl FnOnce()) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
    let panic = panic.expect_err("the call panics");
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => (*panic.downcast::<&str>().expect("panics have text")).to_owned(),
    }
}
