//! Which futures of a set are to be polled.

use super::Rouse;
use alloc::sync::Arc;
use core::mem::{ManuallyDrop, forget};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use core::task::{RawWaker, RawWakerVTable, Waker};

/// What is to be polled: a stack of nodes, each of which it owns a count of.
///
/// Nodes own a count of this in turn, so that the stack has to be emptied, and
/// closed, when nobody will poll any more: wakers may be woken long after.
pub(super) struct Woken<R> {
    /// Null when empty, [`closed`] when closed.
    top: AtomicPtr<Head<R>>,
    /// Who polls the set.
    pub(super) poller: R,
}

/// The first field of a node: what its wakers touch, on whatever thread they are.
///
/// # Rules
///
/// 1. A pointer to it that is kept (in a waker, in the stack) is that of the `Arc`
///    of the whole node, and stands for one count of it.
/// 2. `vtable` is that of the node's wakers: it clones, wakes and drops such a count.
pub(super) struct Head<R> {
    /// The next lower one in the stack; belongs to whoever set `listed`.
    below: AtomicPtr<Head<R>>,
    /// Whether the node is in the stack.
    listed: AtomicBool,
    index: usize,
    woken: Arc<Woken<R>>,
    vtable: &'static RawWakerVTable,
}

/// Stands for a stack that takes no more nodes. No node is at this address.
fn closed<R>() -> *mut Head<R> {
    ptr::dangling_mut()
}

impl<R> Head<R> {
    pub(super) fn new(
        index: usize,
        woken: &Arc<Woken<R>>,
        vtable: &'static RawWakerVTable,
    ) -> Head<R> {
        Head {
            below: AtomicPtr::new(ptr::null_mut()),
            listed: AtomicBool::new(false),
            index,
            woken: Arc::clone(woken),
            vtable,
        }
    }

    /// The waker that is made of one count of a node.
    ///
    /// # Safety
    ///
    /// As of rule 1; the count is the caller's and goes to the waker.
    pub(super) unsafe fn waker(node: *const Head<R>) -> Waker {
        // SAFETY: the node is alive, as of rule 1; the table is for it, as of rule 2.
        unsafe { Waker::from_raw(RawWaker::new(node.cast(), (*node).vtable)) }
    }

    /// Puts the node on the stack, unless it is there.
    ///
    /// # Safety
    ///
    /// As of rule 1; the count stays the caller's.
    pub(super) unsafe fn list(node: *const Head<R>) {
        // SAFETY: the node is alive, as of rule 1.
        let head = unsafe { &*node };
        if head.listed.swap(true, Ordering::AcqRel) {
            return;
        }
        // SAFETY: the count is the caller's, and is not dropped here.
        let callers = ManuallyDrop::new(unsafe { Head::waker(node) });
        // The stack's own.
        let count = Waker::clone(&callers);
        let top = &head.woken.top;
        let mut below = top.load(Ordering::Relaxed);
        loop {
            if below == closed() {
                return drop(count);
            }
            head.below.store(below, Ordering::Relaxed);
            let node = node.cast_mut();
            match top.compare_exchange_weak(below, node, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return forget(count),
                Err(now) => below = now,
            }
        }
    }
}

impl<R: Rouse> Head<R> {
    /// A wake: puts the node on the stack, and wakes who polls it.
    ///
    /// # Safety
    ///
    /// As for [`list`](Head::list).
    pub(super) unsafe fn wake(node: *const Head<R>) {
        // SAFETY: as promised by the caller.
        unsafe { Head::list(node) };
        // SAFETY: the node is alive, by the caller's count.
        unsafe { &*node }.woken.poller.rouse();
    }
}

impl<R> Woken<R> {
    pub(super) fn new(poller: R) -> Woken<R> {
        Woken {
            top: AtomicPtr::new(ptr::null_mut()),
            poller,
        }
    }

    /// Takes the whole stack, oldest first.
    pub(super) fn take(&self) -> Batch<R> {
        self.take_and_leave(ptr::null_mut())
    }

    /// Empties the stack. It takes no more nodes.
    pub(super) fn close(&self) {
        drop(self.take_and_leave(closed()));
    }

    fn take_and_leave(&self, rest: *mut Head<R>) -> Batch<R> {
        let mut node = self.top.swap(rest, Ordering::Acquire);
        let mut first = ptr::null_mut();
        while !node.is_null() && node != closed() {
            // SAFETY: the stack owned a count of each node, and it is ours now;
            // a listed node is linked by nobody else.
            let below = unsafe { (*node).below.swap(first, Ordering::Relaxed) };
            first = node;
            node = below;
        }
        Batch(first)
    }
}

/// Nodes in the order in which they were woken; owns a count of each.
pub(super) struct Batch<R>(*mut Head<R>);

/// A node that was woken.
pub(super) struct Woke<R> {
    /// Owns the count that the stack had.
    pub(super) waker: Waker,
    pub(super) index: usize,
    /// Its address, which is no other node's as long as `waker` exists.
    pub(super) node: *const Head<R>,
}

impl<R> Iterator for Batch<R> {
    type Item = Woke<R>;

    fn next(&mut self) -> Option<Woke<R>> {
        let node = self.0.cast_const();
        if node.is_null() {
            return None;
        }
        // SAFETY: the batch owns a count of this node.
        let head = unsafe { &*node };
        self.0 = head.below.swap(ptr::null_mut(), Ordering::Relaxed);
        // Before the future is polled: what wakes it from now on counts.
        head.listed.store(false, Ordering::Release);
        Some(Woke {
            index: head.index,
            // SAFETY: the count of the batch goes to the caller.
            waker: unsafe { Head::waker(node) },
            node,
        })
    }
}

impl<R> Drop for Batch<R> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}
