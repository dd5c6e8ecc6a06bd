//! The contract between generated bindings and the runtime.
//!
//! For each type of stream and future that a world mentions, the generator
//! emits one static table with the built-ins for that type and with the code
//! that moves a value between Rust and the canonical ABI. [`FutureOps`] and
//! [`StreamOps`] are the same contract as traits, so that types without a
//! table (such as [`UnitStreamOps`](crate::UnitStreamOps)) can fulfil it.

mod future;
mod stream;

pub use future::{FutureOps, FutureVtable};
pub use stream::{StreamOps, StreamVtable};
