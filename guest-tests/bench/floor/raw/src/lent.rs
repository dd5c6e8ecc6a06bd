//! Memory that the host may write to.

use core::cell::UnsafeCell;

/// A text as it crosses a boundary.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// Where it is.
    pub pointer: *mut u8,
    /// How many bytes it has.
    pub length: usize,
}

impl Text {
    /// No text.
    pub const NONE: Text = Text {
        pointer: core::ptr::null_mut(),
        length: 0,
    };

    /// Its bytes.
    ///
    /// # Safety
    ///
    /// They are there, and stay.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: The caller says so.
        unsafe { core::slice::from_raw_parts(self.pointer, self.length) }
    }
}

/// A static variable of which the host has a pointer.
#[derive(Debug)]
pub struct Lent<T>(UnsafeCell<T>);

// SAFETY: A component has one thread.
unsafe impl<T> Sync for Lent<T> {}

impl<T> Lent<T> {
    /// With a first value.
    pub const fn new(value: T) -> Lent<T> {
        Lent(UnsafeCell::new(value))
    }

    /// What the host is given.
    pub const fn pointer(&self) -> *mut T {
        self.0.get()
    }
}

impl<T: Copy> Lent<T> {
    /// What is in there.
    pub fn get(&self) -> T {
        // SAFETY: There is one thread, no reference to the value leaves this module, and
        // the host writes values of this type.
        unsafe { self.pointer().read() }
    }

    /// Puts something in there.
    pub fn set(&self, value: T) {
        // SAFETY: As in `get`.
        unsafe { self.pointer().write(value) }
    }
}

impl<T: Copy, const N: usize> Lent<[T; N]> {
    /// The first `count` items.
    ///
    /// # Safety
    ///
    /// Until the slice is gone, neither the host nor another reference may get at them.
    #[allow(clippy::mut_from_ref, reason = "that is the condition")]
    pub unsafe fn first(&self, count: usize) -> &mut [T] {
        assert!(count <= N);
        // SAFETY: They are within the array, and the caller sees to the rest.
        unsafe { core::slice::from_raw_parts_mut(self.pointer().cast(), count) }
    }
}
