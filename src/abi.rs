//! Pure decoding and encoding of what the canonical ABI passes as integers.
//!
//! Raw codes stop here: above this module an event is an [`Event`], a result
//! of a copy is a [`Copied`], and a handle says what it is a handle of.
//! There is no unsafe code and no state in this module.

mod callback;
mod copy;
mod event;
mod handle;
mod subtask;

pub(crate) use callback::CallbackCode;
pub(crate) use copy::{Copied, MAX_LENGTH};
pub(crate) use event::{Event, Payload};
pub(crate) use handle::{Set, Waitable};
pub(crate) use subtask::{SubtaskState, SubtaskStatus};
