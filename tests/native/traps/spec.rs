//! The tables of built-ins of the canonical ABI (canonical-abi.md §1.2 to §1.5, §2.2, §4,
//! §5.4), row by row: to which sites each of them comes.
//!
//! What is not here is out of scope, for the reasons that the table of sites gives.

use crate::host::Site::{self, *};
use std::collections::BTreeSet;

const SPEC: &[(&[&str], &[Site])] = &[
    // Entering an instance, and what entries and callbacks return.
    (&["call of an export"], &[MayEnter]),
    (&["callback"], &[CallbackCode]),
    (&["WAIT"], &[NoEntry, NoSet]),
    (&["EXIT"], &[ExitUnresolved]),
    (&["return of a synchronous export"], &[ReturnWithBorrows]),
    // Waitable sets.
    (&["waitable-set.new"], &[MayLeave, TableFull]),
    (
        &["waitable-set.wait"],
        &[MayLeave, NoEntry, NoSet, WaitInSyncTask, Deadlock],
    ),
    (&["waitable-set.poll"], &[MayLeave, NoEntry, NoSet]),
    (
        &["waitable-set.drop"],
        &[MayLeave, NoEntry, NoSet, SetHasMembers, SetHasWaiters],
    ),
    (
        &["waitable.join"],
        &[MayLeave, NoEntry, NoWaitable, JoinWhileWaitedFor],
    ),
    (&["waitable.join to a set"], &[NoEntry, NoSet]),
    // Subtasks.
    (&["call of an import"], &[MayLeave, TableFull]),
    (
        &["subtask.cancel"],
        &[
            MayLeave,
            NoEntry,
            NoSubtask,
            CancelOfDelivered,
            CancelTwice,
            CancelWithStarted,
            SyncInSet,
            BlockInSyncTask,
            Deadlock,
        ],
    ),
    (
        &["subtask.drop"],
        &[MayLeave, NoEntry, NoSubtask, DropOfUndelivered],
    ),
    // Streams and futures.
    (&["stream.new", "future.new"], &[MayLeave, TableFull]),
    (
        &["stream.read", "stream.write"],
        &[
            MayLeave,
            NoEntry,
            NoSuchEnd,
            OtherType,
            TooManyItems,
            NotAligned,
            NotInMemory,
            NotIdle,
            OneInstance,
        ],
    ),
    (
        &["future.read", "future.write"],
        &[
            MayLeave,
            NoEntry,
            NoSuchEnd,
            OtherType,
            NotAligned,
            NotInMemory,
            NotIdle,
            OneInstance,
        ],
    ),
    (
        &[
            "stream.cancel-read",
            "stream.cancel-write",
            "future.cancel-read",
            "future.cancel-write",
        ],
        &[
            MayLeave,
            NoEntry,
            NoSuchEnd,
            OtherType,
            NotCopying,
            SyncInSet,
            BlockInSyncTask,
        ],
    ),
    (
        &[
            "stream.drop-readable",
            "stream.drop-writable",
            "future.drop-readable",
        ],
        &[MayLeave, NoEntry, NoSuchEnd, OtherType, DropInFlight],
    ),
    (
        &["future.drop-writable"],
        &[
            MayLeave,
            NoEntry,
            NoSuchEnd,
            OtherType,
            DropInFlight,
            FutureNotDone,
        ],
    ),
    // Handles that leave the instance.
    (
        &["lift of a stream", "lift of a future"],
        &[NoEntry, NoSuchEnd, OtherType, LiftFromSet, LiftNotIdle],
    ),
    (&["lift of an own"], &[NoEntry, NoResource, Lent]),
    (&["lift of a borrow"], &[NoEntry, NoResource]),
    (&["resource.drop"], &[MayLeave, NoEntry, NoResource, Lent]),
    // Tasks.
    (
        &["task.return"],
        &[
            MayLeave,
            ReturnInSyncTask,
            ReturnOfOther,
            ReturnResolved,
            ReturnWithBorrows,
        ],
    ),
    (
        &["task.cancel"],
        &[
            MayLeave,
            TaskCancelInSyncTask,
            TaskCancelNotDelivered,
            TaskCancelWithBorrows,
        ],
    ),
    (&["backpressure.inc"], &[BackpressureInc]),
    (&["backpressure.dec"], &[BackpressureDec]),
    (&["thread.yield"], &[MayLeave]),
    // Error contexts.
    (&["error-context.new"], &[MayLeave, TableFull]),
    (
        &["error-context.debug-message", "error-context.drop"],
        &[MayLeave, NoEntry, NoErrorContext],
    ),
];

/// What wasmtime adds.
const WASMTIME: &[(&[&str], &[Site])] = &[
    (&["stream.write", "future.write"], &[ReaderExited]),
    (&["task.return"], &[CallerExited]),
    (
        &[
            "stream.cancel-read",
            "stream.cancel-write",
            "future.cancel-read",
            "future.cancel-write",
            "subtask.cancel",
        ],
        &[CancelInSyncTask],
    ),
];

#[test]
fn each_built_in_comes_to_the_sites_of_the_specification() {
    let rows = SPEC.iter().chain(WASMTIME).flat_map(|(built_ins, sites)| {
        let sites = sites.iter();
        sites.flat_map(|site| built_ins.iter().map(|built_in| (*built_in, *site)))
    });
    let specified: BTreeSet<_> = rows.collect();
    let sites = Site::ALL.iter();
    let modelled: BTreeSet<_> = sites
        .flat_map(|site| site.reached_by().map(|built_in| (built_in, *site)))
        .collect();
    let missing: Vec<_> = specified.difference(&modelled).collect();
    assert!(missing.is_empty(), "not in the table of sites: {missing:?}");
    let unknown: Vec<_> = modelled.difference(&specified).collect();
    assert!(unknown.is_empty(), "not in the specification: {unknown:?}");
}
