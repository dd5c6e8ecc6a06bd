//! The runtime's own counts, in the types of the harness's interface.

use crate::bindings::exports::test::harness::accounting as wit;
use wit_async::diagnostics::{self, Kind, Timing};

/// What is alive in the runtime of this guest.
pub fn counts() -> wit::Live {
    let live = diagnostics::live();
    wit::Live {
        ends: live.ends,
        operations: live.operations,
        sets: live.sets,
        subtasks: live.subtasks,
        orphans: live.orphans,
        blocks: live.blocks,
    }
}

/// What the runtime recorded.
pub fn trace() -> Vec<wit::Operation> {
    diagnostics::trace()
        .into_iter()
        .map(|recorded| wit::Operation {
            kind: kind(recorded.kind),
            timing: timing(recorded.timing),
            payload: recorded.payload.to_owned(),
            count: recorded.count,
        })
        .collect()
}

/// What the runtime recorded of calls.
pub fn calls() -> Vec<wit::Operation> {
    let mut calls = trace();
    calls.retain(|operation| operation.kind == wit::Kind::Subtask);
    calls
}

fn kind(kind: Kind) -> wit::Kind {
    match kind {
        Kind::FutureRead => wit::Kind::FutureRead,
        Kind::FutureWrite => wit::Kind::FutureWrite,
        Kind::StreamRead => wit::Kind::StreamRead,
        Kind::StreamWrite => wit::Kind::StreamWrite,
        Kind::Subtask => wit::Kind::Subtask,
        other => panic!("the harness does not know {other:?}"),
    }
}

fn timing(timing: Timing) -> wit::Timing {
    match timing {
        Timing::AtOnce => wit::Timing::AtOnce,
        Timing::Blocked => wit::Timing::Blocked,
        Timing::Partial => wit::Timing::Partial,
        Timing::DroppedBefore => wit::Timing::DroppedBefore,
        Timing::DroppedDuring => wit::Timing::DroppedDuring,
        Timing::DroppedAfter => wit::Timing::DroppedAfter,
        Timing::CancelledBeforeStart => wit::Timing::CancelledBeforeStart,
        Timing::CancelledInFlight => wit::Timing::CancelledInFlight,
        Timing::CancelledAfterFinish => wit::Timing::CancelledAfterFinish,
        Timing::ZeroLength => wit::Timing::ZeroLength,
        Timing::CancelledStarting => wit::Timing::CancelledStarting,
        Timing::CancelledStarted => wit::Timing::CancelledStarted,
        Timing::CancelledReturned => wit::Timing::CancelledReturned,
        other => panic!("the harness does not know {other:?}"),
    }
}
