//! One block of memory, from the pool when it is small.

use crate::diagnostics::{Gauge, count, uncount};
use crate::instance;
use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::NonNull;

/// Size of a pooled block, in bytes: enough for the parameters and results of
/// most imports and for most payloads.
const SMALL_SIZE: usize = 128;
/// Alignment of a pooled block, in bytes.
const SMALL_ALIGN: usize = 16;
/// How many blocks the pool keeps at most (128 KiB).
///
/// None under Miri on 32 bits: a block that is kept has not been freed, so Miri
/// cannot tell when it is used after that, or read before it is written again. On
/// 64 bits it looks at the pool itself.
const POOL_LIMIT: usize = match cfg!(all(miri, target_pointer_width = "32")) {
    true => 0,
    false => 1024,
};

const SMALL: Layout = match Layout::from_size_align(SMALL_SIZE, SMALL_ALIGN) {
    Ok(layout) => layout,
    Err(_) => panic!("the small layout is valid"),
};

/// Owned memory that may be lent to the host.
///
/// Dropping a block gives the memory back; leaking it leaks the memory, which
/// is what keeps a leaked operation sound.
pub(crate) struct Block {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: a block owns its memory, like a `Box<[u8]>` does.
unsafe impl Send for Block {}
// SAFETY: a shared block gives away nothing but its address.
unsafe impl Sync for Block {}

impl Block {
    /// Uninitialised memory for `layout`; an aligned dangling address for size 0.
    pub(crate) fn new(layout: Layout) -> Block {
        let start = if layout.size() == 0 {
            return Block {
                start: dangling(layout),
                layout,
            };
        } else if is_small(layout) {
            instance::try_with(|instance| instance.pool.take())
                .flatten()
                .unwrap_or_else(|| allocate(SMALL))
        } else {
            allocate(layout)
        };
        count(Gauge::Blocks);
        Block { start, layout }
    }

    /// Whether it is for this layout.
    pub(crate) fn has(&self, layout: Layout) -> bool {
        self.layout == layout
    }

    /// Where the memory begins.
    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.start.as_ptr()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if self.layout.size() == 0 {
            return;
        }
        uncount(Gauge::Blocks);
        #[cfg(debug_assertions)]
        // SAFETY: the block owns this memory. Overwriting it makes a use after
        // release visible.
        unsafe {
            self.start.as_ptr().write_bytes(0xa5, self.layout.size());
        }
        if !is_small(self.layout) {
            // SAFETY: allocated in `new` with this layout.
            return unsafe { dealloc(self.start.as_ptr(), self.layout) };
        }
        // SAFETY: the block owns this memory, it has the small layout, and
        // nobody uses it any more.
        let kept = instance::try_with(|instance| unsafe { instance.pool.put(self.start) });
        if kept != Some(true) {
            // SAFETY: allocated with this layout, and the pool did not take it.
            unsafe { dealloc(self.start.as_ptr(), SMALL) };
        }
    }
}

fn is_small(layout: Layout) -> bool {
    layout.size() <= SMALL_SIZE && layout.align() <= SMALL_ALIGN
}

fn dangling(layout: Layout) -> NonNull<u8> {
    NonNull::new(core::ptr::without_provenance_mut(layout.align()))
        .expect("an alignment is never 0")
}

fn allocate(layout: Layout) -> NonNull<u8> {
    debug_assert_ne!(layout.size(), 0);
    // SAFETY: the size is not 0; `Block::new` returned earlier for that.
    let start = unsafe { alloc(layout) };
    NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Recycled small blocks: a list that is linked through the blocks themselves,
/// so that keeping them needs no memory.
pub(crate) struct Pool {
    first: Cell<Option<NonNull<Free>>>,
    length: Cell<usize>,
}

/// What the first bytes of a pooled block hold.
struct Free {
    next: Option<NonNull<Free>>,
}

impl Pool {
    pub(crate) const fn new() -> Pool {
        Pool {
            first: Cell::new(None),
            length: Cell::new(0),
        }
    }

    fn take(&self) -> Option<NonNull<u8>> {
        let block = self.first.get()?;
        // SAFETY: `put` wrote a `Free` there, and the pool owns the block.
        let free = unsafe { block.read() };
        self.first.set(free.next);
        self.length.set(self.length.get() - 1);
        Some(block.cast())
    }

    /// Keeps `block`, or returns false when there are enough.
    ///
    /// # Safety
    ///
    /// `block` has the small layout, and the caller gives it up when the result
    /// is true.
    unsafe fn put(&self, block: NonNull<u8>) -> bool {
        if self.length.get() == POOL_LIMIT {
            return false;
        }
        let block = block.cast::<Free>();
        let free = Free {
            next: self.first.get(),
        };
        // SAFETY: a small block is large and aligned enough for a pointer.
        unsafe { block.write(free) };
        self.first.set(Some(block));
        self.length.set(self.length.get() + 1);
        true
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        while let Some(block) = self.take() {
            // SAFETY: every block in the pool was allocated with this layout.
            unsafe { dealloc(block.as_ptr(), SMALL) };
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a valid layout")
    }

    #[test]
    fn a_small_block_is_used_again() {
        if POOL_LIMIT == 0 {
            return;
        }
        let first = Block::new(layout(5, 1)).as_ptr();
        let second = Block::new(layout(128, 16));
        assert_eq!(second.as_ptr(), first);
    }

    #[test]
    fn blocks_in_use_are_apart() {
        let blocks: alloc::vec::Vec<Block> = (1..=128).map(|n| Block::new(layout(n, 1))).collect();
        for (n, block) in blocks.iter().enumerate() {
            // SAFETY: the block has n + 1 bytes.
            unsafe { block.as_ptr().write_bytes(n as u8, n + 1) };
        }
        for (n, block) in blocks.iter().enumerate() {
            // SAFETY: the loop above wrote these bytes.
            let bytes = unsafe { core::slice::from_raw_parts(block.as_ptr(), n + 1) };
            assert!(bytes.iter().all(|byte| *byte == n as u8));
        }
    }

    #[test]
    fn every_layout_is_honoured() {
        for size in [0, 1, 127, 128, 129, 4096] {
            for align in [1, 2, 4, 8, 16, 32, 64] {
                let block = Block::new(layout(size, align));
                assert_eq!(block.as_ptr().addr() % align, 0);
                assert_eq!(block.layout, layout(size, align));
            }
        }
    }

    #[test]
    fn the_pool_is_bounded() {
        let blocks: alloc::vec::Vec<Block> =
            (0..POOL_LIMIT + 10).map(|_| Block::new(SMALL)).collect();
        drop(blocks);
        instance::with(|instance| assert_eq!(instance.pool.length.get(), POOL_LIMIT));
    }
}
