//! Raw built-ins, and what it takes to write a task by hand: no runtime.
//!
//! A [`Machine`] is a task. It lies in a [`Place`], allocates nothing, and waits on the
//! one [set](set) of its instance, which what it waits for joins once and never leaves.

#![no_std]

mod export;
mod lent;
mod stream;

pub use export::{Machine, Place, Step, resume};
pub use lent::{Lent, Text};
pub use stream::{Future, Stream};

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// What a read or a write returns that has to wait.
pub const BLOCKED: u32 = u32::MAX;

/// In the lower bits of what a read or a write comes to: the other end is gone.
pub const DROPPED: u32 = 1;

/// In the lower bits of what a read comes to that was cancelled.
pub const CANCELLED: u32 = 2;

/// The state of a call that has returned.
pub const RETURNED: u32 = 2;

/// What happened to a call.
pub const SUBTASK: u32 = 1;

/// What a read of a stream came to.
pub const STREAM_READ: u32 = 2;

/// What a write to a stream came to.
pub const STREAM_WRITE: u32 = 3;

/// What a read of a future came to.
pub const FUTURE_READ: u32 = 4;

/// What a write of a future came to.
pub const FUTURE_WRITE: u32 = 5;

/// What the host calls a task with.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// What kind of event it is.
    pub kind: u32,
    /// Whom it is about.
    pub handle: u32,
    /// What it says.
    pub code: u32,
}

impl Event {
    /// None: the task begins, or had given way.
    pub const NONE: Event = Event {
        kind: 0,
        handle: 0,
        code: 0,
    };
}

/// In how many items a read or a write came to, and whether the other end is gone.
pub fn copied(code: u32) -> (u32, bool) {
    (code >> 4, code & 15 == DROPPED)
}

#[link(wasm_import_module = "$root")]
unsafe extern "C" {
    #[link_name = "[waitable-set-new]"]
    fn waitable_set_new() -> u32;
    #[link_name = "[waitable-join]"]
    fn waitable_join(waitable: u32, set: u32);
    #[link_name = "[subtask-drop]"]
    fn subtask_drop(subtask: u32);
}

/// The set of this instance.
pub fn set() -> u32 {
    static SET: AtomicU32 = AtomicU32::new(0);
    match SET.load(Relaxed) {
        0 => {
            let set = new_set();
            SET.store(set, Relaxed);
            set
        }
        set => set,
    }
}

/// Another set, where two tasks of an instance wait.
pub fn new_set() -> u32 {
    // SAFETY: This built-in has no conditions.
    unsafe { waitable_set_new() }
}

/// Lets the set of this instance have the events of `waitable`.
pub fn join(waitable: u32) {
    join_to(waitable, set());
}

/// Lets a set have the events of `waitable`.
pub fn join_to(waitable: u32, set: u32) {
    // SAFETY: The built-in checks both handles; a wrong one is a trap.
    unsafe { waitable_join(waitable, set) }
}

/// Drops a call that has returned.
pub fn drop_subtask(subtask: u32) {
    // SAFETY: The built-in checks the handle; a wrong one is a trap.
    unsafe { subtask_drop(subtask) }
}
