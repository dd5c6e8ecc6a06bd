//! What is alive, and what became of each operation.
//!
//! With the feature `diagnostics` the runtime counts what it owns and records
//! the outcome of operations, for test harnesses. Without it the functions
//! that it calls are empty.

#[cfg(feature = "diagnostics")]
mod live;
#[cfg(feature = "diagnostics")]
mod trace;

#[cfg(feature = "diagnostics")]
pub use live::{Live, live};
#[cfg(feature = "diagnostics")]
pub use trace::{Recorded, trace};

/// What is counted.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Gauge {
    /// Readable and writable ends.
    Ends,
    /// Operations in flight.
    Operations,
    /// Waitable sets.
    Sets,
    /// Subtasks.
    Subtasks,
    /// Blocks lent to the host.
    Blocks,
}

/// The kind of an operation.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A read of a future.
    FutureRead,
    /// A write of a future.
    FutureWrite,
    /// A read of a stream.
    StreamRead,
    /// A write of a stream.
    StreamWrite,
    /// A call of an import.
    Subtask,
}

/// What became of an operation, seen from the side that started it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Timing {
    /// Finished in the call that started it, with all that was asked for.
    AtOnce,
    /// Blocked, then finished with all that was asked for.
    Blocked,
    /// Finished with some, but fewer items than asked for.
    Partial,
    /// The other end was gone when it started.
    DroppedBefore,
    /// The other end went away while it was blocked.
    DroppedDuring,
    /// Started on an end that had been told before that the other end is gone.
    DroppedAfter,
    /// Cancelled before it was started.
    CancelledBeforeStart,
    /// Cancelled in flight; nothing was transferred.
    CancelledInFlight,
    /// The cancel found that the other side had finished it.
    CancelledAfterFinish,
    /// Of length zero, and finished.
    ZeroLength,
    /// A subtask, cancelled before the callee was admitted.
    CancelledStarting,
    /// A subtask, cancelled while the callee was running.
    CancelledStarted,
    /// A subtask, cancelled when the callee had returned.
    CancelledReturned,
}

#[cfg(feature = "diagnostics")]
mod on {
    use super::{Gauge, Kind, Timing, live, trace};

    /// What is counted and recorded in one instance.
    pub(crate) struct Gauges {
        pub(super) live: live::Counters,
        pub(super) trace: trace::Trace,
    }

    impl Gauges {
        pub(crate) const fn new() -> Gauges {
            Gauges {
                live: live::Counters::new(),
                trace: trace::Trace::new(),
            }
        }
    }

    /// One more of `gauge`.
    pub(crate) fn count(gauge: Gauge) {
        live::add(gauge, 1);
    }

    /// One less of `gauge`.
    pub(crate) fn uncount(gauge: Gauge) {
        live::add(gauge, -1);
    }

    /// Notes what became of an operation with payload `T`.
    pub(crate) fn record<T>(kind: Kind, timing: Timing) {
        trace::record(kind, timing, core::any::type_name::<T>());
    }
}

#[cfg(not(feature = "diagnostics"))]
mod off {
    use super::{Gauge, Kind, Timing};

    #[inline(always)]
    pub(crate) fn count(_: Gauge) {}

    #[inline(always)]
    pub(crate) fn uncount(_: Gauge) {}

    #[inline(always)]
    #[allow(
        clippy::extra_unused_type_parameters,
        reason = "used with the feature on"
    )]
    pub(crate) fn record<T>(_: Kind, _: Timing) {}
}

#[cfg(not(feature = "diagnostics"))]
pub(crate) use off::{count, record, uncount};
#[cfg(feature = "diagnostics")]
pub(crate) use on::{Gauges, count, record, uncount};
