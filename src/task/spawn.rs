//! Running a future beside the current one.

use super::abort::AbortOnDrop;
use super::lock::Lock;
use crate::waitable::{Current, cabi, current};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::{Future, poll_fn};
use core::mem;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::task::{Context, Poll};
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
    let job = Arc::new(Job {
        asked: AtomicBool::new(false),
        runner: AtomicWaker::new(),
        stage: Lock::new(Stage::Runs),
        awaiter: AtomicWaker::new(),
    });
    let runs = Runs(Arc::clone(&job));
    let future = Box::new(async move {
        // Captured, so that it goes after the future: who awaits the handle of one that is
        // dropped finds that it is gone.
        let runs = &runs;
        // Not `Abortable`: it borrows the future that it wraps as shared, and
        // futures that borrow from themselves must not be.
        let mut future = pin!(future);
        let output = poll_fn(|cx| runs.0.or(future.as_mut(), cx)).await;
        if let Some(output) = output {
            // Nobody has to want it.
            runs.0.stage.with(|stage| *stage = Stage::Done(output));
        }
    });
    spawn("spawn_local", future);
    JoinHandle { job }
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
    job: Arc<Job<T>>,
}

/// What a spawned future and its handle know of each other, in one block of memory.
struct Job<T> {
    /// Whether the future is to end early.
    asked: AtomicBool,
    /// Who polls the future.
    runner: AtomicWaker,
    stage: Lock<Stage<T>>,
    /// Who waits for the output.
    awaiter: AtomicWaker,
}

enum Stage<T> {
    /// The future has not finished.
    Runs,
    /// Nobody has fetched the output.
    Done(T),
    /// The future was dropped, or somebody has the output.
    Gone,
}

/// The future's side.
struct Runs<T>(Arc<Job<T>>);

impl<T> Drop for Runs<T> {
    fn drop(&mut self) {
        self.0.stage.with(|stage| {
            if let Stage::Runs = stage {
                *stage = Stage::Gone;
            }
        });
        self.0.awaiter.wake();
    }
}

impl<T> Job<T> {
    /// The output, or that there is none; `None` while the future runs.
    fn fetch(&self) -> Option<Option<T>> {
        self.stage.with(|stage| match stage {
            Stage::Runs => None,
            Stage::Gone => Some(None),
            Stage::Done(_) => match mem::replace(stage, Stage::Gone) {
                Stage::Done(output) => Some(Some(output)),
                Stage::Runs | Stage::Gone => Some(None),
            },
        })
    }

    /// Polls `future`, or yields `None` if it is to end.
    fn or<F: Future>(&self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        self.runner.register(cx.waker());
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
        self.job.asked.store(true, Relaxed);
        self.job.runner.wake();
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

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        // Nobody waits any more, though the future may run for long.
        drop(self.job.awaiter.take());
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if let Some(output) = self.job.fetch() {
            return Poll::Ready(output);
        }
        self.job.awaiter.register(cx.waker());
        // It may have finished meanwhile, where there are threads.
        self.job.fetch().map_or(Poll::Pending, Poll::Ready)
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}
