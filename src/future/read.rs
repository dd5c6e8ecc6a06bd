//! Reading a future.

use super::RawFutureReader;
use crate::abi::{Copied, Payload, Waitable};
use crate::buffer::Block;
use crate::diagnostics::{Kind, Timing, record};
use crate::op::{Name, Progress, Stage, WaitableOp, WaitableOperation};
use crate::vtable::{FutureOps, FutureVtable};
use crate::waitable::{Adrift, Lent, Side, pair_here};
use alloc::boxed::Box;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

/// A read of a `future<T>`, made by awaiting a [`FutureReader`](crate::FutureReader).
///
/// # Cancel safety
///
/// Dropping it cancels the read and drops the readable end; a value that had
/// arrived is dropped with it. [`cancel`](RawFutureRead::cancel) gives back the
/// value or the end. In synchronous code it
/// is [left to its task](crate#dropping-what-is-in-flight).
///
/// # Panics
///
/// When it is polled after it was ready or cancelled.
///
/// # Examples
///
/// ```
/// use core::future::IntoFuture;
/// use wit_async::{FutureRead, FutureReader};
///
/// fn start(reader: FutureReader<u32>) -> FutureRead<u32> {
///     reader.into_future()
/// }
/// ```
pub type FutureRead<T> = RawFutureRead<&'static FutureVtable<T>>;

/// A read of a `future`, for any [`FutureOps`]. See [`FutureRead`].
#[must_use = "a read does nothing unless it is polled"]
pub struct RawFutureRead<O: FutureOps> {
    operation: WaitableOperation<ReadOp<O>>,
}

impl<O: FutureOps> RawFutureRead<O> {
    pub(super) fn new(reader: RawFutureReader<O>) -> Self {
        let handle = reader.opt_waitable();
        RawFutureRead {
            operation: WaitableOperation::new(
                ReadOp {
                    handle,
                    ops: PhantomData,
                },
                reader,
            ),
        }
    }

    /// Cancels the read.
    ///
    /// Returns the value if it had arrived, and otherwise the readable end,
    /// which can be awaited again.
    ///
    /// # Errors
    ///
    /// The readable end, when there is no value.
    ///
    /// # Panics
    ///
    /// When the read was ready or cancelled before, and when it is in flight in
    /// synchronous code.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::future::IntoFuture;
    /// use core::pin::pin;
    /// use wit_async::FutureReader;
    ///
    /// fn value_now(reader: FutureReader<u32>) -> Result<u32, FutureReader<u32>> {
    ///     pin!(reader.into_future()).cancel()
    /// }
    /// ```
    #[track_caller]
    pub fn cancel(mut self: Pin<&mut Self>) -> Result<O::Payload, RawFutureReader<O>> {
        self.operation.cancel()
    }
}

// Nothing in a read is pinned; see `WaitableOperation`.
impl<O: FutureOps> Unpin for RawFutureRead<O> {}

impl<O: FutureOps> Future for RawFutureRead<O> {
    type Output = O::Payload;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Payload> {
        self.operation.poll_complete(cx).map(|read| match read {
            Read::Value(value) => value,
            Read::Cancelled(_) => unreachable!("only `cancel` cancels, and it takes the outcome"),
        })
    }
}

struct ReadOp<O> {
    /// For messages: the end itself is elsewhere when the read has finished.
    handle: Option<Waitable>,
    ops: PhantomData<fn() -> O>,
}

enum Read<O: FutureOps> {
    Value(O::Payload),
    Cancelled(RawFutureReader<O>),
}

const CALL: &str = "FutureRead";

// SAFETY: the end is in `Flight` and keeps its handle; so is the block, which
// is all that is lent to the host.
unsafe impl<O: FutureOps> WaitableOp for ReadOp<O> {
    type Start = RawFutureReader<O>;
    type Flight = (RawFutureReader<O>, Block);
    type Code = Copied;
    type Output = Read<O>;
    type Cancelled = Result<O::Payload, RawFutureReader<O>>;

    fn start(&mut self, mut reader: RawFutureReader<O>) -> (Copied, Self::Flight) {
        let waitable = reader.waitable(CALL);
        let block = Block::new(reader.ops.elem_layout());
        let code = match pair_here::<O::Payload>(waitable) {
            // SAFETY: the block has the layout, and stays in `Flight` until there is
            // a result.
            Some(pair) => unsafe {
                let (address, items) = (block.as_ptr(), 1);
                pair.start(Side::Readable, Lent { address, items })
            },
            None => {
                let handle = waitable.index();
                // SAFETY: the same.
                Copied::decode(unsafe { reader.ops.start_read(handle, block.as_ptr()) })
            }
        };
        (code, (reader, block))
    }

    fn decode(payload: Payload) -> Copied {
        payload.copied()
    }

    fn advance(
        &mut self,
        (mut reader, block): Self::Flight,
        code: Copied,
        stage: Stage,
    ) -> Progress<Self::Flight, Read<O>> {
        match code {
            Copied::Blocked => Progress::Pending((reader, block)),
            Copied::Completed(_) | Copied::Moved(_) => {
                record::<O::Payload>(
                    Kind::FutureRead,
                    match stage {
                        Stage::Start => Timing::AtOnce,
                        Stage::Event => Timing::Blocked,
                        Stage::Cancel => Timing::CancelledAfterFinish,
                    },
                );
                // SAFETY: the host has written the value, and it is lifted once:
                // the flight ends here.
                Progress::Done(Read::Value(unsafe { reader.ops.lift(block.as_ptr()) }))
            }
            Copied::Cancelled(_) => {
                record::<O::Payload>(Kind::FutureRead, Timing::CancelledInFlight);
                Progress::Done(Read::Cancelled(reader))
            }
            Copied::Apart => unreachable!("only a write is told"),
            Copied::Dropped(_) => panic!(
                "the host dropped the writable end of the future with readable end {:?} unwritten",
                self.handle
            ),
        }
    }

    fn waitable(&self, (reader, _): &Self::Flight) -> Waitable {
        reader.waitable(CALL)
    }

    fn cancel(&mut self, (reader, _): &mut Self::Flight) -> Copied {
        let waitable = reader.waitable(CALL);
        if let Some(pair) = pair_here::<O::Payload>(waitable) {
            return pair.cancel(Side::Readable);
        }
        // SAFETY: a read is in flight on this end.
        Copied::decode(unsafe { reader.ops.cancel_read(waitable.index()) })
    }

    fn go_adrift(&mut self, flight: Self::Flight) -> Result<Box<dyn Adrift>, Self::Flight> {
        let op = ReadOp::<O> { ..*self };
        Ok(Box::new(WaitableOperation::in_flight(op, flight)))
    }

    fn needs_its_task(&self) -> bool {
        let is_here = self.handle.and_then(pair_here::<O::Payload>).is_some();
        !is_here
    }

    fn unstarted(&mut self, reader: RawFutureReader<O>) -> Self::Cancelled {
        record::<O::Payload>(Kind::FutureRead, Timing::CancelledBeforeStart);
        Err(reader)
    }

    fn settled(&mut self, read: Read<O>) -> Self::Cancelled {
        match read {
            Read::Value(value) => Ok(value),
            Read::Cancelled(reader) => Err(reader),
        }
    }

    fn name(&self) -> Name {
        Name {
            call: CALL,
            handle: self.handle.map(Waitable::index),
        }
    }
}
