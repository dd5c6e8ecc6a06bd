//! Reading a future.

use super::RawFutureReader;
use super::kept::{self, ByReference};
use crate::abi::{Copied, Payload, Waitable};
use crate::buffer::Block;
use crate::diagnostics::{Kind, Timing, record};
use crate::op::{Before, Name, Progress, Stage, WaitableOp, WaitableOperation};
use crate::vtable::{FutureOps, FutureVtable};
use crate::waitable::{Adrift, Lent, Side, pair_here};
use alloc::boxed::Box;
use core::borrow::BorrowMut;
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
///
/// # Cancel safety
///
/// Dropping it drops the readable end, and the value if it had arrived.
/// [`cancel`](RawFutureRead::cancel) gives back one or the other.
#[must_use = "a read does nothing unless it is polled"]
pub struct RawFutureRead<O: FutureOps> {
    operation: WaitableOperation<ReadOp<O, RawFutureReader<O>>>,
}

impl<O: FutureOps> RawFutureRead<O> {
    pub(super) fn new(reader: RawFutureReader<O>) -> Self {
        RawFutureRead {
            operation: WaitableOperation::new(ReadOp::new(reader), ()),
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
        self.operation.poll_complete(cx).map(Read::value)
    }
}

/// A read of a `future<T>` that borrows its end, made by awaiting a
/// [`FutureReader`](crate::FutureReader) by reference.
///
/// # Cancel safety
///
/// Dropping it loses nothing: the read goes on, and the reader keeps the value for the
/// next one, by reference or not. [`cancel`](RawFutureReadRef::cancel) ends the read.
///
/// # Panics
///
/// When it is polled after it was ready or cancelled, and when the value was taken from
/// the end before.
///
/// # Examples
///
/// ```
/// use futures::{FutureExt, select_biased};
/// use std::future::IntoFuture;
/// use wit_async::FutureReader;
///
/// # async fn a_second() {}
/// /// The value, if it comes within a second; otherwise it can be had later.
/// async fn soon(reader: &mut FutureReader<String>) -> Option<String> {
///     select_biased! {
///         value = reader.into_future().fuse() => Some(value),
///         () = a_second().fuse() => None,
///     }
/// }
/// ```
pub type FutureReadRef<'a, T> = RawFutureReadRef<'a, &'static FutureVtable<T>>;

/// A read of a `future` that borrows its end, for any [`FutureOps`]. See
/// [`FutureReadRef`].
///
/// # Cancel safety
///
/// Dropping it loses nothing: the end keeps the value for the next read.
#[must_use = "a read does nothing unless it is polled"]
pub struct RawFutureReadRef<'a, O: FutureOps> {
    operation: WaitableOperation<ReadOp<O, &'a mut RawFutureReader<O>>>,
}

impl<'a, O: FutureOps + Clone> RawFutureReadRef<'a, O> {
    pub(super) fn new(reader: &'a mut RawFutureReader<O>) -> Self {
        reader.by_reference = Some(ByReference::NEW);
        RawFutureReadRef {
            operation: WaitableOperation::new(ReadOp::new(reader), ()),
        }
    }
}

impl<O: FutureOps> RawFutureReadRef<'_, O> {
    /// Cancels the read. Returns the value if it had arrived; otherwise the end can be
    /// awaited again.
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
    /// fn value_now(reader: &mut FutureReader<u32>) -> Option<u32> {
    ///     pin!(reader.into_future()).cancel()
    /// }
    /// ```
    #[track_caller]
    pub fn cancel(mut self: Pin<&mut Self>) -> Option<O::Payload> {
        self.operation.cancel().ok()
    }
}

// Nothing in a read is pinned; see `WaitableOperation`.
impl<O: FutureOps> Unpin for RawFutureReadRef<'_, O> {}

impl<O: FutureOps> Future for RawFutureReadRef<'_, O> {
    type Output = O::Payload;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Payload> {
        self.operation.poll_complete(cx).map(Read::value)
    }
}

/// A reader, owned or borrowed.
trait Reader<O: FutureOps>: BorrowMut<RawFutureReader<O>> {
    /// Whether it is still there when the read has gone.
    const STAYS: bool;

    /// A read in flight goes on with its end, and without its future.
    fn go_adrift(self, block: Block) -> Result<Box<dyn Adrift>, (Self, Block)>
    where
        Self: Sized;
}

impl<O: FutureOps> Reader<O> for RawFutureReader<O> {
    const STAYS: bool = false;

    fn go_adrift(self, block: Block) -> Result<Box<dyn Adrift>, (Self, Block)> {
        Ok(Box::new(WaitableOperation::in_flight(
            ReadOp::new(self),
            block,
        )))
    }
}

impl<O: FutureOps> Reader<O> for &mut RawFutureReader<O> {
    const STAYS: bool = true;

    fn go_adrift(self, block: Block) -> Result<Box<dyn Adrift>, (Self, Block)> {
        Err((self, block))
    }
}

struct ReadOp<O, R> {
    /// None once the read has finished.
    reader: Option<R>,
    /// For messages.
    handle: Option<Waitable>,
    /// Where the value comes from.
    from: From,
    ops: PhantomData<fn() -> O>,
}

/// Where the value of a read comes from.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum From {
    /// From the writable end.
    End,
    /// From a read before it that was dropped, which has finished.
    Kept,
    /// The same, when it finishes.
    InFlight,
}

enum Read<O: FutureOps, R> {
    Value(O::Payload),
    Cancelled(R),
}

impl<O: FutureOps, R> Read<O, R> {
    fn value(self) -> O::Payload {
        match self {
            Read::Value(value) => value,
            Read::Cancelled(_) => unreachable!("only `cancel` cancels, and it takes the outcome"),
        }
    }
}

const CALL: &str = "FutureRead";

impl<O: FutureOps, R: Reader<O>> ReadOp<O, R> {
    fn new(reader: R) -> ReadOp<O, R> {
        ReadOp {
            handle: reader.borrow().opt_waitable(),
            reader: Some(reader),
            from: From::End,
            ops: PhantomData,
        }
    }

    fn reader(&self) -> &RawFutureReader<O> {
        match &self.reader {
            Some(reader) => reader.borrow(),
            None => unreachable!("a read that has not finished has its reader"),
        }
    }

    /// The reader, of a read that is over.
    fn finish(&mut self) -> R {
        match self.reader.take() {
            Some(reader) => reader,
            None => unreachable!("a read finishes once"),
        }
    }

    /// Takes the value over.
    ///
    /// # Safety
    ///
    /// The host has written it to `block`, and it is lifted once.
    unsafe fn lift(&mut self, block: &Block) -> O::Payload {
        let mut reader = self.finish();
        let reader = reader.borrow_mut();
        reader.taken = true;
        // SAFETY: as promised by the caller.
        unsafe { reader.ops.lift(block.as_ptr()) }
    }
}

// SAFETY: the reader keeps its handle for as long as it is owned or borrowed here; the
// block is in `Flight`, and is all that is lent to the host.
unsafe impl<O: FutureOps, R: Reader<O>> WaitableOp for ReadOp<O, R> {
    type Start = ();
    type Flight = Block;
    type Code = Copied;
    type Output = Read<O, R>;
    type Cancelled = Result<O::Payload, R>;

    fn is_free(&mut self, cx: &Context<'_>) -> bool {
        let before = kept::make_way(self.reader(), &self.name(), cx);
        self.from = match before {
            Before::Free => From::End,
            Before::Arrived => From::Kept,
            Before::Busy => From::InFlight,
            Before::Ended => panic!(
                "{} has no value: a read that was leaked got it",
                self.name()
            ),
        };
        before != Before::Busy
    }

    fn start(&mut self, (): ()) -> (Copied, Block) {
        let kept = match self.from {
            From::Kept => kept::give(self.reader()),
            From::End | From::InFlight => None,
        };
        if !R::STAYS
            && let Some(reader) = self.reader.as_mut()
        {
            // Nothing is kept of it any more, nor will be: it goes with this read, while
            // that may still be on the list of those that were left alone.
            reader.borrow_mut().by_reference = None;
        }
        if let Some(block) = kept {
            return (Copied::Completed(1), block);
        }
        assert!(
            !self.reader().taken,
            "{} has no value: it was read already",
            self.name()
        );
        let waitable = self.reader().waitable(CALL);
        let reader = self.reader.as_mut().map(R::borrow_mut);
        let Some(reader) = reader else {
            unreachable!("a read that starts has its reader");
        };
        let block = Block::new(reader.ops.elem_layout());
        let code = match pair_here::<O::Payload>(waitable) {
            // SAFETY: the block has the layout, and stays in `Flight` until there is
            // a result.
            Some(pair) => unsafe {
                let (address, items) = (block.as_ptr(), 1);
                pair.start(Side::Readable, Lent { address, items })
            },
            None => {
                // SAFETY: the same.
                Copied::decode(unsafe { reader.ops.start_read(waitable.index(), block.as_ptr()) })
            }
        };
        (code, block)
    }

    fn decode(payload: Payload) -> Copied {
        payload.copied()
    }

    fn advance(
        &mut self,
        block: Block,
        code: Copied,
        stage: Stage,
    ) -> Progress<Block, Self::Output> {
        match code {
            Copied::Blocked => Progress::Pending(block),
            Copied::Completed(_) | Copied::Moved(_) => {
                // What was kept was recorded when it came.
                if self.from != From::Kept {
                    record::<O::Payload>(
                        Kind::FutureRead,
                        match stage {
                            Stage::Start => Timing::AtOnce,
                            Stage::Event => Timing::Blocked,
                            Stage::Cancel => Timing::CancelledAfterFinish,
                        },
                    );
                }
                // SAFETY: the host has written the value, and it is lifted once:
                // the flight ends here.
                Progress::Done(Read::Value(unsafe { self.lift(&block) }))
            }
            Copied::Cancelled(_) => {
                record::<O::Payload>(Kind::FutureRead, Timing::CancelledInFlight);
                Progress::Done(Read::Cancelled(self.finish()))
            }
            Copied::Apart => unreachable!("only a write is told"),
            Copied::Dropped(_) => panic!(
                "the host dropped the writable end of the future with readable end {:?} unwritten",
                self.handle
            ),
        }
    }

    fn waitable(&self, _: &Block) -> Waitable {
        self.reader().waitable(CALL)
    }

    fn cancel(&mut self, _: &mut Block) -> Copied {
        let waitable = self.reader().waitable(CALL);
        if let Some(pair) = pair_here::<O::Payload>(waitable) {
            return pair.cancel(Side::Readable);
        }
        let Some(reader) = self.reader.as_mut().map(R::borrow_mut) else {
            unreachable!("a read in flight has its reader");
        };
        // SAFETY: a read is in flight on this end.
        Copied::decode(unsafe { reader.ops.cancel_read(waitable.index()) })
    }

    fn keep(&mut self, block: Block) -> Result<(), Block> {
        if !R::STAYS {
            return Err(block);
        }
        kept::keep(self.reader(), block);
        Ok(())
    }

    fn go_adrift(&mut self, block: Block) -> Result<Box<dyn Adrift>, Block> {
        self.finish().go_adrift(block).map_err(|(reader, block)| {
            self.reader = Some(reader);
            block
        })
    }

    fn needs_its_task(&self) -> bool {
        let is_here = self.handle.and_then(pair_here::<O::Payload>).is_some();
        !is_here
    }

    fn unstarted(&mut self, (): ()) -> Self::Cancelled {
        match self.from {
            From::InFlight => kept::stop_waiting(self.reader()),
            _ => record::<O::Payload>(Kind::FutureRead, Timing::CancelledBeforeStart),
        }
        Err(self.finish())
    }

    fn cancel_unstarted(&mut self, (): ()) -> Result<Self::Cancelled, ()> {
        // A read before it may have been dropped in flight, even if this one was not polled.
        let waits = self.from == From::InFlight;
        match kept::take_back(self.reader()) {
            Before::Busy if waits => return Err(()),
            Before::Busy | Before::Free | Before::Ended => {}
            Before::Arrived => {
                if let Some(block) = kept::give(self.reader()) {
                    // SAFETY: the host has written the value, and it was kept until now.
                    return Ok(Ok(unsafe { self.lift(&block) }));
                }
            }
        }
        if !waits {
            record::<O::Payload>(Kind::FutureRead, Timing::CancelledBeforeStart);
        }
        Ok(Err(self.finish()))
    }

    fn settled(&mut self, read: Self::Output) -> Self::Cancelled {
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
