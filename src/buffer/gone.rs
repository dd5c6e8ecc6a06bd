//! Memory of an operation that was leaked, and the memory with it.

use super::WriteSource;

/// Stands for memory that nobody can reach any more: what the host does with it is
/// lost.
pub(crate) struct Gone;

const STARTED: &str = "what was leaked was in flight, and is not started";

impl WriteSource for Gone {
    fn lend(&mut self) -> (*const u8, usize) {
        unreachable!("{STARTED}")
    }

    fn lend_again(&mut self) -> Option<(*const u8, usize)> {
        None
    }

    fn leave(&mut self) {
        unreachable!("{STARTED}")
    }

    fn sent(&mut self, _: usize) {}

    fn moved(&mut self, _: usize) {}
}
