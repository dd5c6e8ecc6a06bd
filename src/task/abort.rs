//! Ending what was spawned when its handle goes.

use super::scope::ScopedJoinHandle;
use super::spawn::JoinHandle;
use core::fmt;
use core::future::Future;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Handles of spawned futures: [`JoinHandle`] and [`ScopedJoinHandle`].
pub trait Abort: sealed::Sealed {
    /// Drops the future the next time that it would be polled.
    fn abort(&mut self);
}

mod sealed {
    pub trait Sealed {}
}

impl<T> sealed::Sealed for JoinHandle<T> {}
impl<T> sealed::Sealed for ScopedJoinHandle<'_, T> {}

impl<T> Abort for JoinHandle<T> {
    fn abort(&mut self) {
        self.cancel();
    }
}

impl<T> Abort for ScopedJoinHandle<'_, T> {
    fn abort(&mut self) {
        ScopedJoinHandle::abort(self);
    }
}

/// A handle that ends its future when it is dropped.
///
/// Made by [`JoinHandle::abort_on_drop`] and [`ScopedJoinHandle::abort_on_drop`].
/// Awaiting it yields what the handle does: the output, or `None` if the future was
/// dropped before it had one.
///
/// # Cancel safety
///
/// Dropping it ends the future: it is dropped the next time that it would be polled.
/// Awaiting it by reference loses nothing.
///
/// # Examples
///
/// ```
/// # async fn first_line() -> String { String::new() }
/// async fn one_of_them() -> String {
///     // Does not outlive this function, also if the caller drops its future.
///     let log = wit_async::spawn_local(async { loop { wit_async::yield_async().await } });
///     let _log = log.abort_on_drop();
///     first_line().await
/// }
/// ```
#[must_use = "the future is ended when this is dropped"]
pub struct AbortOnDrop<H: Abort>(H);

impl<H: Abort> AbortOnDrop<H> {
    pub(super) fn new(handle: H) -> AbortOnDrop<H> {
        AbortOnDrop(handle)
    }

    /// Ends the future now; awaiting tells whether it had finished.
    ///
    /// # Examples
    ///
    /// ```
    /// async fn give_up() {
    ///     let mut job = wit_async::spawn_local(core::future::pending::<()>()).abort_on_drop();
    ///     job.abort();
    ///     assert_eq!(job.await, None);
    /// }
    /// ```
    pub fn abort(&mut self) {
        self.0.abort();
    }

    /// The plain handle again: the future goes on when that is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// async fn let_it_go() {
    ///     let job = wit_async::spawn_local(async {}).abort_on_drop();
    ///     drop(job.detach());
    /// }
    /// ```
    pub fn detach(self) -> H {
        let this = ManuallyDrop::new(self);
        // SAFETY: moved out of what is not dropped, and not used again.
        unsafe { core::ptr::read(&raw const this.0) }
    }
}

impl<H: Abort> Drop for AbortOnDrop<H> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<H: Abort + Future + Unpin> Future for AbortOnDrop<H> {
    type Output = H::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<H::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<H: Abort> fmt::Debug for AbortOnDrop<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortOnDrop").finish_non_exhaustive()
    }
}
