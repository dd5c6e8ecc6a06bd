//! Observing a cancel request, to finish in the task's own time.

use crate::waitable::{Current, Home, current};
use alloc::rc::Rc;
use alloc::sync::Arc;
use core::convert::Infallible;
use core::fmt;
use core::future::{Future, pending};
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Keeps a cancelled task going, and knows whether it was cancelled.
///
/// When the caller of an async export cancels the call, the future of the export is
/// dropped at once, and what it has spawned goes on. While a `CancelRequest` of the task
/// exists nothing is dropped: the task goes on, and decides by itself. It can
///
/// - return its result, which the caller gets as if it had not cancelled;
/// - [`accept`](CancelRequest::accept) the request, or drop all its `CancelRequest`s: then
///   its future is dropped, and the caller is told that the call was cancelled.
///
/// A caller that cancels waits for the answer, so a task that takes its time keeps it
/// waiting.
///
/// There may be several of them in a task; they do not count across tasks. In synchronous
/// code, in [`block_on`](crate::block_on) and in tasks of other bindings no request is ever
/// seen.
///
/// # Examples
///
/// ```
/// use futures::{FutureExt, select_biased};
/// use wit_async::CancelRequest;
///
/// # async fn next_page() -> Option<String> { None }
/// /// All pages, or as many as there were when the caller lost patience.
/// async fn pages() -> Vec<String> {
///     let mut request = CancelRequest::observe();
///     let mut pages = Vec::new();
///     loop {
///         select_biased! {
///             () = request.requested().fuse() => return pages,
///             page = next_page().fuse() => match page {
///                 Some(page) => pages.push(page),
///                 None => return pages,
///             },
///         }
///     }
/// }
/// ```
#[must_use = "a request is observed as long as this exists"]
pub struct CancelRequest {
    /// The task, and this one's number there; none where no request is ever seen.
    place: Option<(Arc<Home>, u32)>,
    /// A task is a matter of one thread.
    thread: PhantomData<Rc<()>>,
}

impl CancelRequest {
    /// From now on a cancel request does not drop the future of the running task.
    ///
    /// # Examples
    ///
    /// ```
    /// async fn to_the_end() {
    ///     // Whatever the caller does meanwhile.
    ///     let _request = wit_async::CancelRequest::observe();
    ///     wit_async::yield_async().await;
    /// }
    /// ```
    pub fn observe() -> CancelRequest {
        let place = match current() {
            Current::Ours(home) if home.is_open_task() => {
                let number = home.request.enter();
                Some((home, number))
            }
            _ => None,
        };
        CancelRequest {
            place,
            thread: PhantomData,
        }
    }

    /// Whether the caller has cancelled the task.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn step() {}
    /// async fn work() {
    ///     let request = wit_async::CancelRequest::observe();
    ///     while !request.is_requested() {
    ///         step().await;
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn is_requested(&self) -> bool {
        let place = self.place.as_ref();
        place.is_some_and(|(home, _)| home.request.has_come())
    }

    /// Waits until the caller cancels the task.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a request that has come stays.
    ///
    /// # Examples
    ///
    /// ```
    /// async fn idle() {
    ///     let mut request = wit_async::CancelRequest::observe();
    ///     request.requested().await;
    ///     // Clean up, and be gone.
    ///     request.accept().await;
    /// }
    /// ```
    pub fn requested(&mut self) -> Requested<'_> {
        Requested(self)
    }

    /// Gives in: when the caller has cancelled the task, or as soon as it does, the future
    /// of the task is dropped. Never returns.
    ///
    /// Where others in the task observe the request too, it waits for them.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the `CancelRequest`, which it owns: the task observes the
    /// request no longer.
    ///
    /// # Examples
    ///
    /// See [`requested`](CancelRequest::requested).
    pub async fn accept(self) -> Infallible {
        drop(self);
        pending().await
    }
}

impl Drop for CancelRequest {
    fn drop(&mut self) {
        if let Some((home, number)) = self.place.take() {
            home.stops_observing(number);
        }
    }
}

impl fmt::Debug for CancelRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelRequest")
            .field("is_requested", &self.is_requested())
            .finish()
    }
}

/// The future of [`CancelRequest::requested`].
///
/// # Cancel safety
///
/// Dropping it loses nothing: a request that has come is there for the next wait.
#[must_use = "futures do nothing unless they are polled"]
#[derive(Debug)]
pub struct Requested<'a>(&'a mut CancelRequest);

impl Future for Requested<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &self.0.place {
            Some((home, number)) if !home.request.wait(*number, cx.waker()) => Poll::Pending,
            Some(_) => Poll::Ready(()),
            None => Poll::Pending,
        }
    }
}

impl Drop for Requested<'_> {
    fn drop(&mut self) {
        if let Some((home, number)) = &self.0.place {
            // The waker goes here, outside of the list: its destructor may be anything.
            drop(home.request.stop_waiting(*number));
        }
    }
}
