//! Letting others run.

use crate::{sys, waitable};
use core::future::poll_fn;
use core::task::Poll;

/// Lets the host run others, then goes on.
///
/// Other futures of this task, and other tasks of this instance, get a turn. If
/// the task is cancelled meanwhile, the future is dropped here.
///
/// Long computations need this. Reading and writing does not: a task that completes one
/// operation after the other [yields by itself](crate#turns) from time to time.
///
/// # Cancel safety
///
/// Nothing is lost when it is dropped.
///
/// # Examples
///
/// ```
/// async fn crunch(chunks: Vec<Vec<u8>>) -> u64 {
///     let mut sum = 0;
///     for chunk in chunks {
///         sum += chunk.iter().map(|byte| u64::from(*byte)).sum::<u64>();
///         wit_async::yield_async().await;
///     }
///     sum
/// }
/// ```
pub async fn yield_async() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Lets the host run others while this function waits (canonical ABI,
/// "thread.yield").
///
/// Nothing else of this task runs meanwhile, and in an async export no other
/// async task of this instance; see [`yield_async`]. Returns false if the task
/// was cancelled, which hosts of WASI 0.3 do not report here.
///
/// # Examples
///
/// ```no_run
/// while wit_async::yield_blocking() {
///     // One step of something long.
/// #   break;
/// }
/// ```
pub fn yield_blocking() -> bool {
    waitable::preserve(sys::thread_yield)
}
