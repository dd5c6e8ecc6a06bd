//! The futures that a task runs beside its root.
//!
//! Each has a waker of its own, so that an event of one does not poll the
//! others. A wake puts the future on a list of those to poll and wakes the task;
//! the list is linked through the wakers, so that putting one there needs no
//! memory. A future that waits wakes nobody: the task can go to sleep at once.

use crate::waitable::{Home, Spawned as Future};
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use core::task::{Context, Poll, Waker};

/// Futures that were spawned and have not finished.
pub(super) struct Spawned {
    slots: Vec<Option<Slot>>,
    /// Indices of empty slots.
    vacant: Vec<usize>,
    woken: Arc<Woken>,
}

struct Slot {
    future: Future,
    node: Arc<Node>,
}

/// What is to be polled: a stack of nodes, each of which it owns a count of.
///
/// Nodes own a count of this in turn, so that the stack has to be emptied, and
/// closed, when nobody will poll any more: wakers may be woken long after.
struct Woken {
    /// Null when empty, [`closed`] when closed.
    top: AtomicPtr<Node>,
    home: Arc<Home>,
}

/// The waker of one future.
struct Node {
    /// The next lower one in the stack; belongs to whoever set `listed`.
    below: AtomicPtr<Node>,
    /// Whether the node is in the stack.
    listed: AtomicBool,
    index: usize,
    woken: Arc<Woken>,
}

impl Spawned {
    pub(super) fn new(home: Arc<Home>) -> Spawned {
        Spawned {
            slots: Vec::new(),
            vacant: Vec::new(),
            woken: Arc::new(Woken {
                top: AtomicPtr::new(ptr::null_mut()),
                home,
            }),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.vacant.len() == self.slots.len()
    }

    /// Takes a future in, to be polled the next time.
    pub(super) fn push(&mut self, future: Future) {
        let index = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let node = Arc::new(Node {
            below: AtomicPtr::new(ptr::null_mut()),
            listed: AtomicBool::new(false),
            index,
            woken: Arc::clone(&self.woken),
        });
        node.list();
        self.slots[index] = Some(Slot { future, node });
    }

    /// Polls once each future that was woken before this call. Those that are
    /// woken meanwhile have woken the task too, and come next time.
    pub(super) fn poll(&mut self) {
        for node in self.woken.take() {
            let Some(slot) = self.slots.get_mut(node.index) else {
                continue;
            };
            // The waker of a future that has finished may be woken still.
            let Some(slot) = slot.as_mut().filter(|slot| Arc::ptr_eq(&slot.node, &node)) else {
                continue;
            };
            let index = node.index;
            let waker = Waker::from(node);
            let poll = slot.future.as_mut().poll(&mut Context::from_waker(&waker));
            if poll == Poll::Ready(()) {
                self.vacant.push(index);
                drop(self.slots[index].take());
            }
        }
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        // Futures first: their destructors may wake each other.
        self.slots.clear();
        drop(self.woken.take_and_leave(closed()));
    }
}

/// Stands for a stack that takes no more nodes. No node is at this address.
fn closed() -> *mut Node {
    ptr::dangling_mut()
}

impl Node {
    /// Puts the node on the stack, unless it is there.
    fn list(self: &Arc<Self>) {
        if self.listed.swap(true, Ordering::AcqRel) {
            return;
        }
        let node = Arc::into_raw(Arc::clone(self)).cast_mut();
        let top = &self.woken.top;
        let mut below = top.load(Ordering::Relaxed);
        loop {
            if below == closed() {
                // SAFETY: from `into_raw` above, and the stack did not take it.
                return drop(unsafe { Arc::from_raw(node) });
            }
            self.below.store(below, Ordering::Relaxed);
            match top.compare_exchange_weak(below, node, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => below = now,
            }
        }
    }
}

impl Wake for Node {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.list();
        self.woken.home.wake_task();
    }
}

impl Woken {
    /// Takes the whole stack, oldest first.
    fn take(&self) -> Batch {
        self.take_and_leave(ptr::null_mut())
    }

    fn take_and_leave(&self, rest: *mut Node) -> Batch {
        let mut node = self.top.swap(rest, Ordering::Acquire);
        let mut first = ptr::null_mut();
        while !node.is_null() {
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
struct Batch(*mut Node);

impl Iterator for Batch {
    type Item = Arc<Node>;

    fn next(&mut self) -> Option<Arc<Node>> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: the batch owns a count of this node, which goes to the caller.
        let node = unsafe { Arc::from_raw(self.0.cast_const()) };
        self.0 = node.below.swap(ptr::null_mut(), Ordering::Relaxed);
        // Before the future is polled: what wakes it from now on counts.
        node.listed.store(false, Ordering::Release);
        Some(node)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}
