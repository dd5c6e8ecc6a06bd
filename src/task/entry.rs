//! How the host enters an async export.

use super::executor::Task;
use crate::abi::{CallbackCode, Event};
use crate::sys;
use alloc::boxed::Box;
use core::future::Future;
use core::mem;

/// Starts an async export; the tail of every generated entry.
///
/// Polls `future` and returns the callback code for the host (canonical ABI,
/// "canon lift", async with callback).
#[doc(hidden)]
pub fn start_task(future: impl Future<Output = ()> + 'static) -> i32 {
    let state = Box::into_raw(Box::new(Task::new(Box::pin(future))));
    // The task is in the host's slot of this component-model task from the start: by
    // what is in there it knows its own code (see `Home::is_running`).
    sys::task_state_set(state.cast());
    let first = First(state);
    // SAFETY: just made, and nobody else uses it.
    let code = unsafe { turn(state, Event::None) };
    mem::forget(first);
    // SAFETY: the same.
    unsafe { leave(state, code) }.cast_signed()
}

/// A task in its first turn. If that panics, nobody else knows of the task.
struct First(*mut Task<'static>);

impl Drop for First {
    fn drop(&mut self) {
        // SAFETY: made by `Box::into_raw` in `start_task`, and not used after this.
        drop(unsafe { Box::from_raw(self.0) });
        sys::task_state_set(core::ptr::null_mut());
    }
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
    let code = unsafe { turn(state, Event::decode(event, p1, p2)) };
    // SAFETY: the same.
    unsafe { leave(state, code) }
}

/// # Safety
///
/// `state` comes from `start_task`, has not exited, and nobody else uses it.
unsafe fn turn(state: *mut Task<'static>, event: Event) -> CallbackCode {
    // SAFETY: as promised by the caller.
    let task = unsafe { &mut *state };
    task.is_known_by(state.cast());
    task.turn(event)
}

/// Goes back to the host.
///
/// # Safety
///
/// As of [`turn`]; if the task exits it is not used any more.
unsafe fn leave(state: *mut Task<'static>, code: CallbackCode) -> u32 {
    if code == CallbackCode::Exit {
        // SAFETY: made by `Box::into_raw` in `start_task`, and not used after this.
        drop(unsafe { Box::from_raw(state) });
        // Not before: destructors are its code too.
        sys::task_state_set(core::ptr::null_mut());
    }
    code.encode()
}
