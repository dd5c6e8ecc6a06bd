//! One operation on one waitable, from its start to its end.
//!
//! [`WaitableOperation`] is the state machine that all operations share; what
//! differs between them is in their [`WaitableOp`]. [`DeferredWrite`] drives an
//! operation that nobody awaits; [`ReadableEnd`] deals with reads whose futures are gone;
//! [`Closing`] drops an end when all is done; [`Loan`] is what is lent to the host
//! meanwhile.

mod closing;
mod deferred;
mod kept;
mod loan;
mod machine;

pub(crate) use closing::Closing;
pub(crate) use deferred::DeferredWrite;
pub(crate) use kept::{Before, KeptRead, ReadableEnd, cannot_wait};
pub(crate) use loan::Loan;
pub(crate) use machine::{Name, Progress, Stage, WaitableOp, WaitableOperation};
