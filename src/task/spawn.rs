//! Running a future beside the current one.

use super::abort::AbortOnDrop;
use crate::waitable::{Current, cabi, current};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::task::{Context, Poll};
use futures::channel::oneshot;
use futures::task::AtomicWaker;

/// Runs `future` beside the one that calls this, in the same task.
///
/// The task exits when its root *and* all that was spawned have finished, so an
/// export can return its result and go on working. If the task is cancelled
/// the root is dropped and what was spawned goes on. In
/// [`block_on`](crate::block_on) the future runs, and is finished, inside of that
/// call.
///
/// # Panics
///
/// If no task is running, or if the running task belongs to other bindings that
/// cannot spawn (wit-bindgen before 0.63, or without `async-spawn`).
///
/// # Cancel safety
///
/// Dropping the handle lets the future go on; [`JoinHandle::cancel`] ends it.
///
/// # Examples
///
/// ```
/// async fn both() -> u32 {
///     let half = wit_async::spawn_local(async { 20 });
///     let other = 22;
///     half.await.expect("nobody cancelled it") + other
/// }
/// ```
#[track_caller]
pub fn spawn_local<T: 'static>(future: impl Future<Output = T> + 'static) -> JoinHandle<T> {
    let (sender, receiver) = oneshot::channel();
    let abort = Arc::new(Abort {
        asked: AtomicBool::new(false),
        waker: AtomicWaker::new(),
    });
    let asked = Arc::clone(&abort);
    let future = Box::new(async move {
        // Not `Abortable`: it borrows the future that it wraps as shared, and
        // futures that borrow from themselves must not be.
        let mut future = pin!(future);
        let output = poll_fn(|cx| asked.or(future.as_mut(), cx)).await;
        if let Some(output) = output {
            // Nobody has to want it.
            let _ = sender.send(output);
        }
    });
    spawn("spawn_local", future);
    JoinHandle { receiver, abort }
}

/// Queues a future with the running task, for `caller`.
#[track_caller]
pub(super) fn spawn(caller: &str, future: Box<dyn Future<Output = ()>>) {
    match current() {
        Current::Ours(home) => home.spawn(Pin::from(future)),
        // SAFETY: the task is the current one.
        Current::Foreign(task) => match unsafe { cabi::Task::spawn(task, future) } {
            Ok(()) => {}
            Err(_) => panic!(
                "`{caller}` was called in a task of other bindings that cannot spawn; \
                 wit-bindgen can from 0.63 on, with its feature `async-spawn`"
            ),
        },
        Current::None => panic!(
            "`{caller}` was called outside of a task; call it in an async export or \
             inside of `block_on`"
        ),
    }
}

/// A future that was spawned.
///
/// Awaiting it yields the output, or `None` if the future was cancelled or
/// dropped with its task.
///
/// # Cancel safety
///
/// Dropping it lets the future go on. Awaiting it by reference loses nothing.
///
/// # Examples
///
/// ```
/// async fn give_up() {
///     let mut job = wit_async::spawn_local(core::future::pending::<()>());
///     job.cancel();
///     assert_eq!(job.await, None);
/// }
/// ```
pub struct JoinHandle<T> {
    receiver: oneshot::Receiver<T>,
    abort: Arc<Abort>,
}

/// Whether a spawned future is to end early.
struct Abort {
    asked: AtomicBool,
    waker: AtomicWaker,
}

impl Abort {
    /// Polls `future`, or yields `None` if it is to end.
    fn or<F: Future>(&self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        self.waker.register(cx.waker());
        if self.asked.load(Relaxed) {
            return Poll::Ready(None);
        }
        future.poll(cx).map(Some)
    }
}

impl<T> JoinHandle<T> {
    /// Drops the future the next time its task runs.
    ///
    /// It may have finished by then: await the handle to see.
    pub fn cancel(&mut self) {
        self.abort.asked.store(true, Relaxed);
        self.abort.waker.wake();
    }

    /// Ends the future when the handle is dropped, as [`cancel`](JoinHandle::cancel) does.
    ///
    /// # Examples
    ///
    /// See [`AbortOnDrop`].
    pub fn abort_on_drop(self) -> AbortOnDrop<JoinHandle<T>> {
        AbortOnDrop::new(self)
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.receiver).poll(cx).map(Result::ok)
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}
