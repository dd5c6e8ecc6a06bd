//! Every place where the canonical ABI traps.
//!
//! A trap names its [`Site`], and a site says which built-ins come to it. The
//! tests in `tests/native/traps` have a row for each site and each of its
//! built-ins, which triggers just that; one of them compares the rows with this
//! table, so that neither a site nor a built-in is forgotten.
//!
//! # Out of scope
//!
//! | Site | Reason |
//! |---|---|
//! | `thread.*` but for `thread.yield`, stackful lifts | threads: the runtime has one, and the interface of native hosts no built-in for others |
//! | synchronous `read` and `write` (member of a set, blocking in a synchronous task, `cancel-*` of one that waits) | the runtime has copies lowered asynchronously only; the rest of it is threads |
//! | asynchronous `cancel-*` and `subtask.cancel` | the runtime has cancels lowered synchronously only |
//! | synchronous call of an asynchronous import in a synchronous task | generated code, without the runtime |
//! | `stream.forward`, `future.forward` | newer than the specification that the host follows; the runtime has neither |
//! | `resource.drop`, lift of a handle: another resource type | there is one |
//! | `task.return`: options for memory and strings | there are none in one process |
//! | `waitable-set.wait`, `.poll`: the pointer | a reference to two words here, which is always valid |
//! | `stream.read`, `.write`: the window ends in memory | no linear memory here. A null pointer and a window that wraps around trap; the host touches all of the window, so that Miri sees the rest |
//! | `resource.new`, `resource.rep`, a destructor in an instance that cannot be entered, the scope of a borrow | generated code, without the runtime; the resource type of the tests is the host's |
//! | strings, lists, variants, results of `realloc`, handles in lowered values | value lifting and lowering; what concerns handles is here where the runtime can get it wrong |
//! | `context.get`, `context.set` | never trap |
//!
//! Where a part of the specification says more than hosts do or less, the host
//! has what is stricter, unless it is a switch of the [rules](super::Rules):
//! `waitable-set.wait` traps in a synchronous task even if
//! a sibling could go on, and copies of length 0 meet like others.

/// Built-ins that copy.
const COPY: &[&str] = &["stream.read", "stream.write", "future.read", "future.write"];

/// Built-ins that take a copy back.
const CANCEL: &[&str] = &[
    "stream.cancel-read",
    "stream.cancel-write",
    "future.cancel-read",
    "future.cancel-write",
];

/// Built-ins that drop an end.
const DROP: &[&str] = &[
    "stream.drop-readable",
    "stream.drop-writable",
    "future.drop-readable",
    "future.drop-writable",
];

/// Built-ins that make a handle. An import does when it has not returned at once.
const MAKE: &[&str] = &[
    "waitable-set.new",
    "stream.new",
    "future.new",
    "error-context.new",
    "call of an import",
];

/// Built-ins that take the index of a set.
const SET: &[&str] = &[
    "waitable-set.wait",
    "waitable-set.poll",
    "waitable-set.drop",
    "waitable.join to a set",
];

const SUBTASK: &[&str] = &["subtask.cancel", "subtask.drop"];

const ERROR_CONTEXT: &[&str] = &["error-context.debug-message", "error-context.drop"];

const LIFT_END: &[&str] = &["lift of a stream", "lift of a future"];

const RESOURCE: &[&str] = &["resource.drop", "lift of an own", "lift of a borrow"];

macro_rules! sites {
    ($($name:ident: $rule:literal, by $by:expr;)*) => {
        /// A place where the canonical ABI traps; see the [module](self).
        #[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Site {
            $(#[doc = $rule] $name,)*
        }

        impl Site {
            pub const ALL: &[Site] = &[$(Site::$name),*];

            /// The rule of the canonical ABI.
            pub fn rule(self) -> &'static str {
                match self {
                    $(Site::$name => $rule,)*
                }
            }

            /// What can come to it.
            pub fn reached_by(self) -> impl Iterator<Item = &'static str> {
                let groups: &[&[&'static str]] = match self {
                    $(Site::$name => &$by,)*
                };
                groups.iter().flat_map(|group| group.iter().copied())
            }
        }
    };
}

sites! {
    // The instance.
    MayEnter: "lift: may_enter", by [&["call of an export"]];
    MayLeave: "may_leave: no realloc and no post-return runs",
        by [
            MAKE, COPY, CANCEL, DROP, SUBTASK, ERROR_CONTEXT,
            &["waitable-set.wait", "waitable-set.poll", "waitable-set.drop"],
            &["waitable.join", "thread.yield", "task.return", "task.cancel", "resource.drop"],
        ];
    BackpressureInc: "backpressure.inc: below 2^16", by [&["backpressure.inc"]];
    BackpressureDec: "backpressure.dec: above 0", by [&["backpressure.dec"]];
    Deadlock: "deadlock", by [&["waitable-set.wait", "subtask.cancel"]];

    // The table of handles.
    TableFull: "Table.add: at most 2^28-1 handles", by [MAKE];
    NoEntry: "Table.get: the index is in use",
        by [
            SET, &["waitable.join", "WAIT"], SUBTASK, COPY, CANCEL, DROP, LIFT_END, RESOURCE,
            ERROR_CONTEXT,
        ];
    NoSet: "waitable-set.*: the index is a waitable set", by [SET, &["WAIT"]];
    NoWaitable: "waitable.join: the index is a waitable", by [&["waitable.join"]];
    NoSubtask: "subtask.*: the index is a subtask", by [SUBTASK];
    NoSuchEnd: "stream/future.*: the index is an end of this kind",
        by [COPY, CANCEL, DROP, LIFT_END];
    OtherType: "stream/future.*: the type is that of the end", by [COPY, CANCEL, DROP, LIFT_END];
    NoResource: "resource.*: the index is a resource", by [RESOURCE];
    NoErrorContext: "error-context.*: the index is an error context", by [ERROR_CONTEXT];

    // Waitable sets.
    SetHasMembers: "waitable-set.drop: no members", by [&["waitable-set.drop"]];
    SetHasWaiters: "waitable-set.drop: no waiters", by [&["waitable-set.drop"]];
    JoinWhileWaitedFor: "waitable.join: nobody waits for it synchronously",
        by [&["waitable.join"]];
    WaitInSyncTask: "waitable-set.wait: not in a synchronous task", by [&["waitable-set.wait"]];
    BlockInSyncTask: "cancel-*, subtask.cancel: a synchronous task does not block",
        by [CANCEL, &["subtask.cancel"]];
    SyncInSet: "cancel-*, subtask.cancel: a synchronous operation on a member of a set",
        by [CANCEL, &["subtask.cancel"]];

    // Subtasks.
    CancelOfDelivered: "subtask.cancel: the resolve was not delivered", by [&["subtask.cancel"]];
    CancelTwice: "subtask.cancel: not requested before", by [&["subtask.cancel"]];
    CancelWithStarted: "subtask.cancel: no undelivered STARTED", by [&["subtask.cancel"]];
    DropOfUndelivered: "subtask.drop: the resolve was delivered", by [&["subtask.drop"]];

    // Streams and futures.
    TooManyItems: "stream.read/write: at most 2^28-1 items",
        by [&["stream.read", "stream.write"]];
    NotAligned: "stream.read/write: ptr is aligned", by [COPY];
    NotInMemory: "stream.read/write: the window is in memory", by [COPY];
    NotIdle: "stream.read/write: the end is IDLE", by [COPY];
    OneInstance: "stream.read/write: no rendezvous within one instance", by [COPY];
    NotCopying: "stream.cancel-read/write: the end is COPYING", by [CANCEL];
    DropInFlight:
        "stream.drop-readable/-writable: no copy is in flight, no event is undelivered",
        by [DROP];
    FutureNotDone: "future.drop-writable: the end is DONE", by [&["future.drop-writable"]];

    // Handles that leave the instance.
    LiftFromSet: "lift of a stream or future: in no set", by [LIFT_END];
    LiftNotIdle: "lift of a stream or future: IDLE", by [LIFT_END];
    Lent: "resource.drop, lift of an own: nothing is lent",
        by [&["resource.drop", "lift of an own"]];

    // Tasks.
    CallbackCode: "callback: the code is at most 2", by [&["callback"]];
    ExitUnresolved: "EXIT: the task has resolved", by [&["EXIT"]];
    ReturnInSyncTask: "task.return: the task is asynchronous", by [&["task.return"]];
    ReturnOfOther: "task.return: the result type is that of the export that runs",
        by [&["task.return"]];
    ReturnResolved: "task.return: not resolved", by [&["task.return"]];
    ReturnWithBorrows: "task.return: no borrowed handles",
        by [&["task.return", "return of a synchronous export"]];
    TaskCancelInSyncTask: "task.cancel: the task is asynchronous", by [&["task.cancel"]];
    TaskCancelNotDelivered: "task.cancel: CANCEL_DELIVERED", by [&["task.cancel"]];
    TaskCancelWithBorrows: "task.cancel: no borrowed handles", by [&["task.cancel"]];

    // What wasmtime adds.
    ReaderExited: "stream.write, future.write (wasmtime): the task that reads is there",
        by [&["stream.write", "future.write"]];
    CallerExited: "task.return (wasmtime): the task that called is there", by [&["task.return"]];
    CancelInSyncTask: "cancel-*, subtask.cancel (wasmtime): not in a synchronous task",
        by [CANCEL, &["subtask.cancel"]];
}
