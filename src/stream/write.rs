//! Writing a stream.

use super::left::{Before, Twin, is_free, make_way};
use super::read::{outcome, trace};
use super::{RawStreamWriter, StreamResult};
use crate::abi::{Copied, Payload, Waitable};
use crate::buffer::{AbiBuffer, WriteSource};
use crate::diagnostics::{Kind, Timing, record};
use crate::op::{Loan, Name, Progress, Stage, WaitableOp, WaitableOperation};
use crate::vtable::{StreamOps, StreamVtable};
use crate::waitable::{Adrift, Goes, Lent, Side, is_told_dropped, pair_here, write_goes};
use alloc::boxed::Box;
use core::borrow::BorrowMut;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// A write of a `stream<T>`, made by
/// [`StreamWriter::write`](crate::RawStreamWriter::write).
///
/// Yields what it came to, and the buffer.
///
/// # Cancel safety
///
/// Dropping it cancels the write and drops the values that were not sent.
/// [`cancel`](RawStreamWrite::cancel) gives them back. In synchronous code it
/// is [left to its task](crate#dropping-what-is-in-flight).
///
/// # Panics
///
/// When it is polled after it was ready or cancelled.
///
/// # Examples
///
/// ```
/// use wit_async::{StreamWrite, StreamWriter};
///
/// fn start(writer: &mut StreamWriter<u8>) -> StreamWrite<'_, u8> {
///     writer.write(vec![1, 2, 3])
/// }
/// ```
pub type StreamWrite<'a, T> = RawStreamWrite<'a, &'static StreamVtable<T>>;

/// A write of a `stream`, for any [`StreamOps`]. See [`StreamWrite`].
///
/// # Cancel safety
///
/// Dropping it cancels the write, and drops the values that were not sent.
/// [`cancel`](RawStreamWrite::cancel) gives them back.
#[must_use = "a write does nothing unless it is polled"]
pub struct RawStreamWrite<'a, O: StreamOps> {
    operation: WaitableOperation<WriteOp<O, &'a mut RawStreamWriter<O>, AbiBuffer<O>>>,
}

impl<'a, O: StreamOps> RawStreamWrite<'a, O> {
    pub(super) fn new(writer: &'a mut RawStreamWriter<O>, buffer: AbiBuffer<O>) -> Self {
        let op = WriteOp::new(writer, "StreamWriter::write", buffer);
        RawStreamWrite {
            operation: WaitableOperation::new(op, ()),
        }
    }

    /// Cancels the write. Returns what it came to, which may be that values had
    /// been sent, and the buffer with those that were not.
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
    /// use wit_async::StreamWriter;
    ///
    /// fn values_back(writer: &mut StreamWriter<u8>) -> Vec<u8> {
    ///     let write = pin!(writer.write(vec![1, 2, 3]));
    ///     let (_result, buffer) = write.cancel();
    ///     buffer.into_vec()
    /// }
    /// ```
    #[track_caller]
    pub fn cancel(mut self: Pin<&mut Self>) -> (StreamResult, AbiBuffer<O>) {
        let result = self.operation.cancel();
        (result, self.operation.op_mut().source.take())
    }
}

// Nothing in a write is pinned; see `WaitableOperation`.
impl<O: StreamOps> Unpin for RawStreamWrite<'_, O> {}

impl<O: StreamOps> Future for RawStreamWrite<'_, O> {
    type Output = (StreamResult, AbiBuffer<O>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(self.operation.poll_complete(cx));
        Poll::Ready((result, self.operation.op_mut().source.take()))
    }
}

/// A write of a `stream<T>` from a buffer of the caller, made by
/// [`StreamWriter::write_from`](crate::RawStreamWriter::write_from).
///
/// Yields what it came to.
///
/// # Cancel safety
///
/// Dropping it loses no value: the write is cancelled, and what was not sent is in the
/// buffer. In synchronous code it is [left to its
/// task](crate#dropping-what-is-in-flight) with its values, and the buffer is empty.
///
/// # Panics
///
/// When it is polled after it was ready.
///
/// # Examples
///
/// See [`write_from`](crate::RawStreamWriter::write_from).
pub type StreamWriteFrom<'a, T> = RawStreamWriteFrom<'a, &'static StreamVtable<T>>;

/// A write of a `stream` from a buffer of the caller, for any [`StreamOps`]. See
/// [`StreamWriteFrom`].
///
/// # Cancel safety
///
/// Dropping it loses no value where it can be cancelled: what was not sent is in the buffer.
/// In synchronous code the values go with the write, and the buffer is empty.
#[must_use = "a write does nothing unless it is polled"]
pub struct RawStreamWriteFrom<'a, O: StreamOps> {
    operation: WaitableOperation<WriteOp<O, &'a mut RawStreamWriter<O>, AbiBuffer<O>>>,
    buffer: &'a mut AbiBuffer<O>,
}

impl<'a, O: StreamOps> RawStreamWriteFrom<'a, O> {
    pub(super) fn new(writer: &'a mut RawStreamWriter<O>, buffer: &'a mut AbiBuffer<O>) -> Self {
        let values = buffer.take();
        let op = WriteOp::new(writer, "StreamWriter::write_from", values);
        RawStreamWriteFrom {
            operation: WaitableOperation::new(op, ()),
            buffer,
        }
    }
}

// Nothing in a write is pinned; see `WaitableOperation`.
impl<O: StreamOps> Unpin for RawStreamWriteFrom<'_, O> {}

impl<O: StreamOps> Future for RawStreamWriteFrom<'_, O> {
    type Output = StreamResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<StreamResult> {
        let result = ready!(self.operation.poll_complete(cx));
        *self.buffer = self.operation.op_mut().source.take();
        Poll::Ready(result)
    }
}

impl<O: StreamOps> Drop for RawStreamWriteFrom<'_, O> {
    fn drop(&mut self) {
        if self.operation.try_cancel().is_some() {
            *self.buffer = self.operation.op_mut().source.take();
        }
    }
}

/// A write from `S`.
pub(super) struct WriteOp<O: StreamOps, R, S> {
    writer: R,
    call: &'static str,
    /// How many items were offered.
    offered: usize,
    /// What is written, and all that is lent to the host.
    pub(super) source: Loan<S>,
    types: PhantomData<fn(O)>,
}

impl<O: StreamOps, R, S> WriteOp<O, R, S> {
    pub(super) fn new(writer: R, call: &'static str, source: S) -> Self {
        WriteOp {
            source: Loan::of(source),
            ..WriteOp::without(writer, call)
        }
    }

    /// A write that gets its source when it starts.
    pub(super) fn without(writer: R, call: &'static str) -> Self {
        WriteOp {
            writer,
            call,
            offered: 0,
            source: Loan::none(),
            types: PhantomData,
        }
    }
}

// SAFETY: the writer keeps its handle; the source is all that is lent to the host, and
// is taken only when the write is over.
unsafe impl<O, R, S> WaitableOp for WriteOp<O, R, S>
where
    O: StreamOps,
    R: BorrowMut<RawStreamWriter<O>>,
    S: WriteSource + 'static,
{
    type Start = ();
    type Flight = ();
    type Code = Copied;
    type Output = StreamResult;
    type Cancelled = StreamResult;
    const BEGINS_ANEW: bool = true;

    #[inline]
    fn is_free(&mut self, cx: &Context<'_>) -> bool {
        if is_free(self.writer.borrow()) {
            return true;
        }
        let before = make_way(self.writer.borrow(), &self.name(), cx);
        self.writer.borrow_mut().done = before == Before::Ended;
        before != Before::Busy
    }

    #[inline(always)]
    fn start(&mut self, (): ()) -> (Copied, ()) {
        let writer = self.writer.borrow_mut();
        if writer.done {
            record::<O::Payload>(Kind::StreamWrite, Timing::DroppedAfter);
            return (Copied::Dropped(0), ());
        }
        let source = self.source.get();
        let (address, items) = source.lend();
        self.offered = items;
        let code = match write_goes::<O::Payload>(writer.waitable) {
            // SAFETY: the source owns the memory, and stays here until there is a result;
            // it then forgets what was moved.
            Goes::Here(pair) => unsafe {
                let address = address.cast_mut();
                pair.start(Side::Writable, Lent { address, items })
            },
            Goes::Nowhere => Copied::Dropped(0),
            Goes::ToHost => {
                source.leave();
                // SAFETY: the same.
                unsafe { writer.start_write(address, items) }
            }
        };
        trace::<O::Payload>(Kind::StreamWrite, code, Stage::Start, items);
        (code, ())
    }

    fn decode(payload: Payload) -> Copied {
        payload.copied()
    }

    #[inline(always)]
    fn advance(&mut self, (): (), code: Copied, stage: Stage) -> Progress<(), StreamResult> {
        let source = self.source.get();
        let code = match code {
            // The host knew of no write, and may have said meanwhile what ends it.
            Copied::Apart if is_told_dropped(self.writer.borrow().waitable) => Copied::Dropped(0),
            // And what it knows nothing of need not be cancelled there.
            Copied::Apart if stage == Stage::Cancel => Copied::Cancelled(0),
            // The memory is the same, for nothing was sent.
            Copied::Apart => match source.lend_again() {
                Some((address, items)) => {
                    source.leave();
                    // SAFETY: as in `start`.
                    unsafe { self.writer.borrow_mut().start_write(address, items) }
                }
                None => Copied::Cancelled(0),
            },
            code => code,
        };
        if stage != Stage::Start {
            trace::<O::Payload>(Kind::StreamWrite, code, stage, self.offered);
        }
        let Some((result, items)) = outcome(code, &mut self.writer.borrow_mut().done) else {
            return Progress::Pending(());
        };
        match code {
            Copied::Moved(_) => source.moved(items),
            _ => source.sent(items),
        }
        Progress::Done(result)
    }

    fn waitable(&self, (): &()) -> Waitable {
        self.writer.borrow().waitable
    }

    fn cancel(&mut self, (): &mut ()) -> Copied {
        let writer = self.writer.borrow_mut();
        if let Some(pair) = pair_here::<O::Payload>(writer.waitable) {
            return pair.cancel(Side::Writable);
        }
        // SAFETY: a write is in flight on this end.
        Copied::decode(unsafe { writer.ops.cancel_write(writer.waitable.index()) })
    }

    fn go_adrift(&mut self, (): ()) -> Result<Box<dyn Adrift>, ()> {
        let op = WriteOp {
            writer: Twin::of(self.writer.borrow()),
            call: self.call,
            offered: self.offered,
            source: Loan::of(self.source.take()),
            types: PhantomData,
        };
        Ok(Box::new(WaitableOperation::in_flight(op, ())))
    }

    fn needs_its_task(&self) -> bool {
        false
    }

    fn unstarted(&mut self, (): ()) -> StreamResult {
        record::<O::Payload>(Kind::StreamWrite, Timing::CancelledBeforeStart);
        StreamResult::Cancelled
    }

    fn settled(&mut self, result: StreamResult) -> StreamResult {
        result
    }

    fn name(&self) -> Name {
        Name {
            call: self.call,
            handle: Some(self.writer.borrow().waitable.index()),
        }
    }
}
