//! Where a stream read puts what it reads.

use super::{Block, layout};
use crate::vtable::StreamOps;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Memory for one stream read, owned by the operation.
pub(crate) trait ReadTarget<O: StreamOps> {
    /// Address and number of elements to lend to the host. What is returned
    /// stays valid until [`received`](ReadTarget::received) or until the
    /// target is dropped; moving the target does not move the memory.
    fn lend(&mut self, ops: &mut O) -> (*mut u8, usize);

    /// Takes over the first `items` elements of what was lent.
    ///
    /// # Safety
    ///
    /// The host wrote that many elements there and does not use the memory any
    /// more.
    unsafe fn received(&mut self, ops: &mut O, items: usize);

    /// Takes as many elements as there is room for from what is there already.
    /// Returns how many.
    fn accept(&mut self, there: &mut VecDeque<O::Payload>) -> usize;

    /// The memory alone: nobody is left who wants the elements in it.
    fn leave(self) -> LeftTarget<O::Payload>;
}

/// Memory of a read whose future is gone. Moving it does not move what is lent.
pub(crate) enum LeftTarget<T> {
    /// Part of a vector.
    Slots(VecSlots<T>),
    /// Of one element.
    One(OneSlot<T>),
    /// It was leaked with the future: nobody can reach it.
    Gone,
}

impl<T> LeftTarget<T> {
    /// Drops the elements that were in the vector before the read.
    pub(crate) fn forget_before(&mut self) {
        if let LeftTarget::Slots(slots) = self {
            slots.items.clear();
        }
    }

    /// Appends the first `items` elements of what was lent to `arrived`.
    ///
    /// # Safety
    ///
    /// As for [`ReadTarget::received`].
    pub(crate) unsafe fn received<O: StreamOps<Payload = T>>(
        self,
        ops: &mut O,
        items: usize,
        arrived: &mut VecDeque<T>,
    ) {
        match self {
            LeftTarget::Slots(mut slots) => {
                // SAFETY: as promised by the caller.
                unsafe { slots.received(ops, items) };
                match arrived.is_empty() {
                    true => *arrived = VecDeque::from(slots.items),
                    false => arrived.extend(slots.items),
                }
            }
            LeftTarget::One(mut slot) => {
                // SAFETY: as promised by the caller.
                unsafe { slot.received(ops, items) };
                arrived.extend(slot.item);
            }
            LeftTarget::Gone => {}
        }
    }
}

/// Appends to a vector.
pub(crate) struct VecSlots<T> {
    pub(crate) items: Vec<T>,
    /// Holds the canonical form where it differs from Rust's.
    block: Option<Block>,
    /// Where what is lent begins, if it is part of the vector.
    start: usize,
    lent: usize,
    /// How many elements to take at most, whatever room there is.
    most: usize,
}

impl<T> VecSlots<T> {
    pub(crate) fn new(items: Vec<T>) -> VecSlots<T> {
        VecSlots::at_most(usize::MAX, items)
    }

    /// Takes `most` elements at most. The capacity of a vector says nothing where
    /// elements have no size.
    pub(crate) fn at_most(most: usize, items: Vec<T>) -> VecSlots<T> {
        VecSlots {
            items,
            block: None,
            start: 0,
            lent: 0,
            most,
        }
    }

    /// The same, with room for one more item at least.
    pub(crate) fn with_room(items: Vec<T>) -> VecSlots<T> {
        let mut slots = VecSlots::new(items);
        slots.make_room();
        slots
    }

    /// Makes room for one more item at least.
    pub(crate) fn make_room(&mut self) {
        if self.items.len() == self.items.capacity() {
            self.items.reserve(1);
        }
    }
}

impl<O: StreamOps> ReadTarget<O> for VecSlots<O::Payload> {
    fn lend(&mut self, ops: &mut O) -> (*mut u8, usize) {
        let element = ops.elem_layout();
        self.start = self.items.len();
        self.lent = self.room(element);
        let address = if ops.native_abi_matches_canonical_abi() {
            self.items.spare_capacity_mut().as_mut_ptr().cast()
        } else {
            let layout = layout::array(element, self.lent);
            let block = self.block.take().filter(|block| block.has(layout));
            self.block
                .insert(block.unwrap_or_else(|| Block::new(layout)))
                .as_ptr()
        };
        (address, self.lent)
    }

    unsafe fn received(&mut self, ops: &mut O, items: usize) {
        assert!(
            items <= self.lent,
            "the host says it wrote {items} items where there was room for {}",
            self.lent
        );
        // Taken out first: a lift that panics must not find it here again.
        let block = self.block.take();
        if ops.native_abi_matches_canonical_abi() {
            let (start, len) = (self.start, self.items.len());
            // SAFETY: the host initialised them (caller), from `start` on; they fit,
            // because at most the spare capacity was lent. What was before them has
            // gone if they are to move.
            return unsafe {
                if start > len {
                    let base = self.items.as_mut_ptr();
                    base.add(start).copy_to(base.add(len), items);
                }
                self.items.set_len(len + items);
            };
        }
        let Some(block) = block else { return };
        self.items.reserve(items);
        let mut arrived = Arrived {
            ops,
            block: &block,
            lifted: 0,
            items,
        };
        while let Some(item) = arrived.lift() {
            self.items.push(item);
        }
        drop(arrived);
        // For the next read into here.
        self.block = Some(block);
    }

    fn accept(&mut self, there: &mut VecDeque<O::Payload>) -> usize {
        // An element may be nothing in Rust: no layout but its own tells it apart.
        let room = self.room(core::alloc::Layout::new::<O::Payload>());
        let count = room.min(there.len());
        self.items.extend(there.drain(..count));
        count
    }

    fn leave(self) -> LeftTarget<O::Payload> {
        LeftTarget::Slots(self)
    }
}

impl<T> VecSlots<T> {
    /// How many elements, which have that layout in the ABI, may be appended.
    fn room(&self, element: core::alloc::Layout) -> usize {
        let spare = self.items.capacity() - self.items.len();
        layout::read_count(element, size_of::<T>(), self.items.len(), spare).min(self.most)
    }
}

/// Elements that the host wrote. Those that are not lifted, because a `lift`
/// before them panicked, are lifted and dropped.
struct Arrived<'a, O: StreamOps> {
    ops: &'a mut O,
    block: &'a Block,
    lifted: usize,
    items: usize,
}

impl<O: StreamOps> Arrived<'_, O> {
    fn lift(&mut self) -> Option<O::Payload> {
        if self.lifted == self.items {
            return None;
        }
        let offset = self.lifted * self.ops.elem_layout().size();
        // First, so that a `lift` that panics is not called again.
        self.lifted += 1;
        // SAFETY: inside of the block, initialised by the host (see `received`),
        // and lifted once.
        Some(unsafe { self.ops.lift(self.block.as_ptr().add(offset)) })
    }
}

impl<O: StreamOps> Drop for Arrived<'_, O> {
    fn drop(&mut self) {
        while self.lift().is_some() {}
    }
}

/// Takes a single element, in a small block instead of a vector.
pub(crate) struct OneSlot<T> {
    pub(crate) item: Option<T>,
    block: Option<Block>,
}

impl<T> OneSlot<T> {
    pub(crate) fn new() -> OneSlot<T> {
        OneSlot {
            item: None,
            block: None,
        }
    }
}

impl<O: StreamOps> ReadTarget<O> for OneSlot<O::Payload> {
    fn lend(&mut self, ops: &mut O) -> (*mut u8, usize) {
        let block = self.block.insert(Block::new(ops.elem_layout()));
        (block.as_ptr(), 1)
    }

    unsafe fn received(&mut self, ops: &mut O, items: usize) {
        assert!(
            items <= 1,
            "the host says it wrote {items} items where there was room for 1"
        );
        let block = self.block.take();
        let Some(block) = block.filter(|_| items == 1) else {
            return;
        };
        let item = if ops.native_abi_matches_canonical_abi() {
            // SAFETY: initialised by the host (caller), and the same in Rust
            // and in the ABI.
            unsafe { block.as_ptr().cast::<O::Payload>().read() }
        } else {
            // SAFETY: initialised by the host (caller), lifted once.
            unsafe { ops.lift(block.as_ptr()) }
        };
        self.item = Some(item);
    }

    fn accept(&mut self, there: &mut VecDeque<O::Payload>) -> usize {
        self.item = there.pop_front();
        usize::from(self.item.is_some())
    }

    fn leave(self) -> LeftTarget<O::Payload> {
        LeftTarget::One(self)
    }
}
