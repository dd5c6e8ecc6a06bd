//! Guest-side async runtime for the WebAssembly Component Model.
//!
//! Components talk through `future<T>`, `stream<T>` and async functions. Rust
//! bindings for them are generated from WIT by the wit-bindgen generator, and the
//! generated code calls a runtime: this one.
//!
//! - **Authors of components** call [`generate!`], implement async traits, await
//!   [`FutureReader`]s and read [`StreamReader`]s.
//! - **Programs on wit-bindgen** need no change: the public names are the same.
//!
//! ```
//! wit_async::generate!({
//!     inline: "
//!         package example:text;
//!         world shout {
//!             export shout: async func(text: stream<u8>) -> stream<u8>;
//!         }
//!     ",
//! #   path: [],
//! });
//!
//! struct Component;
//!
//! impl Guest for Component {
//!     async fn shout(mut text: wit_async::StreamReader<u8>) -> wit_async::StreamReader<u8> {
//!         let (mut writer, shouted) = wit_stream::new();
//!         wit_async::spawn_local(async move {
//!             while let Some(byte) = text.next().await {
//!                 writer.write_one(byte.to_ascii_uppercase()).await;
//!             }
//!         });
//!         shouted
//!     }
//! }
//!
//! export!(Component);
//! # fn main() {}
//! ```
//!
//! # The way of one value
//!
//! ```text
//! binding ─vtable─► subtask | future | stream ─► op ─► built-in (vtable slot or sys)
//!                                                 └─ BLOCKED ─► waitable registry: handle → waker
//! host ─► task::callback ─► abi::Event ─► waitable::deliver(handle) ─► waker
//!                  task polls again ◄─────── task state ◄────────────────┘
//! ```
//!
//! | Module | Its one job |
//! |---|---|
//! | `rt` | the names that generated code refers to |
//! | `abi` | decoding and encoding of codes, no state |
//! | `sys` | the canonical built-ins, imported once |
//! | `vtable` | the contract that generated code fills |
//! | `buffer` | memory lent to the host |
//! | `waitable` | handle → who waits and in which set; operations without a future or a task; pairs of ends that meet here; the `wasip3_task` C ABI |
//! | `op` | the state machine of an operation; writes that nobody awaits |
//! | `subtask`, `future`, `stream`, `error_context` | typed handles |
//! | `task` | the executor; futures beside each other; calls that are held back |
//! | `instance` | the state of the instance, in one place |
//! | `diagnostics` | counts of what is alive, and outcomes of operations |
//!
//! # Three ways to depend on it
//!
//! | Manifest | Code |
//! |---|---|
//! | `wit-async = "0.1"` | `wit_async::generate!`, `wit_async::StreamReader` |
//! | `wit-bindgen = { package = "wit-async", version = "0.1" }` | unchanged: `wit_bindgen::generate!`, `wit_bindgen::StreamReader` |
//! | `[patch.crates-io]` with `wit-bindgen = { path = ".../compat" }` | unchanged, for a whole graph of dependencies, such as the `wasip3` crate |
//!
//! # Features
//!
//! All but `diagnostics` are on by default, and all are additive.
//!
//! | Feature | Effect | in wit-bindgen 0.63 |
//! |---|---|---|
//! | `macros` | [`generate!`] | the same |
//! | `macro-string` | macros such as `concat!` in the options of `generate!` | the same |
//! | `realloc` | `cabi_realloc` on targets whose libc has none | the same |
//! | `bitflags` | flags by the `bitflags` crate | the same |
//! | `std` | `HashMap` as a map; needed natively | the same |
//! | `async` | the runtime | the same |
//! | `async-spawn` | none: [`spawn_local`] is always there | off by default |
//! | `inter-task-wakeup` | none: a wake from another task always works | off by default: panics without it |
//! | `futures-stream` | none: `into_stream` is always there | off by default |
//! | `diagnostics` | the module `diagnostics` | – |
//!
//! # The public API beside wit-bindgen 0.63
//!
//! Every public async name is here under the same path. Where the last column is
//! empty the meaning is the same too.
//!
//! | Name | | Intended difference |
//! |---|---|---|
//! | [`FutureReader`], [`RawFutureReader`] | ✓ | can also be awaited [by reference](FutureReadRef); [both ends may be in one component](#both-ends-in-one-component) |
//! | [`FutureWriter`], [`RawFutureWriter`] | ✓ | the default is also written where no task runs; a raw writer that is dropped unwritten stays open and does not trap |
//! | [`FutureRead`], [`RawFutureRead`] | ✓ | `Unpin`; [dropped anywhere](#dropping-what-is-in-flight) |
//! | [`FutureWrite`], [`RawFutureWrite`] | ✓ | `Unpin`; dropped anywhere |
//! | [`FutureWriteCancel`], [`RawFutureWriteCancel`] | ✓ | the raw one is at the root too |
//! | [`FutureWriteError`] | ✓ | |
//! | [`FutureOps`] | ✓ | `'static` |
//! | [`StreamReader`], [`RawStreamReader`] | ✓ | reading after the end says "ended" again and does not trap; of zero-sized items `next` takes one, and `read` at most as many as it can hold; [both ends may be in one component](#both-ends-in-one-component) |
//! | [`StreamWriter`], [`RawStreamWriter`] | ✓ | also write [from a buffer that stays with the caller](RawStreamWriter::write_from); writing after the reader went gives the values back and does not trap; items that do not fit into one operation or one allocation are split |
//! | [`StreamRead`], [`RawStreamRead`] | ✓ | `Unpin`; dropped anywhere, [and nothing is lost](#what-a-dropped-read-gets) |
//! | [`StreamWrite`], [`RawStreamWrite`] | ✓ | `Unpin`; dropped anywhere |
//! | [`StreamResult`] | ✓ | |
//! | [`StreamOps`] | ✓ | `'static` |
//! | [`UnitStreamOps`] | ✓ | always there |
//! | `into_stream`, [`RawStreamReaderStream`], [`StreamReaderStream`] | ✓ | at the root too; boxes nothing; numbers are read ahead; a read that is pending when `next()` is dropped goes on, also in what `into_inner` gives back, with what was read ahead; the readable end stays open after the end of the stream, until the adapter is dropped |
//! | [`AbiBuffer`] | ✓ | implements `Debug` |
//! | [`ErrorContext`] | ✓ | at the root too |
//! | [`spawn_local`], [`JoinHandle`] | ✓ | runs in the task that calls, never in another |
//! | awaiting any operation | ✓ | a task that is always busy [lets others run](#turns), and can be cancelled |
//! | [`block_on`] | ✓ | yields to the host when its future does, [and after 128 operations](#turns); never waits for an event that is there |
//! | [`yield_async`], [`yield_blocking`] | ✓ | |
//! | [`backpressure_inc`], [`backpressure_dec`] | ✓ | any number of either; the host is told when calls are held back and when no longer |
//! | [`resource`](mod@resource) | ✓ | re-exported |
//!
//! Not in wit-bindgen are [scopes](scope()), [`JoinSet`] and [`AbortOnDrop`],
//! [`Backpressure`] and [`Limiter`], [`CancelRequest`], [`cancel`](cancel()), and readers that
//! read ahead: [`buffered`](RawStreamReader::buffered), `into_async_read` (feature `std`).
//!
//! # Futures beside each other
//!
//! | | Runs | May borrow | Joined | Ended |
//! |---|---|---|---|---|
//! | [`spawn_local`] | in the task; the task stays for it | no | by its handle, or never | by its handle |
//! | ..., [`abort_on_drop`](JoinHandle::abort_on_drop) | in the task | no | by its handle | with its handle |
//! | [`JoinSet`] | in the task | no | in the order of completion | with the set |
//! | [`scope`](scope()) | in the future of the scope | yes | at the end of the scope | with the future of the scope |
//!
//! ```
//! # async fn fetch(part: &str) -> usize { part.len() }
//! async fn fetch_all(parts: &[String]) -> usize {
//!     let total = core::cell::Cell::new(0);
//!     wit_async::scope(async |s| {
//!         for part in parts {
//!             let total = &total;
//!             s.spawn(async move { total.set(total.get() + fetch(part).await) });
//!         }
//!     })
//!     .await;
//!     total.get()
//! }
//! # let parts = ["one".to_owned(), "three".to_owned()];
//! # assert_eq!(futures::executor::block_on(fetch_all(&parts)), 8);
//! ```
//!
//! The future of a scope owns what is spawned in it and polls it: nothing of it is known
//! to the task, nor to the host. So when that future is dropped, by a `select!` or because
//! the task is cancelled, everything in it is dropped there and then; and when it is leaked
//! nothing of it is ever touched again, as is the case with every pinned future.
//!
//! # Turns
//!
//! While a task runs, no other task of the instance does, and no cancel request comes in.
//! So one turn of a task, which is one call of its callback, starts no more operations and
//! takes no more events when it has completed 128 operations: reads, writes and calls of
//! imports, whether they were ready at once or had an event, with the host or
//! [in the instance](#both-ends-in-one-component). Then it
//! yields to the host, and goes on in the next turn; if the task was cancelled meanwhile,
//! it is told in that one. [`block_on`] yields in the same place.
//!
//! - An operation that finds nothing left does not start: it is pending, though what it
//!   wants may be there, and is polled again in the next turn. Dropping or cancelling it
//!   then loses nothing. What is in flight is never held up.
//! - Futures of one task take turns too: what could not start goes before what comes later,
//!   and events are taken even if something else is always ready.
//! - Nothing is limited where nobody would poll again: outside of tasks, in synchronous
//!   code, and in tasks of other bindings. What other bindings do in a task of this crate is
//!   limited by its events only.
//! - A loop without an operation is not interrupted; [`yield_async`] does that.
//!
//! # Holding calls back
//!
//! The host starts any number of calls of async exports, in one instance, beside each
//! other. An instance that does not want that raises its backpressure; calls that have not
//! started then wait with the host, also those of other exports.
//!
//! - A [`Limiter`] admits at most n at a time, and holds further calls back while it is
//!   full.
//! - [`Backpressure`] is a guard: calls are held back as long as it exists.
//! - [`backpressure_inc`] and [`backpressure_dec`] are the raw functions; they count, and
//!   never trap.
//!
//! All of them count together, over all tasks of the instance. What a guard holds back ends
//! when it is dropped: at its end, by a panic, by a cancel of the task.
//!
//! ```
//! use wit_async::Limiter;
//!
//! static SCANS: Limiter = Limiter::new(2);
//!
//! # async fn scan_it(_: String) -> bool { true }
//! async fn scan(file: String) -> bool {
//!     let _permit = SCANS.admit().await;
//!     scan_it(file).await
//! }
//! ```
//!
//! # Being cancelled
//!
//! When the caller of an async export gives up, the future of the export is dropped, and
//! what it holds with it; what it has spawned goes on. A task that would rather come to an
//! end of its own makes a [`CancelRequest`]: as long as there is one nothing is dropped. The
//! task awaits the request, and then returns what it has, or accepts it.
//!
//! ```
//! use wit_async::CancelRequest;
//!
//! # async fn sort_a_bit(_: &mut [u32]) -> bool { true }
//! async fn sort(mut numbers: Vec<u32>) -> Vec<u32> {
//!     let request = CancelRequest::observe();
//!     // Better than nothing: the caller gets what is sorted so far.
//!     while !request.is_requested() && !sort_a_bit(&mut numbers).await {}
//!     numbers
//! }
//! ```
//!
//! # Dropping what is in flight
//!
//! A future of this crate can be dropped in flight in async code and in synchronous
//! code. A read of a stream then [goes on](#what-a-dropped-read-gets). To drop a call of an
//! import cancels it, and the instance stands still until the callee has answered, as the
//! ABI has it; [`cancel`](cancel()) lets others go on meanwhile, and in a [spawned](spawn_local)
//! future the call can be left to finish. Anything else is
//! cancelled, in an async export and in what it spawns. In a
//! synchronous export and in the destructor of a resource, if another component calls it,
//! the host forbids to cancel
//! (canonical ABI, "stream.cancel-read"; wasmtime 48 traps). There the operation is left
//! alone, with the memory that it needs and with its end, if that goes too: the task in
//! whose set it is, is woken, and the first task of this crate that gets a turn cancels
//! it, unless it has finished by then. A stream whose write goes on like that can be
//! used: what comes next waits for it. `diagnostics::live` counts such operations
//! (feature `diagnostics`).
//!
//! What is not possible in synchronous code:
//!
//! - to get back what an operation in flight came to ([`RawStreamRead::cancel`] and the
//!   like), which panics;
//! - to leave with [`block_on`] what the host wants the code to be there for, which
//!   panics;
//! - to drop a call together with a resource that it borrows, and to be recognised as
//!   synchronous while a task is blocked in something that is not the runtime's: see
//!   [what still traps](#what-still-traps).
//!
//! # What a dropped read gets
//!
//! The future of a read can be dropped at any time, by a `select!`, a timeout or an abort,
//! and no item is lost: the read goes on, and the readable end keeps what it gets for the
//! next read, `next` or `collect`, in order. Like any read the next one is pending until the
//! task has had the event.
//!
//! - The buffer goes with the future, and so does what was in it before the read.
//! - The writer may be told that items were read although nobody has looked at them yet.
//!   Who wants the read to be over calls [`cancel`](RawStreamRead::cancel), which also gives
//!   back what had arrived; on the next read it has the same effect.
//! - A read that nobody awaits keeps no task. Where the host wants the task to be there
//!   when the read finishes, it is cancelled before the task exits; what had arrived stays.
//! - When the reader is handed away, what it keeps arrives first: a future in the background
//!   passes on what is kept and then what comes, in the task, also while that stands still in
//!   a [`block_on`], or in another one if there is none; where no task runs at all it waits
//!   for the next one. In a task of other bindings it runs if they can spawn, and not while
//!   that stands still. It notices that the new reader is gone when it has something to pass
//!   on.
//! - What an adapter read ahead ([`into_stream`](RawStreamReader::into_stream),
//!   [`buffered`](RawStreamReader::buffered), `into_async_read`) goes with the adapter, unless
//!   `into_inner` takes the reader out of it: that keeps it.
//! - What is still kept when the reader is dropped is dropped with it. What a read gets that
//!   was leaked (`mem::forget`) is lost.
//!
//! All of that holds for a future that is awaited by reference, too: `(&mut reader).await`
//! can be dropped, and the value is there for the next one. A read that owns its reader
//! takes the value along.
//!
//! # Both ends in one component
//!
//! The host lets a read and a write meet in one component instance if the items are
//! numbers or nothing (canonical ABI, "stream.read"). For other items, `bool`, `char`
//! and enums among them, it traps, and with wit-bindgen 0.63 so does the program.
//!
//! Here they meet in the runtime, for streams and futures, in one task and between
//! tasks. It is as with the host: a read takes what there is and fits, the end is told,
//! an unwritten future has its default. What is different:
//!
//! - one write serves one read: the next read finds something when the future of the write
//!   has been polled again;
//! - lists and handles in an item belong to the reader afterwards, without a copy;
//! - when the reader is handed to another component, as a parameter, as a result or in
//!   an item, a write that waits starts again with the host. A reader in an item that
//!   is read here stays here, too;
//! - the writable end of a future that was read here is closed when the reader is.
//!
//! It holds for as long as the reader does not leave the component. One that comes back
//! cannot be told from any other: its ends meet in the host.
//!
//! # What is promised
//!
//! That nothing else traps, that nothing is lost, that dropping works anywhere, and more:
//! [`promises`] has each promise, who would notice if it were broken, and what wit-bindgen
//! 0.63 does in the same program.
//!
//! # Who owns a resource
//!
//! On its way through calls, futures and streams a resource has one owner at each time, and
//! its destructor runs once: [`resources`] has each rule, the scenario that shows it, and what
//! comes of it.
//!
//! # What it costs
//!
//! One host call for a read or write that is ready at once, no allocation in steady state:
//! [`costs`] says what makes that so, and what each of these means saves.
//!
//! # What still traps
//!
//! The host ends the instance for what safe code does in these cases, and in no other:
//!
//! - *A round trip.* The reader of a stream or future that this component made was
//!   handed to another component and came back, or was in an item that was offered to
//!   another component and came back unread; the items are neither numbers nor nothing;
//!   and it is read and written here. The second of the two calls traps, be it the read
//!   or the write (wasmtime 48: "cannot read from and write to intra-component
//!   future/stream with non-numeric payload"). To drop such a reader, or to hand it away
//!   again, is possible. A reader that was handed away while it
//!   [kept items](#what-a-dropped-read-gets) counts as made by this component.
//! - *A resource that is lent.* A call of an import borrows a resource, and the call is
//!   leaked (`mem::forget`), or dropped in synchronous code; then the resource is dropped
//!   or given away before the callee is done.
//! - *A wait in synchronous code.* [`block_on`] in a synchronous export or a destructor
//!   has to wait for the host. Whether code may wait is in the type of the export, which
//!   the runtime does not know.
//! - *Synchronous code in the middle of a task of other bindings.* A task that the
//!   executor of other bindings polls is blocked, in a call of an import that is lowered
//!   synchronously or in their `block_on`; meanwhile an operation is dropped in flight in
//!   a synchronous export or a destructor. The runtime takes that for code of the task,
//!   and cancels. It knows the code of its own tasks.
//!
//! Who waits for what never comes is no matter of the runtime; where nothing in the store can
//! go on any more, the host may call that a deadlock and end it.
//!
//! # Panics
//!
//! On `wasm32-wasip2` a panic ends the instance. These are all that the runtime
//! has; each message names the call, and the handle if there is one:
//!
//! | When | Where |
//! |---|---|
//! | an operation is polled or cancelled after it finished | all operations, and [`Limiter::admit`]; what is an `async fn`, such as calls of imports, [`scope`](scope()), [`JoinSet::join_next`], [`cancel`](cancel()) and [`yield_async`], says so in the compiler's words |
//! | an operation has to wait, and no task is running | all operations, and [`cancel`](cancel()): outside of an async export and of [`block_on`] |
//! | an operation in flight is cancelled in a synchronous export or a destructor | the `cancel` of all operations; dropping them is possible |
//! | the future of a `block_on` in a synchronous export or a destructor leaves a call of an import in flight, or a read of a future or of items that are not the same in Rust and in the ABI | [`block_on`] |
//! | `spawn_local` without a task, or in a task of bindings that cannot spawn | [`spawn_local`], [`JoinSet::spawn`] |
//! | a limiter that would admit nobody | [`Limiter::new`] |
//! | a future is awaited, or handed away, whose value was taken by a read by reference, or by one that was leaked | [`FutureReadRef`], [`RawFutureReader`] |
//! | a handle is used that was given away to another component | [`RawStreamReader`], [`RawFutureReader`]; generated code gives handles away by value |
//! | the host breaks the canonical ABI: unknown codes, more items than asked for, handle 0 | everywhere |
//! | natively, a built-in is called and no host is installed | everywhere |
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

#[cfg(all(doc, feature = "async"))]
#[doc = include_str!("promises.md")]
pub mod promises {}

#[cfg(all(doc, feature = "async"))]
#[doc = include_str!("costs.md")]
pub mod costs {}

#[cfg(all(doc, feature = "async"))]
#[doc = include_str!("resources.md")]
pub mod resources {}

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

#[cfg(feature = "async")]
#[doc(inline)]
pub use future::{FutureReadRef, RawFutureReadRef};
#[cfg(all(feature = "async", feature = "std"))]
#[doc(inline)]
pub use stream::{ByteReader, RawByteReader};
#[cfg(feature = "async")]
#[doc(inline)]
pub use stream::{RawStreamWriteFrom, StreamWriteFrom};
#[cfg(feature = "async")]
#[doc(inline)]
pub use task::{
    Abort, AbortOnDrop, Admit, Backpressure, CancelRequest, JoinSet, Limiter, Permit, Requested,
    Scope, ScopedJoinHandle, cancel, scope,
};

#[cfg(feature = "macros")]
#[doc(hidden)]
pub use wit_async_macros::with_runtime_path as __with_runtime_path;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub use wit_bindgen_rust_macro::generate as __generate;
