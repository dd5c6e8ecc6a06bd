//! Waiting for a future in the middle of synchronous code.

use super::executor::Task;
use crate::abi::{CallbackCode, Event};
use crate::{sys, waitable};
use alloc::boxed::Box;
use core::future::Future;

/// Runs `future` to completion and returns its output.
///
/// The future may borrow. What it spawns with [`spawn_local`](crate::spawn_local)
/// runs here too, and is finished before this returns. A future's default that is
/// still being written in the background then is left to the task around.
///
/// Inside of an async export this keeps the instance's lock: other async
/// exports of the instance get no events until it returns, and what was spawned in the
/// task before does not run either. So a future that waits for one of these, such as a
/// [`JoinHandle`](crate::JoinHandle) from outside, never finishes, like one that waits for a
/// message that nobody sends; if nothing else can go on the host says so (wasmtime 48:
/// "deadlock detected"). What the runtime does for the task around does go on whenever this
/// waits: a reader that was handed away passes on what it
/// [kept](crate#what-a-dropped-read-gets). In a synchronous export the host traps if this has
/// to wait and nothing else can run.
///
/// After every 128 operations that complete meanwhile this [yields to the host](crate#turns),
/// with an allowance of its own: the task around it keeps what it has left. A loop of many
/// short `block_on`s yields nowhere.
///
/// A cancel request to the component-model task of the caller is not seen while
/// this waits: the ABI reports it only to async code.
///
/// # Panics
///
/// In a synchronous export or a destructor, when `future` leaves an operation in
/// flight that has to end before that code does: a call of an import, or a read of
/// a future or of items that are not the same in Rust and in the ABI. The host
/// forbids to cancel it there.
///
/// # Examples
///
/// ```no_run
/// let text = String::from("borrowed");
/// let length = wit_async::block_on(async { text.len() });
/// assert_eq!(length, 8);
/// ```
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut output = None;
    let mut task = Task::nested(Box::pin(async { output = Some(future.await) }));
    let mut event = Event::None;
    loop {
        event = match task.turn(event) {
            CallbackCode::Exit => break,
            CallbackCode::Yield => {
                waitable::preserve(sys::thread_yield);
                Event::None
            }
            // An event that is there already needs no wait, and waiting is what a
            // synchronous export may not do.
            CallbackCode::Wait(set) => match sys::waitable_set_poll(set) {
                Event::None => {
                    let event = waitable::preserve(|| sys::waitable_set_wait(set));
                    task.has_blocked();
                    event
                }
                event => event,
            },
        };
    }
    task.end();
    output.expect("a task ends when its root has")
}
