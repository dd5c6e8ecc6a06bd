//! Bytes on the heap, to see whether a run leaves any.
//!
//! Whoever wants to know makes [`Counting`] the global allocator. A run allocates and
//! frees some hundred small blocks, which the system's allocator would take a fifth of
//! its time for. So freed blocks stay with the thread, sorted by size: each class of
//! sizes is a list of blocks that begin with the address of the next one. Under Miri,
//! which knows every block by itself, the system's allocator gets all requests.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

/// Classes of sizes differ by this, and all blocks are aligned to it.
const STEP: usize = 16;

/// How many classes there are: what is larger is the system's.
const CLASSES: usize = 256;

/// How much is asked of the system at a time.
const CHUNK: usize = 1 << 16;

/// What a thread has.
struct Heap {
    /// How many bytes it has allocated and not freed.
    live: Cell<isize>,
    /// Blocks that were freed, by class.
    free: [Cell<*mut u8>; CLASSES],
    /// Memory that was never used.
    fresh: Cell<*mut u8>,
    /// How many bytes of that there are.
    left: Cell<usize>,
}

thread_local! {
    // Without a destructor: it is there for as long as its thread allocates.
    static HEAP: Heap = const {
        Heap {
            live: Cell::new(0),
            free: [const { Cell::new(ptr::null_mut()) }; CLASSES],
            fresh: Cell::new(ptr::null_mut()),
            left: Cell::new(0),
        }
    };
}

/// How many bytes this thread has allocated and not freed.
pub fn live() -> isize {
    HEAP.with(|heap| heap.live.get())
}

/// Counts what is allocated, to the byte.
pub struct Counting;

/// The class of a block, unless it is the system's. No block has no bytes.
fn class(layout: Layout) -> Option<usize> {
    let class = (layout.size() - 1) / STEP;
    (class < CLASSES && layout.align() <= STEP && !cfg!(miri)).then_some(class)
}

impl Heap {
    fn count(&self, bytes: isize) {
        self.live.set(self.live.get() + bytes);
    }

    /// A block of a class; null if there is no memory.
    fn block(&self, class: usize) -> *mut u8 {
        let block = self.free[class].get();
        if block.is_null() {
            return self.fresh_block((class + 1) * STEP);
        }
        // SAFETY: a free block of this class, which begins with the next one.
        self.free[class].set(unsafe { block.cast::<*mut u8>().read() });
        block
    }

    #[cold]
    fn fresh_block(&self, size: usize) -> *mut u8 {
        if self.left.get() < size {
            // What is left of the last chunk is not worth keeping.
            let chunk = Layout::from_size_align(CHUNK, STEP).expect("a layout");
            // SAFETY: it has a size.
            let start = unsafe { System.alloc(chunk) };
            if start.is_null() {
                return start;
            }
            self.fresh.set(start);
            self.left.set(CHUNK);
        }
        let block = self.fresh.get();
        // SAFETY: so much of the chunk is left.
        self.fresh.set(unsafe { block.add(size) });
        self.left.set(self.left.get() - size);
        block
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// It came from [`block`](Heap::block) of this class, on whatever thread, and is no
    /// longer used.
    unsafe fn put(&self, class: usize, block: *mut u8) {
        // SAFETY: as promised by the caller; there is room for an address.
        unsafe { block.cast::<*mut u8>().write(self.free[class].get()) };
        self.free[class].set(block);
    }
}

// SAFETY: a block is as large and as aligned as its class, which has room for the layout
// that is asked for, and belongs to whoever has it. What has no class goes to the
// system's allocator, back and forth, for the class depends on the layout alone.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HEAP.with(|heap| {
            heap.count(layout.size() as isize);
            match class(layout) {
                Some(class) => heap.block(class),
                // SAFETY: as promised by the caller.
                None => unsafe { System.alloc(layout) },
            }
        })
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HEAP.with(|heap| {
            heap.count(-(layout.size() as isize));
            match class(layout) {
                // SAFETY: as promised by the caller: it came from `alloc` with this layout.
                Some(class) => unsafe { heap.put(class, at) },
                // SAFETY: the same.
                None => unsafe { System.dealloc(at, layout) },
            }
        });
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size fits the alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        HEAP.with(|heap| match (class(layout), class(wanted)) {
            (Some(before), Some(after)) if before == after => {
                heap.count(size as isize - layout.size() as isize);
                at
            }
            (None, None) => {
                heap.count(size as isize - layout.size() as isize);
                // SAFETY: as promised by the caller.
                unsafe { System.realloc(at, layout, size) }
            }
            // SAFETY: both blocks have room for what is copied, and they are two.
            _ => unsafe {
                let block = self.alloc(wanted);
                if !block.is_null() {
                    ptr::copy_nonoverlapping(at, block, size.min(layout.size()));
                    self.dealloc(at, layout);
                }
                block
            },
        })
    }
}
