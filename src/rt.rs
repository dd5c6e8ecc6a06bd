//! The names that generated code refers to, and nothing else.
//!
//! The synchronous half is wit-bindgen's own. Paths in here are a contract with
//! the generator; user code finds the same things at the crate root.

pub use wit_bindgen::rt::{
    Cleanup, Map, Resource, ResourceRep, WitMap, bitflags, maybe_link_cabi_realloc,
};

#[cfg(target_arch = "wasm32")]
pub use wit_bindgen::rt::run_ctors_once;

/// The asynchronous half.
#[cfg(feature = "async")]
pub mod async_support {
    pub use crate::buffer::AbiBuffer;
    pub use crate::error_context::ErrorContext;
    pub use crate::future::{
        FutureRead, FutureReader, FutureWrite, FutureWriteCancel, FutureWriteError, FutureWriter,
        RawFutureRead, RawFutureReader, RawFutureWrite, RawFutureWriteCancel, RawFutureWriter,
        future_new, raw_future_new,
    };
    pub use crate::stream::{
        RawStreamRead, RawStreamReader, RawStreamReaderStream, RawStreamWrite, RawStreamWriter,
        StreamRead, StreamReader, StreamReaderStream, StreamResult, StreamWrite, StreamWriter,
        UnitStreamOps, raw_stream_new, stream_new,
    };
    pub use crate::subtask::Subtask;
    pub use crate::task::{
        JoinHandle, TaskCancelOnDrop, backpressure_dec, backpressure_inc, block_on, callback,
        spawn_local, start_task, yield_async, yield_blocking,
    };
    pub use crate::vtable::{FutureOps, FutureVtable, StreamOps, StreamVtable};
}
