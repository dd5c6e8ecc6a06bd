//! Newtypes for the indices of the instance's handle table.

use core::fmt;
use core::num::NonZeroU32;

/// Index of a waitable: a readable or writable end, or a subtask.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) struct Waitable(NonZeroU32);

/// Index of a waitable set.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) struct Set(NonZeroU32);

impl Waitable {
    /// `None` for 0, which is never a valid index.
    pub(crate) const fn new(index: u32) -> Option<Waitable> {
        match NonZeroU32::new(index) {
            Some(index) => Some(Waitable(index)),
            None => None,
        }
    }

    pub(crate) const fn index(self) -> u32 {
        self.0.get()
    }
}

impl Set {
    /// `None` for 0, which is never a valid index.
    pub(crate) const fn new(index: u32) -> Option<Set> {
        match NonZeroU32::new(index) {
            Some(index) => Some(Set(index)),
            None => None,
        }
    }

    pub(crate) const fn index(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Debug for Waitable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waitable {}", self.0)
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waitable set {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_no_handle() {
        assert_eq!(Waitable::new(0), None);
        assert_eq!(Set::new(0), None);
    }

    #[test]
    fn an_index_survives() {
        let largest = (1 << 28) - 1;
        assert_eq!(Waitable::new(largest).map(Waitable::index), Some(largest));
        assert_eq!(Set::new(1).map(Set::index), Some(1));
    }
}
