//! Memory lent to the host.
//!
//! While an operation is in flight the host may read or write its memory at
//! any time, even after the Rust future of the operation was leaked. So that
//! memory is never borrowed from a caller: it is a [`Block`] or a `Vec` that
//! the operation owns, and leaking the operation leaks the memory with it.

mod block;
mod gone;
mod layout;
mod read;
mod write;

pub(crate) use block::{Block, Pool};
pub(crate) use gone::Gone;
pub(crate) use read::{LeftTarget, OneSlot, ReadTarget, VecSlots};
pub use write::AbiBuffer;
pub(crate) use write::{OneItem, WriteSource};
