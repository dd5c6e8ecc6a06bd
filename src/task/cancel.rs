//! Answering a cancel request.

use crate::sys;
use core::mem;

/// Tells the host that this task is cancelled, unless it has returned.
///
/// Generated entries make one first and forget it right before they return
/// their result. It is thus dropped when the root future is, after everything
/// else of that future, borrowed handles included: the ABI wants those back
/// before `task.cancel`.
#[doc(hidden)]
#[derive(Debug)]
pub struct TaskCancelOnDrop(());

impl TaskCancelOnDrop {
    /// Begins.
    #[allow(clippy::new_without_default, reason = "generated code calls `new`")]
    pub fn new() -> TaskCancelOnDrop {
        TaskCancelOnDrop(())
    }

    /// The task is about to return.
    pub fn forget(self) {
        mem::forget(self);
    }
}

impl Drop for TaskCancelOnDrop {
    fn drop(&mut self) {
        sys::task_cancel();
    }
}
