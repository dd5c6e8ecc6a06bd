//! One future of a set, in one block of memory with its waker and its output.
//!
//! ```text
//!              poll: ready          handle: poll_output, let_go
//!  Running ───────────────► Done ───────────────────────────────► Gone
//!     │                      │ end, without a handle               ▲
//!     │                      └─────────────────────────────────────┤
//!     └────────────────────────────────────────────────────────────┘
//!        poll, when aborted; end
//! ```
//!
//! # Rules
//!
//! 1. A node is made in an `Arc` and stays there: its future is pinned by that. It is
//!    dropped where it is. It may borrow from itself, so that its stage is never borrowed
//!    as shared: it is looked at through `&mut` only.
//! 2. Counts are owned by the set, by a handle, and by wakers. Wakers, which may be
//!    anywhere and live longer than what the future borrows, touch `head` alone.
//! 3. When the set and the handle have given their counts back the stage is `Gone`, also
//!    if something panicked meanwhile. So what a last waker frees holds no future and no
//!    output any more.

use super::Rouse;
use super::woken::{Head, Woken};
use alloc::sync::Arc;
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// A future that was spawned; see the [module](self).
#[repr(C)]
pub(in crate::task) struct Node<R, F: Future> {
    // First, so that a pointer to the node is one to it.
    head: Head<R>,
    stage: RefCell<Stage<F>>,
    /// Whether somebody may want the output.
    has_handle: Cell<bool>,
    /// Whether it is to be dropped at its next poll.
    aborted: Cell<bool>,
    /// Who waits for the output.
    awaiter: Cell<Option<Waker>>,
}

enum Stage<F: Future> {
    Running(F),
    Done(F::Output),
    Gone,
}

/// What a set does with a node.
pub(super) trait Runs {
    /// Polls; ready when it is over.
    fn poll(&self, waker: &Waker) -> Poll<()>;

    /// The set gives up its count: drops the future, or an output that nobody may want.
    fn end(&self);
}

/// What a handle does with a node.
pub(in crate::task) trait Joins<T> {
    /// The output; none if the future was dropped.
    fn poll_output(&self, cx: &mut Context<'_>) -> Poll<Option<T>>;

    /// Sees to it that the future is dropped soon.
    fn abort(self: Arc<Self>);

    /// There is no handle any more.
    fn let_go(&self);
}

impl<R: Rouse, F: Future> Node<R, F> {
    pub(super) fn new(index: usize, woken: &Arc<Woken<R>>, future: F) -> Arc<Node<R, F>> {
        Arc::new(Node {
            head: Head::new(index, woken, &Self::WAKER),
            stage: RefCell::new(Stage::Running(future)),
            has_handle: Cell::new(false),
            aborted: Cell::new(false),
            awaiter: Cell::new(None),
        })
    }

    /// Its wakers. Each is the pointer of an `Arc` of the node (rule 1 of [`Head`]).
    const WAKER: RawWakerVTable = RawWakerVTable::new(
        |node| {
            // SAFETY: the pointer is that of an `Arc`, of which the caller has a count.
            unsafe { Arc::increment_strong_count(node.cast::<Node<R, F>>()) };
            RawWaker::new(node, &Self::WAKER)
        },
        // SAFETY: as above; the head comes first, and the caller's count goes.
        |node| unsafe { Head::<R>::waker(node.cast()) }.wake_by_ref(),
        // SAFETY: as above; the caller's count stays.
        |node| unsafe { Head::<R>::wake(node.cast()) },
        // SAFETY: the caller's count goes.
        |node| unsafe { Arc::decrement_strong_count(node.cast::<Node<R, F>>()) },
    );

    /// Puts it on the list of those to poll, without a wake.
    pub(super) fn list(self: &Arc<Self>) {
        // SAFETY: the pointer is that of an `Arc`, of which the caller has a count.
        unsafe { Head::<R>::list(Arc::as_ptr(self).cast()) };
    }

    /// There is a handle from now on.
    pub(in crate::task) fn has_handle(&self) {
        self.has_handle.set(true);
    }

    fn wake_awaiter(&self) {
        if let Some(waker) = self.awaiter.take() {
            waker.wake();
        }
    }
}

impl<R: Rouse, F: Future> Runs for Node<R, F> {
    fn poll(&self, waker: &Waker) -> Poll<()> {
        let mut stage = self.stage.borrow_mut();
        let Stage::Running(future) = &mut *stage else {
            return Poll::Ready(());
        };
        let next = match self.aborted.get() {
            true => Stage::Gone,
            false => {
                // SAFETY: rule 1.
                let future = unsafe { Pin::new_unchecked(future) };
                match future.poll(&mut Context::from_waker(waker)) {
                    Poll::Ready(output) => Stage::Done(output),
                    Poll::Pending => return Poll::Pending,
                }
            }
        };
        // Drops the future where it is.
        *stage = next;
        drop(stage);
        self.wake_awaiter();
        Poll::Ready(())
    }

    fn end(&self) {
        let mut stage = self.stage.borrow_mut();
        let unwanted = match &mut *stage {
            Stage::Running(_) => true,
            Stage::Done(_) => !self.has_handle.get(),
            Stage::Gone => false,
        };
        if unwanted {
            // Drops the future where it is.
            *stage = Stage::Gone;
            drop(stage);
            self.wake_awaiter();
        }
    }
}

impl<R: Rouse, F: Future> Joins<F::Output> for Node<R, F> {
    fn poll_output(&self, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        // A future that waits for itself waits for ever.
        if let Ok(mut stage) = self.stage.try_borrow_mut() {
            match &mut *stage {
                Stage::Running(_) => {}
                Stage::Gone => return Poll::Ready(None),
                Stage::Done(_) => {
                    if let Stage::Done(output) = mem::replace(&mut *stage, Stage::Gone) {
                        return Poll::Ready(Some(output));
                    }
                }
            }
        }
        let known = self.awaiter.take();
        let waker = match known {
            Some(known) if known.will_wake(cx.waker()) => known,
            _ => cx.waker().clone(),
        };
        self.awaiter.set(Some(waker));
        Poll::Pending
    }

    fn abort(self: Arc<Self>) {
        self.aborted.set(true);
        // SAFETY: the pointer is that of an `Arc`, whose count goes to the waker.
        unsafe { Head::<R>::waker(Arc::into_raw(self).cast()) }.wake();
    }

    fn let_go(&self) {
        self.has_handle.set(false);
        // While it is polled or dropped it is in the set, which looks whether there is a
        // handle when it gives up its count.
        if let Ok(mut stage) = self.stage.try_borrow_mut()
            && let Stage::Done(_) = &mut *stage
        {
            *stage = Stage::Gone;
        }
        // Not before: foreign code that panics would keep the output.
        drop(self.awaiter.take());
    }
}
