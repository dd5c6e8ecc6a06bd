//! The types of `test:harness/accounting`, as the host reads them.

use serde::Serialize;
use wasmtime::component::{ComponentType, Lift};

use crate::compose::Variant;

/// What is alive in the runtime of a guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
pub struct Live {
    /// Readable and writable ends.
    pub ends: u32,
    /// Operations that neither finished nor were cancelled.
    pub operations: u32,
    /// Waitable sets.
    pub sets: u32,
    /// Subtasks that were not dropped.
    pub subtasks: u32,
    /// Operations left behind where nothing could cancel them.
    pub orphans: u32,
    /// Blocks of memory lent to the host.
    pub blocks: u32,
}

/// What an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ComponentType, Lift, Serialize)]
#[component(enum)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Kind {
    /// A read of a future.
    #[component(name = "future-read")]
    FutureRead,
    /// A write to a future.
    #[component(name = "future-write")]
    FutureWrite,
    /// A read of a stream.
    #[component(name = "stream-read")]
    StreamRead,
    /// A write to a stream.
    #[component(name = "stream-write")]
    StreamWrite,
    /// A call of an import.
    #[component(name = "subtask")]
    Subtask,
}

/// What became of an operation. See `wit/harness/harness.wit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ComponentType, Lift, Serialize)]
#[component(enum)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Timing {
    /// Finished in the call that started it.
    #[component(name = "at-once")]
    AtOnce,
    /// Blocked, then finished.
    #[component(name = "blocked")]
    Blocked,
    /// Finished with fewer items than asked for.
    #[component(name = "partial")]
    Partial,
    /// The other end was gone when it started.
    #[component(name = "dropped-before")]
    DroppedBefore,
    /// The other end went away while it was blocked.
    #[component(name = "dropped-during")]
    DroppedDuring,
    /// Started on an end that knew that the other end is gone.
    #[component(name = "dropped-after")]
    DroppedAfter,
    /// Cancelled before it was started.
    #[component(name = "cancelled-before-start")]
    CancelledBeforeStart,
    /// Cancelled in flight.
    #[component(name = "cancelled-in-flight")]
    CancelledInFlight,
    /// The cancel found it finished.
    #[component(name = "cancelled-after-finish")]
    CancelledAfterFinish,
    /// A zero-length read or write.
    #[component(name = "zero-length")]
    ZeroLength,
    /// Subtask: the callee had not been admitted.
    #[component(name = "cancelled-starting")]
    CancelledStarting,
    /// Subtask: the callee was running.
    #[component(name = "cancelled-started")]
    CancelledStarted,
    /// Subtask: the callee had returned.
    #[component(name = "cancelled-returned")]
    CancelledReturned,
}

/// What happened in a guest, and how often.
#[derive(Clone, Debug, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
pub struct Operation {
    /// What it is about.
    pub kind: Kind,
    /// What became of it.
    pub timing: Timing,
    /// The payload's Rust type.
    pub payload: String,
    /// How often.
    pub count: u64,
}

/// What one guest recorded in one scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Traced {
    /// The scenario.
    pub scenario: String,
    /// The guest.
    pub guest: String,
    /// Who was at the other side; nothing where a guest was alone.
    pub peer: Option<Variant>,
    /// What its runtime recorded.
    pub operations: Vec<Operation>,
}
