//! Ends of `future<T>` and the operations on them.
//!
//! # Linear writes
//!
//! The ABI demands that a value is written before a writable end is dropped.
//! Rust's types are affine: a value may be dropped without having been used. So
//! a [`FutureWriter`] carries a `default: fn() -> T`, and when it goes away
//! unwritten, that value is written in the background. The end lives in a
//! `WritableEnd`, which knows whether a write was seen to finish:
//!
//! ```text
//!  open ── write COMPLETED or DROPPED ──► written ── drop ──► dropped
//!   │ ▲
//!   │ └── write CANCELLED
//!   └── drop ──► default written by a DeferredWrite ──► written ──► dropped
//! ```
//!
//! An end that is open and has no default (a [`RawFutureWriter`] made by
//! [`raw_future_new`]) stays open when it is dropped: leaking a handle is the
//! one thing that the ABI allows then.

mod kept;
mod read;
mod reader;
mod write;
mod writer;

pub use read::{FutureRead, FutureReadRef, RawFutureRead, RawFutureReadRef};
pub use reader::{FutureReader, RawFutureReader};
pub use write::{
    FutureWrite, FutureWriteCancel, FutureWriteError, RawFutureWrite, RawFutureWriteCancel,
};
pub use writer::{FutureWriter, RawFutureWriter};

use crate::vtable::{FutureOps, FutureVtable};
use crate::waitable::note_pair;

/// Makes a future and returns its two ends, which may both be used
/// [in this component](crate#both-ends-in-one-component).
///
/// Called by the `wit_future::new` that bindings generate. `default` makes the
/// value that is written if the writable end goes away unwritten.
///
/// # Safety
///
/// `vtable` describes a type of future of this component.
pub unsafe fn future_new<T>(
    default: fn() -> T,
    vtable: &'static FutureVtable<T>,
) -> (FutureWriter<T>, FutureReader<T>) {
    // SAFETY: as promised by the caller.
    let (writer, reader) = unsafe { raw_future_new(vtable) };
    (FutureWriter::from_raw(writer, default), reader)
}

/// Makes a future and returns its two ends, without a default value.
///
/// # Safety
///
/// `ops` describes a type of future of this component.
pub unsafe fn raw_future_new<O>(mut ops: O) -> (RawFutureWriter<O>, RawFutureReader<O>)
where
    O: FutureOps + Clone,
{
    let ends = ops.new();
    let size = ops.elem_layout().size();
    note_pair::<O::Payload>(ends as u32, (ends >> 32) as u32, size);
    // SAFETY: the host has just made these two ends (canonical ABI,
    // "future.new"): the readable one in the low half.
    unsafe {
        (
            RawFutureWriter::new((ends >> 32) as u32, ops.clone()),
            RawFutureReader::new(ends as u32, ops),
        )
    }
}
