//! One operation on one waitable, from its start to its end.
//!
//! [`WaitableOperation`] is the state machine that all operations share; what
//! differs between them is in their [`WaitableOp`]. [`DeferredWrite`] drives an
//! operation that nobody awaits.

mod deferred;
mod machine;

pub(crate) use deferred::DeferredWrite;
pub(crate) use machine::{Name, Progress, Stage, WaitableOp, WaitableOperation};
