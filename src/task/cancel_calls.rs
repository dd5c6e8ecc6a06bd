//! Cancelling calls without standing still.

use crate::sys;
use crate::waitable::{Orphan, Then, asking, stand_still_for};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::Poll;

/// Drops `in_flight`, and waits until the calls of imports that were in flight in it have
/// been answered.
///
/// Dropping the future of a call cancels it, and the instance stands still until the callee
/// has answered, which may take its time. Here other futures of the task, and other tasks,
/// go on meanwhile. What comes of the calls is dropped; everything else that was in flight
/// is dropped as always.
///
/// To give up waiting for a call and let it go on, there is no need to cancel it: call it
/// in a [spawned](crate::spawn_local) future, whose handle can be dropped.
///
/// # Which hosts
///
/// It takes the asynchronous form of `subtask.cancel` (canonical ABI, "subtask.cancel"),
/// which is gated in the component model (🚝). A component that calls this function imports
/// it, and needs a host that has it: wasmtime has it with
/// `Config::wasm_component_model_more_async_builtins`.
///
/// In synchronous code and where another task made a call, this is no different from
/// dropping it.
///
/// # Cancel safety
///
/// Dropping the future before the callees have answered waits for that, and the instance
/// stands still after all: what a call borrows is lent until then.
///
/// # Examples
///
/// ```
/// # async fn search(_: &str) -> Vec<String> { Vec::new() }
/// # async fn a_second() {}
/// async fn search_for_a_second(what: &str) -> Option<Vec<String>> {
///     use futures::future::{Either, select};
///
///     let hits = Box::pin(search(what));
///     match select(hits, Box::pin(a_second())).await {
///         Either::Left((hits, _)) => Some(hits),
///         Either::Right(((), hits)) => {
///             wit_async::cancel(hits).await;
///             None
///         }
///     }
/// }
/// ```
pub async fn cancel<T>(in_flight: T) {
    let asked = Unanswered(asking(sys::subtask_cancel_async, || drop(in_flight)));
    for call in &asked.0 {
        is_answered(call).await;
    }
}

/// Calls that nobody else waits for.
struct Unanswered(Vec<Arc<Orphan>>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.iter().for_each(|call| stand_still_for(call));
    }
}

async fn is_answered(call: &Arc<Orphan>) {
    poll_fn(|cx| {
        if call.is_over() {
            return Poll::Ready(());
        }
        call.then(Then::Wake(cx.waker().clone()));
        assert!(
            call.attend(),
            "`cancel` was polled outside of a task: it has to wait for the callee"
        );
        Poll::Pending
    })
    .await;
}
