//! Calls that are cancelled without waiting for the callee.
//!
//! The synchronous `subtask.cancel` blocks until the callee has answered. The asynchronous
//! one asks, and the answer is an event like any other: the call goes on as an
//! [`Orphan`], which nobody cancels again.
//!
//! Hosts need not offer that built-in, and a component that imports it does not run on
//! those that do not. So nothing here names it: who [wants](asking) it brings it along.

use super::adrift::{Adrift, Orphan, leave_asked};
use super::current::{may_cancel, preserve};
use super::seats;
use crate::abi::{Payload, Waitable};
use crate::instance;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::mem;

/// Asks the host to cancel a call. None if the answer is to come.
pub(crate) type Ask = fn(Waitable) -> Option<Payload>;

/// Whether calls that are dropped are to be asked for, and those that were.
pub(crate) struct Asked {
    ask: Cell<Option<Ask>>,
    calls: RefCell<Vec<Arc<Orphan>>>,
}

impl Asked {
    pub(crate) const fn new() -> Asked {
        Asked {
            ask: Cell::new(None),
            calls: RefCell::new(Vec::new()),
        }
    }
}

/// Calls `f`. Calls that are dropped in it are asked for by `ask`; returns those whose
/// answer is to come.
pub(crate) fn asking(ask: Ask, f: impl FnOnce()) -> Vec<Arc<Orphan>> {
    /// As it was before, also if `f` panics.
    struct Reset(Option<Ask>, Vec<Arc<Orphan>>);

    impl Drop for Reset {
        fn drop(&mut self) {
            let (ask, calls) = (self.0, mem::take(&mut self.1));
            let others = instance::with(|instance| {
                instance.asked.ask.set(ask);
                instance.asked.calls.replace(calls)
            });
            drop(others);
        }
    }

    let reset = instance::with(|instance| {
        let Asked { ask: before, calls } = &instance.asked;
        Reset(before.replace(Some(ask)), calls.take())
    });
    f();
    let asked = instance::with(|instance| instance.asked.calls.take());
    drop(reset);
    asked
}

/// Whether the call on `waitable` is to be asked for. One that another task started is
/// not: the host wants that task to be there for the answer.
pub(crate) fn is_to_be_asked(waitable: Waitable) -> Option<Ask> {
    let ask = instance::with(|instance| instance.asked.ask.get())?;
    seats::is_of_running_task(waitable).then_some(ask)
}

/// Stands still until `call` has been answered, where that is possible.
pub(crate) fn stand_still_for(call: &Orphan) {
    if may_cancel()
        && let Some((_over, mut operation)) = call.take()
    {
        operation.stop();
    }
}

/// Asks for the call on `waitable`, which goes on as `operation` if the answer is to come.
pub(crate) fn ask_for(waitable: Waitable, mut operation: Box<dyn Adrift>, ask: Ask) {
    let left = seats::leave(waitable);
    match preserve(|| ask(waitable)) {
        Some(answer) => {
            let over = operation.hears(answer);
            debug_assert!(over, "the host answered at once");
        }
        None => {
            operation.is_asked();
            // The host wants the task that made the call to be there for the answer.
            let _is_here = seats::attend(waitable);
            let orphan = leave_asked(waitable, operation);
            instance::with(|instance| instance.asked.calls.borrow_mut().push(orphan));
        }
    }
    drop(left);
}
