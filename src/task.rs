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

mod abort;
mod backpressure;
mod block_on;
mod cancel;
mod cancel_calls;
mod entry;
mod executor;
mod join_set;
mod limiter;
mod lock;
mod more;
mod request;
mod scope;
mod spawn;
mod spawned;
mod yields;

pub use abort::{Abort, AbortOnDrop};
pub(crate) use backpressure::Pressure;
pub use backpressure::{Backpressure, backpressure_dec, backpressure_inc};
pub use block_on::block_on;
pub use cancel::TaskCancelOnDrop;
pub use cancel_calls::cancel;
pub use entry::{callback, start_task};
pub use join_set::JoinSet;
pub use limiter::{Admit, Limiter, Permit};
pub use request::{CancelRequest, Requested};
pub use scope::{Scope, ScopedJoinHandle, scope};
pub use spawn::{JoinHandle, spawn_local};
pub use yields::{yield_async, yield_blocking};
