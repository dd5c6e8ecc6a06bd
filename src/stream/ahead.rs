//! What was read ahead, to be taken one at a time.
//!
//! A [`Drain`](alloc::vec::Drain) borrows its vector, and an [`IntoIter`](alloc::vec::IntoIter)
//! does not give it back. This owns one, takes its items from the first to the last, and
//! gives back the vector with those that are left.

use alloc::vec::Vec;
use core::mem;

/// Items in the order in which they were read.
pub(super) struct Ahead<T> {
    /// Its length is 0: what is in it is said by the other two.
    memory: Vec<T>,
    /// The slots from `next` on, up to `end`, hold an item each.
    next: usize,
    end: usize,
}

impl<T> Ahead<T> {
    pub(super) const fn new() -> Ahead<T> {
        Ahead {
            memory: Vec::new(),
            next: 0,
            end: 0,
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.end - self.next
    }

    /// The next one.
    #[inline]
    pub(super) fn next(&mut self) -> Option<T> {
        if self.next == self.end {
            return None;
        }
        let slot = self.next;
        self.next += 1;
        // SAFETY: the slot is in the vector and holds an item, which is nobody else's from
        // now on: `next` has moved.
        Some(unsafe { self.memory.as_ptr().add(slot).read() })
    }

    /// Puts `items` in the place of those that were there, which have all been taken.
    pub(super) fn refill(&mut self, mut items: Vec<T>) {
        debug_assert_eq!(self.len(), 0);
        let end = items.len();
        // SAFETY: the items in it are counted here from now on.
        unsafe { items.set_len(0) };
        *self = Ahead {
            memory: items,
            next: 0,
            end,
        };
    }

    /// Those that are left, in the vector in which they came.
    pub(super) fn take(&mut self) -> Vec<T> {
        let mut items = mem::take(&mut self.memory);
        let (next, left) = (self.next, self.len());
        (self.next, self.end) = (0, 0);
        // SAFETY: so many slots hold an item from `next` on; they are in front afterwards,
        // and are counted by the vector alone.
        unsafe {
            let first = items.as_mut_ptr();
            first.copy_from(first.add(next), left);
            items.set_len(left);
        }
        items
    }
}

impl<T> Drop for Ahead<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::rc::Rc;

    #[test]
    fn items_come_in_order_and_each_is_dropped_once() {
        let items: Vec<_> = (0..5).map(Rc::new).collect();
        let mut ahead = Ahead::new();
        assert!(ahead.next().is_none());
        ahead.refill(items.clone());
        let capacity = ahead.memory.capacity();
        assert_eq!(ahead.len(), 5);
        assert_eq!(ahead.next().as_deref(), Some(&0));
        assert_eq!(ahead.next().as_deref(), Some(&1));
        let left = ahead.take();
        assert_eq!((left.as_slice(), left.capacity()), (&items[2..], capacity));
        assert_eq!(ahead.len(), 0);
        ahead.refill(left);
        assert_eq!(ahead.next().as_deref(), Some(&2));
        drop(ahead);
        assert!(items.iter().all(|item| Rc::strong_count(item) == 1));
    }

    #[test]
    fn items_without_a_size_are_counted() {
        let mut ahead = Ahead::new();
        ahead.refill(alloc::vec![(); 3]);
        assert_eq!(ahead.next(), Some(()));
        assert_eq!(ahead.take().len(), 2);
        assert_eq!(ahead.next(), None);
    }
}
