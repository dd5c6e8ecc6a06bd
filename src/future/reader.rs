//! The readable end.

use super::RawFutureRead;
use crate::abi::Waitable;
use crate::diagnostics::{Gauge, count, uncount};
use crate::vtable::{FutureOps, FutureVtable};
use crate::waitable::{self, pair_here};
use core::fmt;
use core::future::IntoFuture;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// The readable end of a `future<T>`.
///
/// Awaiting it yields the value. It is owned: it can be sent to another
/// component, as a parameter, as a result or inside of another payload. If it stays in
/// the component that made it, it is awaited there, whatever the value is; see
/// [both ends in one component](crate#both-ends-in-one-component).
///
/// # Cancel safety
///
/// See [`FutureRead`](crate::FutureRead).
///
/// # Examples
///
/// ```
/// async fn double(value: wit_async::FutureReader<u32>) -> u32 {
///     2 * value.await
/// }
/// ```
pub type FutureReader<T> = RawFutureReader<&'static FutureVtable<T>>;

/// The readable end of a `future`, for any [`FutureOps`].
///
/// See [`FutureReader`].
pub struct RawFutureReader<O: FutureOps> {
    /// 0 once the handle was given away.
    handle: AtomicU32,
    pub(super) ops: O,
}

impl<O: FutureOps> RawFutureReader<O> {
    /// Takes over the readable end `handle`.
    ///
    /// # Panics
    ///
    /// If `handle` is 0, which names nothing.
    ///
    /// # Safety
    ///
    /// The handle is ours and of the type that `ops` describes.
    #[doc(hidden)]
    #[track_caller]
    pub unsafe fn new(handle: u32, ops: O) -> Self {
        assert_ne!(
            handle, 0,
            "`FutureReader::new` got handle 0, which names nothing"
        );
        waitable::put_down(handle);
        count(Gauge::Ends);
        RawFutureReader {
            handle: AtomicU32::new(handle),
            ops,
        }
    }

    /// Gives the handle away, to be lowered into a call or a payload.
    ///
    /// # Panics
    ///
    /// If the handle was given away before.
    #[doc(hidden)]
    #[track_caller]
    pub fn take_handle(&self) -> u32 {
        let waitable = self.waitable("FutureReader::take_handle");
        let pair = pair_here::<O::Payload>(waitable);
        let stays = pair.as_ref().is_some_and(|pair| waitable::carry(pair));
        // The ABI forbids to transfer a member of a set.
        drop(waitable::leave(waitable));
        if !stays {
            if let Some(pair) = pair {
                pair.hand_away();
            }
            waitable::forget(waitable);
        }
        uncount(Gauge::Ends);
        self.handle.store(0, Relaxed);
        waitable::wake_others();
        waitable.index()
    }

    #[track_caller]
    pub(super) fn waitable(&self, call: &str) -> Waitable {
        self.opt_waitable()
            .unwrap_or_else(|| panic!("`{call}` on a readable end whose handle was given away"))
    }

    pub(super) fn opt_waitable(&self) -> Option<Waitable> {
        Waitable::new(self.handle.load(Relaxed))
    }
}

impl<O: FutureOps> IntoFuture for RawFutureReader<O> {
    type Output = O::Payload;
    type IntoFuture = RawFutureRead<O>;

    fn into_future(self) -> RawFutureRead<O> {
        RawFutureRead::new(self)
    }
}

impl<O: FutureOps> fmt::Debug for RawFutureReader<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FutureReader")
            .field("handle", &self.handle)
            .finish()
    }
}

impl<O: FutureOps> Drop for RawFutureReader<O> {
    fn drop(&mut self) {
        if let Some(waitable) = self.opt_waitable() {
            let pair = pair_here::<O::Payload>(waitable);
            waitable::forget(waitable);
            uncount(Gauge::Ends);
            // SAFETY: the end is ours, and no operation is in flight: an
            // operation owns its end.
            unsafe { self.ops.drop_readable(waitable.index()) };
            if let Some(pair) = pair {
                pair.drop_reader();
                waitable::wake_others();
            }
        }
    }
}
