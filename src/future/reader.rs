//! The readable end.

use super::kept::{self, ByReference};
use super::{RawFutureRead, RawFutureReadRef};
use crate::abi::Waitable;
use crate::diagnostics::{Gauge, count, uncount};
use crate::op::Before;
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
/// Awaiting it by reference loses nothing: see [`FutureReadRef`](crate::FutureReadRef).
/// A read that owns it takes it along when it is dropped: see
/// [`FutureRead`](crate::FutureRead).
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
    /// The value was taken by a read by reference.
    pub(super) taken: bool,
    /// There once it was awaited by reference.
    pub(super) by_reference: Option<ByReference<O>>,
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
        waitable::put_down::<O::Payload>(handle);
        count(Gauge::Ends);
        RawFutureReader {
            handle: AtomicU32::new(handle),
            ops,
            taken: false,
            by_reference: None,
        }
    }

    /// The same end in another place; here it is given away.
    pub(super) fn moved(&self) -> Self
    where
        O: Clone,
    {
        RawFutureReader {
            handle: AtomicU32::new(self.handle.swap(0, Relaxed)),
            ops: self.ops.clone(),
            taken: self.taken,
            by_reference: self.by_reference,
        }
    }

    /// Gives the handle away, to be lowered into a call or a payload.
    ///
    /// # Panics
    ///
    /// If the handle was given away before, or the value was read.
    #[doc(hidden)]
    #[track_caller]
    pub fn take_handle(&self) -> u32 {
        let waitable = self.waitable("FutureReader::take_handle");
        if !self.taken && waitable::is_unknown(waitable) {
            return self.give_away(waitable);
        }
        // The ABI forbids to transfer an end that has been read, or on which a read is in
        // flight.
        match kept::take_back(self) {
            Before::Arrived | Before::Busy => {
                if let Some(passed) = kept::behind(self) {
                    return passed.take_handle();
                }
            }
            Before::Free if !self.taken => {}
            Before::Free | Before::Ended => panic!(
                "`FutureReader::take_handle` on handle {}: its value was read already",
                waitable.index()
            ),
        }
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
        let handle = self.give_away(waitable);
        waitable::wake_others();
        handle
    }

    /// The handle is somebody else's from now on.
    fn give_away(&self, waitable: Waitable) -> u32 {
        uncount(Gauge::Ends);
        self.handle.store(0, Relaxed);
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

impl<'a, O: FutureOps + Clone> IntoFuture for &'a mut RawFutureReader<O> {
    type Output = O::Payload;
    type IntoFuture = RawFutureReadRef<'a, O>;

    fn into_future(self) -> RawFutureReadRef<'a, O> {
        RawFutureReadRef::new(self)
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
        let Some(waitable) = self.opt_waitable() else {
            return;
        };
        match self.by_reference {
            None => close(&mut self.ops, waitable),
            Some(by_reference) => {
                let mut ops = by_reference.clone_of(&self.ops);
                kept::close_after(self, move || close(&mut ops, waitable));
            }
        }
    }
}

/// Drops the readable end `waitable`, on which no read is in flight: a read owns its end,
/// or is kept when it is dropped, and is over then.
fn close<O: FutureOps>(ops: &mut O, waitable: Waitable) {
    let pair = pair_here::<O::Payload>(waitable);
    waitable::forget(waitable);
    uncount(Gauge::Ends);
    // SAFETY: the end is ours and goes here, and no operation is in flight.
    unsafe { ops.drop_readable(waitable.index()) };
    if let Some(pair) = pair {
        pair.drop_reader();
        waitable::wake_others();
    }
}
