//! Writing a future.

use super::writer::{FutureWriter, RawFutureWriter, WritableEnd};
use crate::abi::{Copied, Payload, Waitable};
use crate::buffer::Block;
use crate::diagnostics::{Kind, Timing, record};
use crate::op::{DeferredWrite, Loan, Name, Progress, Stage, WaitableOp, WaitableOperation};
use crate::vtable::{FutureOps, FutureVtable};
use crate::waitable::{Adrift, Goes, Lent, Side, pair_here, write_goes};
use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

/// A write of a `future<T>`, made by [`FutureWriter::write`].
///
/// # Cancel safety
///
/// Dropping it cancels the write and drops the value; the default value is
/// written then. [`cancel`](FutureWrite::cancel) gives back value and end. In synchronous code it
/// is [left to its task](crate#dropping-what-is-in-flight).
///
/// # Panics
///
/// When it is polled after it was ready or cancelled.
///
/// # Examples
///
/// ```
/// use wit_async::{FutureWrite, FutureWriter};
///
/// fn start(writer: FutureWriter<u32>) -> FutureWrite<u32> {
///     writer.write(42)
/// }
/// ```
#[must_use = "a write does nothing unless it is polled"]
pub struct FutureWrite<T: 'static> {
    pub(super) raw: RawFutureWrite<&'static FutureVtable<T>>,
}

/// What [`FutureWrite::cancel`] found.
#[derive(Debug)]
pub enum FutureWriteCancel<T: 'static> {
    /// The reader has the value. The end is done.
    AlreadySent,
    /// The reader is gone; here is the value. The end is done.
    Dropped(T),
    /// The write was cancelled; here are the value and the end.
    Cancelled(T, FutureWriter<T>),
}

impl<T: 'static> FutureWrite<T> {
    /// Cancels the write.
    ///
    /// # Panics
    ///
    /// When the write was ready or cancelled before, and when it is in flight in
    /// synchronous code.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::pin::pin;
    /// use wit_async::{FutureWriteCancel, FutureWriter};
    ///
    /// fn offer(writer: FutureWriter<u32>) -> Option<FutureWriter<u32>> {
    ///     match pin!(writer.write(42)).cancel() {
    ///         FutureWriteCancel::Cancelled(_, writer) => Some(writer),
    ///         _ => None,
    ///     }
    /// }
    /// ```
    #[track_caller]
    pub fn cancel(mut self: Pin<&mut Self>) -> FutureWriteCancel<T> {
        match self.raw.operation.cancel() {
            RawFutureWriteCancel::AlreadySent => FutureWriteCancel::AlreadySent,
            RawFutureWriteCancel::Dropped(value) => FutureWriteCancel::Dropped(value),
            RawFutureWriteCancel::Cancelled(value, raw) => {
                FutureWriteCancel::Cancelled(value, FutureWriter::from_linear(raw))
            }
        }
    }
}

impl<T: 'static> Unpin for FutureWrite<T> {}

impl<T: 'static> Future for FutureWrite<T> {
    type Output = Result<(), FutureWriteError<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.raw).poll(cx)
    }
}

/// The reader was gone; here is the value.
pub struct FutureWriteError<T> {
    /// What was not sent.
    pub value: T,
}

impl<T> fmt::Debug for FutureWriteError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FutureWriteError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for FutureWriteError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value was not sent: the readable end of the future was dropped")
    }
}

impl<T> core::error::Error for FutureWriteError<T> {}

/// A write of a `future`, for any [`FutureOps`]. See [`FutureWrite`].
///
/// # Cancel safety
///
/// Dropping it cancels the write, and the default is written in place of the value; an end
/// without a default stays open. [`cancel`](RawFutureWrite::cancel) gives both back.
#[must_use = "a write does nothing unless it is polled"]
pub struct RawFutureWrite<O: FutureOps> {
    operation: WaitableOperation<WriteOp<O>>,
}

/// What [`RawFutureWrite::cancel`] found.
#[derive(Debug)]
pub enum RawFutureWriteCancel<O: FutureOps> {
    /// The reader has the value. The end is done.
    AlreadySent,
    /// The reader is gone; here is the value. The end is done.
    Dropped(O::Payload),
    /// The write was cancelled; here are the value and the end.
    Cancelled(O::Payload, RawFutureWriter<O>),
}

impl<O: FutureOps> RawFutureWrite<O> {
    pub(super) fn new(writer: RawFutureWriter<O>, value: O::Payload) -> Self {
        RawFutureWrite {
            operation: WaitableOperation::new(
                WriteOp {
                    handle: writer.end.waitable,
                    writer: Some(writer),
                    value: Some(value),
                    block: Loan::none(),
                },
                (),
            ),
        }
    }

    /// Cancels the write; see [`FutureWrite::cancel`].
    ///
    /// # Panics
    ///
    /// When the write was ready or cancelled before, and when it is in flight in
    /// synchronous code.
    #[track_caller]
    pub fn cancel(mut self: Pin<&mut Self>) -> RawFutureWriteCancel<O> {
        self.operation.cancel()
    }
}

// Nothing in a write is pinned; see `WaitableOperation`.
impl<O: FutureOps> Unpin for RawFutureWrite<O> {}

impl<O: FutureOps> Future for RawFutureWrite<O> {
    type Output = Result<(), FutureWriteError<O::Payload>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.operation
            .poll_complete(cx)
            .map(|written| match written {
                Written::Sent => Ok(()),
                Written::Dropped(value) | Written::Cancelled(value, _) => {
                    Err(FutureWriteError { value })
                }
            })
    }
}

/// Writes `value` in the background.
pub(super) fn write_default<O: FutureOps + 'static>(writer: RawFutureWriter<O>, value: O::Payload) {
    DeferredWrite::begin(writer.write(value).operation);
}

/// What is written and where is in here, and not in the states of the machine: it would be
/// moved with each step of that.
struct WriteOp<O: FutureOps> {
    /// For messages: the end itself is elsewhere when the write has finished.
    handle: Waitable,
    /// Until the write has finished.
    writer: Option<RawFutureWriter<O>>,
    /// Until the write starts.
    value: Option<O::Payload>,
    /// The value in its canonical form, and all that is lent to the host.
    block: Loan<Block>,
}

/// Drops a writer: what was to be written cannot be.
struct Unwritten<'a, O: FutureOps>(&'a mut Option<RawFutureWriter<O>>);

impl<O: FutureOps> Drop for Unwritten<'_, O> {
    fn drop(&mut self) {
        *self.0 = None;
    }
}

const HAS_END: &str = "a write has its end until it has finished";
const HAS_VALUE: &str = "a write has its value until it starts";

enum Written<O: FutureOps> {
    Sent,
    Dropped(O::Payload),
    Cancelled(O::Payload, RawFutureWriter<O>),
}

// SAFETY: the end stays here while the write is in flight, and keeps its handle; so does
// the block, which is all that is lent to the host.
unsafe impl<O: FutureOps> WaitableOp for WriteOp<O> {
    type Start = ();
    type Flight = ();
    type Code = Copied;
    type Output = Written<O>;
    type Cancelled = RawFutureWriteCancel<O>;
    const BEGINS_ANEW: bool = true;

    #[inline(always)]
    fn start(&mut self, (): ()) -> (Copied, ()) {
        let value = self.value.take().expect(HAS_VALUE);
        let unwritten = Unwritten(&mut self.writer);
        let writer = unwritten.0.as_mut().expect(HAS_END);
        let block = Block::new(writer.end.ops.elem_layout());
        self.block.set(block);
        let block = self.block.get();
        // SAFETY: the block has the layout. If this panics, the writer goes
        // away unwritten, and its default is written.
        unsafe { writer.end.lower(value, block) };
        mem::forget(unwritten);
        let writer = self.writer.as_mut().expect(HAS_END);
        let code = match write_goes::<O::Payload>(writer.end.waitable) {
            // SAFETY: the value is lowered, and the block stays here until there is a
            // result.
            Goes::Here(pair) => unsafe {
                let (address, items) = (block.as_ptr(), 1);
                pair.start(Side::Writable, Lent { address, items })
            },
            Goes::Nowhere => Copied::Dropped(0),
            // SAFETY: the same.
            Goes::ToHost => unsafe { writer.end.start_write(block) },
        };
        (code, ())
    }

    fn decode(payload: Payload) -> Copied {
        payload.copied()
    }

    #[inline(always)]
    fn advance(&mut self, (): (), code: Copied, stage: Stage) -> Progress<(), Written<O>> {
        let code = match code {
            // The host knows nothing of it.
            Copied::Apart if stage == Stage::Cancel => Copied::Cancelled(0),
            Copied::Apart => {
                let writer = self.writer.as_mut().expect(HAS_END);
                // SAFETY: as in `start`.
                unsafe { writer.end.start_write(self.block.get()) }
            }
            code => code,
        };
        trace::<O::Payload>(code, stage);
        if code == Copied::Blocked {
            return Progress::Pending(());
        }
        // They go when this is done, also if it panics.
        let mut writer = self.writer.take().expect(HAS_END);
        let block = self.block.take();
        let WritableEnd { ops, written, .. } = &mut *writer.end;
        match code {
            Copied::Blocked => unreachable!("it is in flight"),
            Copied::Completed(_) => {
                // First: what follows may panic.
                *written = true;
                // SAFETY: the value was lowered and its handles are sent; the
                // flight ends here, so this happens once.
                unsafe { ops.dealloc_lists(block.as_ptr()) };
                Progress::Done(Written::Sent)
            }
            Copied::Moved(_) => {
                *written = true;
                Progress::Done(Written::Sent)
            }
            Copied::Apart => unreachable!("it was started again"),
            Copied::Dropped(_) => {
                *written = true;
                // SAFETY: the value was lowered and not taken; lifted once.
                Progress::Done(Written::Dropped(unsafe { ops.lift(block.as_ptr()) }))
            }
            Copied::Cancelled(_) => {
                // SAFETY: the value was lowered and not taken; lifted once.
                let value = unsafe { ops.lift(block.as_ptr()) };
                Progress::Done(Written::Cancelled(value, writer))
            }
        }
    }

    fn waitable(&self, (): &()) -> Waitable {
        self.handle
    }

    fn cancel(&mut self, (): &mut ()) -> Copied {
        if let Some(pair) = pair_here::<O::Payload>(self.handle) {
            return pair.cancel(Side::Writable);
        }
        let writer = self.writer.as_mut().expect(HAS_END);
        // SAFETY: a write is in flight on this end.
        Copied::decode(unsafe { writer.end.ops.cancel_write(self.handle.index()) })
    }

    fn go_adrift(&mut self, (): ()) -> Result<Box<dyn Adrift>, ()> {
        let op = WriteOp {
            handle: self.handle,
            writer: self.writer.take(),
            value: None,
            block: Loan::of(self.block.take()),
        };
        Ok(Box::new(WaitableOperation::in_flight(op, ())))
    }

    fn needs_its_task(&self) -> bool {
        false
    }

    fn unstarted(&mut self, (): ()) -> RawFutureWriteCancel<O> {
        record::<O::Payload>(Kind::FutureWrite, Timing::CancelledBeforeStart);
        let writer = self.writer.take().expect(HAS_END);
        let value = self.value.take().expect(HAS_VALUE);
        RawFutureWriteCancel::Cancelled(value, writer)
    }

    fn settled(&mut self, written: Written<O>) -> RawFutureWriteCancel<O> {
        match written {
            Written::Sent => RawFutureWriteCancel::AlreadySent,
            Written::Dropped(value) => RawFutureWriteCancel::Dropped(value),
            Written::Cancelled(value, writer) => RawFutureWriteCancel::Cancelled(value, writer),
        }
    }

    fn name(&self) -> Name {
        Name {
            call: "FutureWrite",
            handle: Some(self.handle.index()),
        }
    }
}

fn trace<T>(code: Copied, stage: Stage) {
    let timing = match (stage, code) {
        (_, Copied::Blocked | Copied::Apart) => return,
        (_, Copied::Cancelled(_)) => Timing::CancelledInFlight,
        (Stage::Cancel, _) => Timing::CancelledAfterFinish,
        (Stage::Start, Copied::Completed(_) | Copied::Moved(_)) => Timing::AtOnce,
        (Stage::Start, Copied::Dropped(_)) => Timing::DroppedBefore,
        (Stage::Event, Copied::Completed(_) | Copied::Moved(_)) => Timing::Blocked,
        (Stage::Event, Copied::Dropped(_)) => Timing::DroppedDuring,
    };
    record::<T>(Kind::FutureWrite, timing);
}
