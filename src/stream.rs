//! Ends of `stream<T>` and the operations on them.
//!
//! An end is *done* once it was told that the other end is gone, by whatever
//! operation or event. From then on the host is not asked again: reads say that
//! the stream has ended, writes give the values back, and dropping is all that
//! reaches the host.

mod adapter;
mod ahead;
#[cfg(feature = "std")]
mod bytes;
mod kept;
mod left;
mod read;
mod reader;
mod unit;
mod window;
mod write;
mod writer;

pub use adapter::{RawStreamReaderStream, StreamReaderStream};
#[cfg(feature = "std")]
pub use bytes::{ByteReader, RawByteReader};
pub use read::{RawStreamRead, StreamRead};
pub use reader::{RawStreamReader, StreamReader};
pub use unit::UnitStreamOps;
pub use write::{RawStreamWrite, RawStreamWriteFrom, StreamWrite, StreamWriteFrom};
pub use writer::{RawStreamWriter, StreamWriter};

use crate::vtable::{StreamOps, StreamVtable};
use crate::waitable::note_pair;

/// What a read or a write of a stream came to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum StreamResult {
    /// So many items were transferred.
    Complete(usize),
    /// Nothing was transferred, and the other end is gone.
    Dropped,
    /// Nothing was transferred, because the operation was cancelled.
    Cancelled,
}

/// Makes a stream and returns its two ends, which may both be used
/// [in this component](crate#both-ends-in-one-component).
///
/// Called by the `wit_stream::new` that bindings generate.
///
/// # Safety
///
/// `vtable` describes a type of stream of this component.
pub unsafe fn stream_new<T>(
    vtable: &'static StreamVtable<T>,
) -> (StreamWriter<T>, StreamReader<T>) {
    // SAFETY: as promised by the caller.
    unsafe { raw_stream_new(vtable) }
}

/// Makes a stream and returns its two ends, for any [`StreamOps`].
///
/// # Safety
///
/// `ops` describes a type of stream of this component.
pub unsafe fn raw_stream_new<O>(mut ops: O) -> (RawStreamWriter<O>, RawStreamReader<O>)
where
    O: StreamOps + Clone,
{
    let ends = ops.new();
    // SAFETY: the host has just made these two ends (canonical ABI,
    // "stream.new"): the readable one in the low half.
    let writer = unsafe { RawStreamWriter::new((ends >> 32) as u32, ops.clone()) };
    note_pair::<O::Payload>(ends as u32, (ends >> 32) as u32, ops.elem_layout().size());
    (writer, RawStreamReader::new(ends as u32, ops))
}
