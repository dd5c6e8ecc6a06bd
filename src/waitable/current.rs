//! Which executor is polling right now.

use super::allowance::{self, Left};
use super::cabi::Task;
use super::home::Home;
use crate::sys;
use alloc::sync::Arc;
use core::ptr;

/// The executor whose poll is on the stack.
pub(crate) enum Current {
    /// None: a synchronous export, a destructor, a callback outside of a poll.
    None,
    /// One of ours.
    Ours(Arc<Home>),
    /// One of another crate, or of another copy of this one.
    Foreign(*const Task),
}

/// What the cell holds. Reading it is two swaps, because setting is the only
/// operation that it has.
pub(super) fn peek() -> *mut Task {
    let task = sys::wasip3_task_set(ptr::null_mut());
    if !task.is_null() {
        sys::wasip3_task_set(task);
    }
    task
}

/// Calls `f` with the home of the executor that is polling, without touching
/// its reference count; `Err` is what else the cell holds.
pub(super) fn with_home<R>(f: impl FnOnce(&Arc<Home>) -> R) -> Result<R, *const Task> {
    let task = peek();
    if task.is_null() {
        return Err(task);
    }
    // SAFETY: whoever sets the cell keeps its target alive until it resets it.
    let Some(home) = (unsafe { Task::home(task) }) else {
        return Err(task);
    };
    // SAFETY: the pointer is that of an `Arc`, which the executor whose poll is
    // on the stack keeps alive; the count is not touched.
    let home = core::mem::ManuallyDrop::new(unsafe { Arc::from_raw(home) });
    Ok(f(&home))
}

/// The same, where the home is that of the code that is running; otherwise that is
/// part of no task.
pub(super) fn with_own_home<R>(f: impl FnOnce(&Arc<Home>) -> R) -> Result<R, *const Task> {
    match with_home(|home| home.is_running().then(|| f(home))) {
        Ok(Some(result)) => Ok(result),
        Ok(None) => Err(ptr::null()),
        Err(task) => Err(task),
    }
}

/// The executor that is polling.
pub(crate) fn current() -> Current {
    match with_own_home(Arc::clone) {
        Ok(home) => Current::Ours(home),
        Err(task) if task.is_null() => Current::None,
        Err(task) => Current::Foreign(task),
    }
}

/// Whether the code that is running is that of the executor in the cell, if it is
/// one of ours.
pub(super) fn is_own() -> bool {
    with_home(|home| home.is_running()).unwrap_or(true)
}

/// Calls `f` while `home` is the current task, without a limit at first.
pub(crate) fn enter<R>(home: &Arc<Home>, f: impl FnOnce() -> R) -> R {
    let mut task = Task::of(home);
    let _reset = Reset::to(sys::wasip3_task_set(&raw mut task));
    f()
}

/// Puts back the cell, and the allowance, also when a panic unwinds.
struct Reset {
    task: *mut Task,
    left: Left,
}

impl Reset {
    /// Until it is dropped there is no limit.
    fn to(task: *mut Task) -> Reset {
        let left = allowance::suspend();
        Reset { task, left }
    }
}

impl Drop for Reset {
    fn drop(&mut self) {
        sys::wasip3_task_set(self.task);
        allowance::replace(self.left);
    }
}

/// Calls `f`, which may block, and afterwards makes current what is current
/// now. While we are blocked other code of this instance runs: tasks, which need
/// not nest with us, so what they leave in the cell is not what they found, and
/// synchronous exports and destructors, which are part of no task of ours and are
/// under no limit.
pub(crate) fn preserve<R>(f: impl FnOnce() -> R) -> R {
    let _reset = Reset::to(sys::wasip3_task_set(ptr::null_mut()));
    f()
}

/// Whether the code that is running may cancel an operation: the synchronous
/// built-in traps where the component-model task is a synchronous one (canonical
/// ABI, "stream.cancel-read"; wasmtime 48 traps even if it would not block).
///
/// In executors of other crates this is taken for granted.
pub(crate) fn may_cancel() -> bool {
    match with_home(|home| home.may_block() && home.is_running()) {
        Ok(may_block) => may_block,
        Err(task) => !task.is_null(),
    }
}
