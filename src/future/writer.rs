//! The writable end.

use super::write::{FutureWrite, RawFutureWrite, write_default};
use crate::abi::{Copied, Waitable};
use crate::buffer::Block;
use crate::diagnostics::{Gauge, count, uncount};
use crate::vtable::{FutureOps, FutureVtable};
use crate::waitable::{self, Carried, carrying, pair_here};
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr;

/// The writable end of a `future<T>`.
///
/// A value can be written once. If the end goes away before one was, the
/// default value that was given when the future was made is written in the
/// background, wherever that happens: the reader always gets a value.
///
/// # Examples
///
/// ```
/// async fn answer(writer: wit_async::FutureWriter<u32>) {
///     if let Err(unsent) = writer.write(42).await {
///         assert_eq!(unsent.value, 42);
///     }
/// }
/// ```
///
/// # Panics
///
/// Dropping an unwritten writer calls the default. Where that panics there is
/// nothing to write: the end stays open, and the reader waits for ever.
pub struct FutureWriter<T: 'static> {
    raw: RawFutureWriter<&'static FutureVtable<T>>,
}

impl<T> FutureWriter<T> {
    pub(super) fn from_raw(
        mut raw: RawFutureWriter<&'static FutureVtable<T>>,
        default: fn() -> T,
    ) -> Self {
        raw.linear = Some(Linear {
            default,
            write: write_default,
        });
        FutureWriter { raw }
    }

    pub(super) fn from_linear(raw: RawFutureWriter<&'static FutureVtable<T>>) -> Self {
        FutureWriter { raw }
    }

    /// Writes `value`; the result completes when the reader has taken it.
    ///
    /// # Errors
    ///
    /// The write yields the value back when the reader is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropping the write cancels it and drops the value; the default is
    /// written then. [`FutureWrite::cancel`] gives back the value and the end.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn answer(writer: wit_async::FutureWriter<u32>) {
    /// writer.write(42).await.expect("somebody reads");
    /// # }
    /// ```
    pub fn write(self, value: T) -> FutureWrite<T> {
        FutureWrite {
            raw: self.raw.write(value),
        }
    }
}

impl<T> fmt::Debug for FutureWriter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FutureWriter")
            .field("handle", &self.raw.end.waitable.index())
            .finish()
    }
}

/// The writable end of a `future`, for any [`FutureOps`], without a default.
///
/// Dropped unwritten it stays open, and the reader waits for ever: the ABI has
/// no way to drop such an end. Write to it.
pub struct RawFutureWriter<O: FutureOps> {
    pub(super) end: ManuallyDrop<WritableEnd<O>>,
    linear: Option<Linear<O>>,
}

/// What to write when nobody did. The function knows that `O` is `'static`,
/// which the type of the writer does not say.
struct Linear<O: FutureOps> {
    default: fn() -> O::Payload,
    write: fn(RawFutureWriter<O>, O::Payload),
}

/// A handle, and whether it may be dropped.
pub(super) struct WritableEnd<O: FutureOps> {
    pub(super) waitable: Waitable,
    pub(super) ops: O,
    /// A write was seen to complete, or to fail because the reader is gone.
    pub(super) written: bool,
    /// The host was asked to write.
    at_host: bool,
    /// What was lowered with the value.
    carried: Carried,
}

impl<O: FutureOps> RawFutureWriter<O> {
    /// Takes over the writable end `handle`.
    ///
    /// # Safety
    ///
    /// The handle is ours and of the type that `ops` describes.
    #[track_caller]
    pub(super) unsafe fn new(handle: u32, ops: O) -> Self {
        let waitable = Waitable::new(handle)
            .unwrap_or_else(|| panic!("`FutureWriter::new` got handle 0, which names nothing"));
        count(Gauge::Ends);
        RawFutureWriter {
            end: ManuallyDrop::new(WritableEnd {
                waitable,
                ops,
                written: false,
                at_host: false,
                carried: Carried::default(),
            }),
            linear: None,
        }
    }

    /// Writes `value`; see [`FutureWriter::write`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the write cancels it and drops the value. There is no default: the end stays
    /// open. [`RawFutureWrite::cancel`] gives back the value and the end.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn answer<O: wit_async::FutureOps<Payload = u32>>(
    /// #     writer: wit_async::RawFutureWriter<O>) {
    /// writer.write(42).await.expect("somebody reads");
    /// # }
    /// ```
    pub fn write(self, value: O::Payload) -> RawFutureWrite<O> {
        RawFutureWrite::new(self, value)
    }

    /// Writes `value` in the background, and drops it if the reader is gone.
    ///
    /// This works anywhere, also where no async task is running. It cannot be
    /// cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn answer<O: wit_async::FutureOps<Payload = u32> + 'static>(
    /// #     writer: wit_async::RawFutureWriter<O>) {
    /// writer.write_and_forget(42);
    /// # }
    /// ```
    pub fn write_and_forget(self, value: O::Payload)
    where
        O: 'static,
    {
        write_default(self, value);
    }
}

impl<O: FutureOps> fmt::Debug for RawFutureWriter<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawFutureWriter")
            .field("handle", &self.end.waitable.index())
            .finish()
    }
}

impl<O: FutureOps> Drop for RawFutureWriter<O> {
    fn drop(&mut self) {
        if !self.end.written
            && let Some(Linear { default, write }) = self.linear.take()
        {
            // May panic: then the end stays open, for there is nothing to write.
            let value = default();
            // SAFETY: `self.end` is not used after this, for `drop` ends here.
            let end = unsafe { ptr::read(&self.end) };
            return write(RawFutureWriter { end, linear: None }, value);
        }
        // SAFETY: `self.end` is not used after this.
        unsafe { ManuallyDrop::take(&mut self.end) }.close();
    }
}

impl<O: FutureOps> WritableEnd<O> {
    /// Lowers `value` into `block`.
    ///
    /// # Safety
    ///
    /// As for [`FutureOps::lower`].
    pub(super) unsafe fn lower(&mut self, value: O::Payload, block: &Block) {
        let WritableEnd { ops, carried, .. } = self;
        // SAFETY: as promised by the caller.
        carrying::<O::Payload, _>(carried, || unsafe { ops.lower(value, block.as_ptr()) });
    }

    /// Starts a write with the host.
    ///
    /// # Safety
    ///
    /// As for [`FutureOps::start_write`], with what is in `block`.
    pub(super) unsafe fn start_write(&mut self, block: &Block) -> Copied {
        self.at_host = true;
        self.carried.leave();
        let handle = self.waitable.index();
        // SAFETY: as promised by the caller.
        Copied::decode(unsafe { self.ops.start_write(handle, block.as_ptr()) })
    }

    /// The writer has gone.
    fn close(self) {
        if !self.written {
            // Dropping it would trap. It stays in the table, in no set.
            return drop(waitable::leave(self.waitable));
        }
        if self.at_host {
            return self.drop_writable();
        }
        // The value went to a reader that is here, or was.
        match pair_here::<O::Payload>(self.waitable) {
            Some(pair) => pair.when_reader_is_dropped(move || self.drop_unwritten()),
            None => self.drop_unwritten(),
        }
    }

    /// Drops an end of which the host does not know that it was written. That has
    /// to be; but the reader is gone, and the host takes nothing.
    fn drop_unwritten(mut self) {
        let block = Block::new(self.ops.elem_layout());
        // SAFETY: the block has the layout, and nobody reads it.
        let code = unsafe { self.start_write(&block) };
        debug_assert_eq!(code, Copied::Dropped(0), "the reader was dropped");
        self.drop_writable();
    }

    fn drop_writable(mut self) {
        waitable::forget(self.waitable);
        uncount(Gauge::Ends);
        // SAFETY: the end is ours and no operation is in flight: an operation owns
        // its end.
        unsafe { self.ops.drop_writable(self.waitable.index()) };
    }
}
