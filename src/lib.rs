//! Guest-side async runtime for the WebAssembly Component Model.
#![no_std]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

#[cfg(feature = "async")]
mod abi;
#[cfg(feature = "async")]
mod buffer;
#[cfg(all(feature = "async", feature = "diagnostics"))]
pub mod diagnostics;
#[cfg(all(feature = "async", not(feature = "diagnostics")))]
mod diagnostics;
#[cfg(feature = "async")]
mod error_context;
#[cfg(feature = "async")]
mod future;
#[cfg(feature = "macros")]
mod generate;
#[cfg(feature = "async")]
mod instance;
#[cfg(feature = "async")]
mod op;
#[cfg(feature = "async")]
mod stream;
#[cfg(feature = "async")]
mod subtask;
#[cfg(feature = "async")]
mod sys;
#[cfg(feature = "async")]
mod task;
#[cfg(feature = "async")]
mod vtable;
#[cfg(feature = "async")]
mod waitable;

#[doc(hidden)]
pub mod rt;

/// A native host for tests; see [`Host`](native::Host).
#[cfg(all(feature = "async", not(target_family = "wasm")))]
#[doc(hidden)]
pub use sys::native;

/// Traits and types for exported resources, as wit-bindgen has them.
pub use wit_bindgen::resource;

#[cfg(feature = "async")]
pub use rt::async_support::{
    AbiBuffer, ErrorContext, FutureOps, FutureRead, FutureReader, FutureWrite, FutureWriteCancel,
    FutureWriteError, FutureWriter, JoinHandle, RawFutureRead, RawFutureReader, RawFutureWrite,
    RawFutureWriteCancel, RawFutureWriter, RawStreamRead, RawStreamReader, RawStreamReaderStream,
    RawStreamWrite, RawStreamWriter, StreamOps, StreamRead, StreamReader, StreamReaderStream,
    StreamResult, StreamWrite, StreamWriter, UnitStreamOps, backpressure_dec, backpressure_inc,
    block_on, spawn_local, yield_async, yield_blocking,
};

#[cfg(feature = "macros")]
#[doc(hidden)]
pub use wit_async_macros::with_runtime_path as __with_runtime_path;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub use wit_bindgen_rust_macro::generate as __generate;
