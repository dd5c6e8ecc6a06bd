//! Where a stream read puts what it reads.

use super::{Block, layout};
use crate::vtable::StreamOps;
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
}

/// Appends to a vector.
pub(crate) struct VecSlots<T> {
    pub(crate) items: Vec<T>,
    /// Holds the canonical form where it differs from Rust's.
    block: Option<Block>,
    lent: usize,
}

impl<T> VecSlots<T> {
    pub(crate) fn new(items: Vec<T>) -> VecSlots<T> {
        VecSlots {
            items,
            block: None,
            lent: 0,
        }
    }

    /// The same, with room for one more item at least.
    pub(crate) fn with_room(mut items: Vec<T>) -> VecSlots<T> {
        if items.len() == items.capacity() {
            items.reserve(1);
        }
        VecSlots::new(items)
    }
}

impl<O: StreamOps> ReadTarget<O> for VecSlots<O::Payload> {
    fn lend(&mut self, ops: &mut O) -> (*mut u8, usize) {
        let element = ops.elem_layout();
        self.lent = layout::read_count(
            element,
            size_of::<O::Payload>(),
            self.items.len(),
            self.items.capacity() - self.items.len(),
        );
        let address = if ops.native_abi_matches_canonical_abi() {
            self.items.spare_capacity_mut().as_mut_ptr().cast()
        } else {
            self.block
                .insert(Block::new(layout::array(element, self.lent)))
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
            // SAFETY: the host initialised them (caller), and they fit, because
            // at most the spare capacity was lent.
            return unsafe { self.items.set_len(self.items.len() + items) };
        }
        let Some(block) = block else { return };
        self.items.reserve(items);
        let mut arrived = Arrived {
            ops,
            block,
            lifted: 0,
            items,
        };
        while let Some(item) = arrived.lift() {
            self.items.push(item);
        }
    }
}

/// Elements that the host wrote. Those that are not lifted, because a `lift`
/// before them panicked, are lifted and dropped.
struct Arrived<'a, O: StreamOps> {
    ops: &'a mut O,
    block: Block,
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
}
