//! State that more than one thread may see.

use core::cell::UnsafeCell;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, Ordering};

/// A value that one thread at a time uses.
///
/// A component has one thread, and the lock is never taken there. Natively others
/// spin, for a few instructions: no foreign code runs under the lock, wakers included.
pub(super) struct Lock<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: one thread at a time has the value, as `with` sees to.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(super) const fn new(value: T) -> Lock<T> {
        Lock {
            taken: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Calls `f` with the value. `f` must not come back here, so it calls no foreign
    /// code: neither wakers nor their clones and drops.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        /// Also if `f` panics.
        struct Release<'a>(&'a AtomicBool);

        impl Drop for Release<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Release);
            }
        }

        while self.taken.swap(true, Ordering::Acquire) {
            spin_loop();
        }
        let _release = Release(&self.taken);
        // SAFETY: nobody else has it: `taken` was false, and stays true until the
        // reference is gone.
        f(unsafe { &mut *self.value.get() })
    }
}
