//! Futures that borrow, and that do not outlive the function that spawned them.
//!
//! ```text
//!  scope(..).await ─► poll ─┬─► body ──────── spawn ──┐
//!        ▲                  └─► children, those woken ◄┘
//!        └─ output of the body, when all of them are over
//! ```
//!
//! # Rules
//!
//! 1. The children are in the future of the scope, and are polled and dropped by it
//!    alone. While that is polled what they borrow is alive: it is borrowed by the
//!    future (`'env`), or is the `Scope`, which is pinned in it (`'scope`).
//! 2. When that future goes, in any way, the children go before the `Scope`.
//! 3. When it is leaked they are leaked with it. It was pinned, so that its memory is
//!    never used again, and nobody can poll it any more.

use super::abort::AbortOnDrop;
use super::spawned::{Joins, Rouse, Spawned};
use alloc::sync::Arc;
use core::fmt;
use core::future::{Future, poll_fn};
use core::marker::PhantomData;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use futures::task::AtomicWaker;

/// Runs `body`, and the futures that it spawns, until all of them are over.
///
/// The futures run beside each other and beside `body`, in the task that awaits this.
/// They may borrow from the enclosing function: `scope` yields the output of `body`
/// when the last of them has finished. When the future of the scope is dropped, so are
/// `body` and all of them, in this order and at once.
///
/// Futures are spawned with [`Scope::spawn`]: by `body`, and by the futures
/// themselves. They cannot leave the scope, nor can their handles. What `body` itself
/// owns is gone when it ends, so they cannot borrow that.
///
/// Each future is one allocation, with its waker and its output. Beside that the scope
/// allocates a list of those to poll, and a table that grows with their number. A future is
/// polled when it was woken, whatever the others do; `body` is polled whenever the scope is.
///
/// # Cancel safety
///
/// Dropping the future drops everything that it runs, wherever that is. Leaking it leaks
/// all that, and nothing that was borrowed is used again.
///
/// # Panics
///
/// If `body` or one of the futures panics, the rest is dropped and the panic goes on.
///
/// # Examples
///
/// ```
/// async fn fetch(name: &str, into: &mut Vec<u8>) {
///     into.extend_from_slice(name.as_bytes());
/// }
///
/// async fn both(name: &str) -> usize {
///     let (mut head, mut body) = (Vec::new(), Vec::new());
///     wit_async::scope(async |s| {
///         s.spawn(async { fetch(name, &mut head).await });
///         s.spawn(async { fetch(name, &mut body).await });
///     })
///     .await;
///     head.len() + body.len()
/// }
/// # assert_eq!(futures::executor::block_on(both("name")), 8);
/// ```
///
/// A future that spawns others owns its copy of `s`:
///
/// ```
/// async fn tree(leaves: &core::cell::Cell<u32>) {
///     wit_async::scope(async |s| {
///         for _ in 0..3 {
///             s.spawn(async move {
///                 s.spawn(async { leaves.set(leaves.get() + 1) });
///             });
///         }
///     })
///     .await;
/// }
/// # let leaves = Default::default();
/// # futures::executor::block_on(tree(&leaves));
/// # assert_eq!(leaves.get(), 3);
/// ```
///
/// What the body owns does not live long enough:
///
/// ```compile_fail,E0373
/// async fn dangling() {
///     wit_async::scope(async |s| {
///         let local = String::new();
///         s.spawn(async { drop(&local) });
///     })
///     .await;
/// }
/// ```
///
/// Nor can a handle leave the scope, or the scope itself:
///
/// ```compile_fail
/// async fn escapes() {
///     let handle = wit_async::scope(async |s| s.spawn(async {})).await;
/// }
/// ```
///
/// ```compile_fail
/// async fn escapes() {
///     let mut kept = None;
///     wit_async::scope(async |s| kept = Some(s)).await;
/// }
/// ```
///
/// Its future stays on its thread, as the futures in it do:
///
/// ```compile_fail,E0277
/// fn is_send(_: impl Send) {}
/// is_send(wit_async::scope(async |_| {}));
/// ```
///
/// What a future borrows for writing is not to be used beside it:
///
/// ```compile_fail,E0503
/// async fn twice() {
///     let mut count = 0;
///     wit_async::scope(async |s| {
///         s.spawn(async { count += 1 });
///         count += 1;
///     })
///     .await;
/// }
/// ```
pub async fn scope<'env, T>(
    body: impl for<'scope> AsyncFnOnce(&'scope Scope<'scope, 'env>) -> T,
) -> T {
    let scope = Scope {
        children: Spawned::new(Outside::default()),
        scope: PhantomData,
        env: PhantomData,
    };
    // Locals are dropped from the last one on: rule 2.
    let _end = End(&scope.children);
    let mut body = pin!(body(&scope));
    let mut output = None;
    poll_fn(|cx| {
        let children = &scope.children;
        children.poller().0.register(cx.waker());
        if output.is_none()
            && let Poll::Ready(ready) = body.as_mut().poll(cx)
        {
            output = Some(ready);
        }
        loop {
            children.was_pushed();
            children.poll();
            // What was spawned in this poll gets its first poll in it too.
            if !children.was_pushed() {
                break;
            }
        }
        match output.take() {
            Some(ready) if children.is_empty() => Poll::Ready(ready),
            waits => {
                output = waits;
                Poll::Pending
            }
        }
    })
    .await
}

/// Whoever polls the future of a scope.
#[derive(Default)]
struct Outside(AtomicWaker);

impl Rouse for Outside {
    fn rouse(&self) {
        self.0.wake();
    }
}

/// Ends the children, also when a panic unwinds.
struct End<'a>(&'a Spawned<Outside>);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.end();
        // Wakers of the children may stay for long, and with them the set's.
        drop(self.0.poller().0.take());
    }
}

/// Where futures that borrow are spawned; see [`scope`].
///
/// `'scope` is the life of the scope, `'env` that of what is borrowed from around it.
///
/// # Examples
///
/// A function that spawns into a scope of its caller:
///
/// ```
/// use wit_async::Scope;
///
/// fn count_all<'scope>(s: &'scope Scope<'scope, '_>, counts: &'scope mut [u32]) {
///     for count in counts {
///         s.spawn(async move { *count += 1 });
///     }
/// }
///
/// async fn counted() -> [u32; 3] {
///     let mut counts = [0; 3];
///     wit_async::scope(async |s| count_all(s, &mut counts)).await;
///     counts
/// }
/// # assert_eq!(futures::executor::block_on(counted()), [1; 3]);
/// ```
pub struct Scope<'scope, 'env: 'scope> {
    children: Spawned<Outside>,
    // Both invariant: a shorter `'scope` would let in what does not live long enough.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

impl<'scope> Scope<'scope, '_> {
    /// Runs `future` beside the one that calls this, inside of the scope.
    ///
    /// It is polled for the first time after the code that calls this has been polled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the handle lets the future go on; [`ScopedJoinHandle::abort`] ends it.
    ///
    /// # Examples
    ///
    /// ```
    /// async fn sum(numbers: &[u32]) -> u32 {
    ///     let (left, right) = numbers.split_at(numbers.len() / 2);
    ///     wit_async::scope(async |s| {
    ///         let left = s.spawn(async { left.iter().sum::<u32>() });
    ///         let right = right.iter().sum::<u32>();
    ///         left.await.expect("nobody aborted it") + right
    ///     })
    ///     .await
    /// }
    /// # assert_eq!(futures::executor::block_on(sum(&[1, 2, 3])), 6);
    /// ```
    pub fn spawn<F>(&'scope self, future: F) -> ScopedJoinHandle<'scope, F::Output>
    where
        F: Future + 'scope,
        F::Output: 'scope,
    {
        // SAFETY: rules 1 to 3.
        let node = unsafe { self.children.push_borrowing(future) };
        node.has_handle();
        ScopedJoinHandle { node }
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// A future that was spawned in a [`scope`].
///
/// Awaiting it yields the output, or `None` if the future was aborted.
///
/// # Cancel safety
///
/// Dropping it lets the future go on; the scope waits for it. Awaiting it by reference
/// loses nothing.
///
/// # Examples
///
/// See [`Scope::spawn`].
pub struct ScopedJoinHandle<'scope, T> {
    node: Arc<dyn Joins<T> + 'scope>,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Drops the future the next time that it would be polled, which is soon.
    ///
    /// It may have finished by then: await the handle to see.
    ///
    /// # Examples
    ///
    /// ```
    /// async fn give_up() {
    ///     wit_async::scope(async |s| {
    ///         let job = s.spawn(core::future::pending::<()>());
    ///         job.abort();
    ///         assert_eq!(job.await, None);
    ///     })
    ///     .await;
    /// }
    /// # futures::executor::block_on(give_up());
    /// ```
    pub fn abort(&self) {
        Arc::clone(&self.node).abort();
    }
}

impl<'scope, T> ScopedJoinHandle<'scope, T> {
    /// Ends the future when the handle is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// async fn first_of_two(one: impl Future<Output = u32>, two: impl Future<Output = u32>) -> u32 {
    ///     wit_async::scope(async |s| {
    ///         let one = s.spawn(one).abort_on_drop();
    ///         let two = s.spawn(two).abort_on_drop();
    ///         // The other one is dropped with its handle.
    ///         let first = futures::future::select(one, two).await;
    ///         first.factor_first().0.expect("nobody aborted it")
    ///     })
    ///     .await
    /// }
    /// # let first = first_of_two(core::future::pending(), async { 2 });
    /// # assert_eq!(futures::executor::block_on(first), 2);
    /// ```
    pub fn abort_on_drop(self) -> AbortOnDrop<ScopedJoinHandle<'scope, T>> {
        AbortOnDrop::new(self)
    }
}

impl<T> Drop for ScopedJoinHandle<'_, T> {
    fn drop(&mut self) {
        self.node.let_go();
    }
}

impl<T> Future for ScopedJoinHandle<'_, T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.node.poll_output(cx)
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
