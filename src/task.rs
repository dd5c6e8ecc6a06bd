//! The executor: one component-model task, and the futures that it runs.
//!
//! ```text
//!  host ──[async-lift]f──► start ──┐
//!                                  ▼
//!                        ┌──► run one turn ──► EXIT   all futures done, nothing awaited
//!                        │         ├─────────► YIELD  woken while it ran
//!                        │         └─────────► WAIT   something is to come
//!  host ──[callback]f────┘
//! ```
//!
//! `block_on` runs the same turns and waits in the middle of them.

mod backpressure;
mod block_on;
mod cancel;
mod entry;
mod executor;
mod spawn;
mod spawned;
mod yields;

pub(crate) use backpressure::Pressure;
pub use backpressure::{Backpressure, backpressure_dec, backpressure_inc};
pub use block_on::block_on;
pub use cancel::TaskCancelOnDrop;
pub use entry::{callback, start_task};
pub use spawn::{JoinHandle, spawn_local};
pub use yields::{yield_async, yield_blocking};
