//! Writing what nobody awaits.
//!
//! A `future` is linear: its writable end may only be dropped once a value was
//! written. When a [`FutureWriter`](crate::FutureWriter) goes away unwritten, its
//! default value is written in the background. There is no future to await and
//! no task to spawn it on, so the operation is driven by its own waker:
//!
//! ```text
//!   drop ──► begin ──► poll ──► blocked: the registry holds the waker,
//!                       ▲                which holds the operation
//!                       └── wake ◄────── event
//! ```
//!
//! When the write has finished, the registry lets go of the waker, and with it
//! the operation and the writable end go away.

use super::machine::{WaitableOp, WaitableOperation};
use crate::waitable;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::cell::RefCell;
use core::task::{Context, Poll, Waker};

/// An operation that is its own waker.
pub(crate) struct DeferredWrite<S: WaitableOp> {
    operation: RefCell<WaitableOperation<S>>,
}

// SAFETY: a waker has to be `Send` and `Sync`. This one is given to nobody but
// the registry, which stays on its thread and calls it there.
unsafe impl<S: WaitableOp> Send for DeferredWrite<S> {}
// SAFETY: as for `Send`.
unsafe impl<S: WaitableOp> Sync for DeferredWrite<S> {}

impl<S: WaitableOp + 'static> DeferredWrite<S> {
    /// Starts `operation` and sees it through, whatever task is polling, or none.
    pub(crate) fn begin(mut operation: WaitableOperation<S>) {
        // What it came to goes at the end: its destructor is not part of any task.
        let output = waitable::with_some_task(|| {
            // Most often the other side is gone or waits already: then nothing
            // has to be allocated.
            let mut cx = Context::from_waker(Waker::noop());
            if let Poll::Ready(output) = operation.poll_at_once(&mut cx) {
                return Some(output);
            }
            let deferred = Arc::new(DeferredWrite {
                operation: RefCell::new(operation),
            });
            deferred.wake();
            None
        });
        waitable::wake_others();
        drop(output);
    }
}

impl<S: WaitableOp + 'static> Wake for DeferredWrite<S> {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let mut cx = Context::from_waker(&waker);
        let poll = self.operation.borrow_mut().poll_at_once(&mut cx);
        match poll {
            // The output goes away here, and with it the writable end.
            Poll::Ready(output) => drop(output),
            // The registry holds a clone of the waker now.
            Poll::Pending => {}
        }
        waitable::wake_others();
    }
}
