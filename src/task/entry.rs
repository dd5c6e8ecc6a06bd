//! How the host enters an async export.

use super::executor::Task;
use crate::abi::{CallbackCode, Event};
use crate::sys;
use alloc::boxed::Box;
use core::future::Future;

/// Starts an async export; the tail of every generated entry.
///
/// Polls `future` and returns the callback code for the host (canonical ABI,
/// "canon lift", async with callback).
#[doc(hidden)]
pub fn start_task(future: impl Future<Output = ()> + 'static) -> i32 {
    let mut task = Box::new(Task::new(Box::pin(future)));
    let code = task.turn(Event::None);
    match code {
        CallbackCode::Exit => drop(task),
        // The task waits in the host's slot of this component-model task.
        _ => sys::task_state_set(Box::into_raw(task).cast()),
    }
    code.encode().cast_signed()
}

/// Goes on with an async export; the body of every generated callback.
///
/// # Safety
///
/// The current component-model task returned a code other than EXIT from
/// [`start_task`], or from this function, the last time.
#[doc(hidden)]
pub unsafe fn callback(event: u32, p1: u32, p2: u32) -> u32 {
    let state = sys::task_state_get().cast::<Task<'static>>();
    assert!(
        !state.is_null(),
        "the host called back a task that was not started by this runtime"
    );
    // SAFETY: `start_task` stored the pointer, and nobody else uses it: the
    // host calls back a task only when its last call has returned.
    let task = unsafe { &mut *state };
    let code = task.turn(Event::decode(event, p1, p2));
    if code == CallbackCode::Exit {
        sys::task_state_set(core::ptr::null_mut());
        // SAFETY: made by `Box::into_raw` in `start_task`, and the slot has
        // just forgotten it.
        drop(unsafe { Box::from_raw(state) });
    }
    code.encode()
}
