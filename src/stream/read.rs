//! Reading a stream.

use super::kept;
use super::{RawStreamReader, StreamResult};
use crate::abi::{Copied, Payload, Waitable};
use crate::buffer::{ReadTarget, VecSlots};
use crate::diagnostics::{Kind, Timing, record};
use crate::op::{Before, Loan, Name, Progress, Stage, WaitableOp, WaitableOperation};
use crate::vtable::{StreamOps, StreamVtable};
use crate::waitable::{Adrift, Lent, Side, pair_here};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::borrow::BorrowMut;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

/// A read of a `stream<T>`, made by [`StreamReader::read`](crate::RawStreamReader::read).
///
/// Yields what it came to, and the buffer.
///
/// # Cancel safety
///
/// Dropping it loses no item: the read goes on, and what it transfers is there for the
/// next read of the end. The buffer, and what was in it before, is dropped.
/// [`cancel`](RawStreamRead::cancel) ends the read, and gives back the buffer with
/// what had arrived.
///
/// # Panics
///
/// When it is polled after it was ready or cancelled.
///
/// # Examples
///
/// ```
/// use wit_async::{StreamRead, StreamReader};
///
/// fn start(reader: &mut StreamReader<u8>) -> StreamRead<'_, u8> {
///     reader.read(Vec::with_capacity(1024))
/// }
/// ```
pub type StreamRead<'a, T> = RawStreamRead<'a, &'static StreamVtable<T>>;

/// A read of a `stream`, for any [`StreamOps`]. See [`StreamRead`].
///
/// # Cancel safety
///
/// Dropping it loses no item: the read goes on, and the reader keeps what it gets for the
/// next one.
#[must_use = "a read does nothing unless it is polled"]
pub struct RawStreamRead<'a, O: StreamOps> {
    operation: WaitableOperation<VecRead<'a, O>>,
}

type VecRead<'a, O> = ReadOp<O, &'a mut RawStreamReader<O>, VecSlots<<O as StreamOps>::Payload>>;

impl<'a, O: StreamOps> RawStreamRead<'a, O> {
    pub(super) fn new(reader: &'a mut RawStreamReader<O>, buffer: Vec<O::Payload>) -> Self {
        let op = ReadOp::new(reader, "StreamReader::read", VecSlots::new(buffer));
        RawStreamRead {
            operation: WaitableOperation::new(op, ()),
        }
    }

    /// Cancels the read. Returns what it came to, which may be that items had
    /// arrived, and the buffer.
    ///
    /// # Panics
    ///
    /// When the read was ready or cancelled before, and when it is in flight in
    /// synchronous code.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::pin::pin;
    /// use wit_async::StreamReader;
    ///
    /// fn buffer_back(reader: &mut StreamReader<u8>) -> Vec<u8> {
    ///     let read = pin!(reader.read(Vec::with_capacity(1024)));
    ///     let (_result, buffer) = read.cancel();
    ///     buffer
    /// }
    /// ```
    #[track_caller]
    pub fn cancel(mut self: Pin<&mut Self>) -> (StreamResult, Vec<O::Payload>) {
        let result = self.operation.cancel();
        (result, self.operation.op_mut().target.take().items)
    }
}

// Nothing in a read is pinned; see `WaitableOperation`.
impl<O: StreamOps> Unpin for RawStreamRead<'_, O> {}

impl<O: StreamOps> Future for RawStreamRead<'_, O> {
    type Output = (StreamResult, Vec<O::Payload>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(self.operation.poll_complete(cx));
        Poll::Ready((result, self.operation.op_mut().target.take().items))
    }
}

/// A read into `T` from a reader that is borrowed or owned (`R`).
pub(super) struct ReadOp<O: StreamOps, R, T> {
    pub(super) reader: R,
    call: &'static str,
    /// How many items were asked for.
    asked: usize,
    /// Where they come from.
    from: From,
    /// Where they go, and all that is lent to the host.
    pub(super) target: Loan<T>,
    types: PhantomData<fn(O)>,
}

/// Where the items of a read come from.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum From {
    /// From the writable end.
    End,
    /// From a read before it that was dropped, which has finished.
    Kept,
    /// The same, when it finishes.
    InFlight,
}

impl<O: StreamOps, R, T> ReadOp<O, R, T> {
    pub(super) fn new(reader: R, call: &'static str, target: T) -> Self {
        ReadOp {
            target: Loan::of(target),
            ..ReadOp::without(reader, call)
        }
    }

    /// A read that gets its target when it starts.
    pub(super) fn without(reader: R, call: &'static str) -> Self {
        ReadOp {
            reader,
            call,
            asked: 0,
            from: From::End,
            target: Loan::none(),
            types: PhantomData,
        }
    }
}

// SAFETY: the reader keeps its handle for as long as it is borrowed or owned
// here; the target is all that is lent to the host, and is taken only when the read is
// over.
unsafe impl<O, R, T> WaitableOp for ReadOp<O, R, T>
where
    O: StreamOps,
    R: BorrowMut<RawStreamReader<O>>,
    T: ReadTarget<O> + 'static,
{
    type Start = ();
    type Flight = ();
    type Code = Copied;
    type Output = StreamResult;
    type Cancelled = StreamResult;

    #[inline]
    fn is_free(&mut self, cx: &Context<'_>) -> bool {
        if kept::is_free(self.reader.borrow()) {
            self.from = From::End;
            return true;
        }
        let before = kept::make_way(self.reader.borrow(), &self.name(), cx);
        self.from = match before {
            Before::Free | Before::Ended => From::End,
            Before::Arrived => From::Kept,
            Before::Busy => From::InFlight,
        };
        if before == Before::Ended {
            self.reader.borrow_mut().done = true;
        }
        before != Before::Busy
    }

    #[inline(always)]
    fn start(&mut self, (): ()) -> (Copied, ()) {
        let reader = self.reader.borrow_mut();
        let waitable = reader.waitable(self.call);
        let target = self.target.get();
        if self.from == From::Kept {
            let items = kept::with_kept(reader, |kept| kept.give(target));
            return (Copied::Completed(items.unwrap_or(0)), ());
        }
        if reader.done {
            record::<O::Payload>(Kind::StreamRead, Timing::DroppedAfter);
            return (Copied::Dropped(0), ());
        }
        let (address, items) = target.lend(&mut reader.ops);
        self.asked = items;
        let code = match pair_here::<O::Payload>(waitable) {
            // SAFETY: the target owns the memory, and stays here until there is a result.
            Some(pair) => unsafe { pair.start(Side::Readable, Lent { address, items }) },
            None => {
                // SAFETY: the same.
                Copied::decode(unsafe { reader.ops.start_read(waitable.index(), address, items) })
            }
        };
        trace::<O::Payload>(Kind::StreamRead, code, Stage::Start, items);
        (code, ())
    }

    fn decode(payload: Payload) -> Copied {
        payload.copied()
    }

    #[inline(always)]
    fn advance(&mut self, (): (), code: Copied, stage: Stage) -> Progress<(), StreamResult> {
        let reader = self.reader.borrow_mut();
        if stage != Stage::Start {
            trace::<O::Payload>(Kind::StreamRead, code, stage, self.asked);
        }
        let Some((result, items)) = outcome(code, &mut reader.done) else {
            return Progress::Pending(());
        };
        if self.from == From::Kept {
            // They were accepted at the start.
            return Progress::Done(result);
        }
        let target = self.target.get();
        // SAFETY: the host says that it wrote so many, and is done with them:
        // the operation has finished.
        unsafe { target.received(&mut reader.ops, items) };
        Progress::Done(result)
    }

    fn waitable(&self, (): &()) -> Waitable {
        self.reader.borrow().waitable(self.call)
    }

    fn cancel(&mut self, (): &mut ()) -> Copied {
        let reader = self.reader.borrow_mut();
        let waitable = reader.waitable(self.call);
        if let Some(pair) = pair_here::<O::Payload>(waitable) {
            return pair.cancel(Side::Readable);
        }
        // SAFETY: a read is in flight on this end.
        Copied::decode(unsafe { reader.ops.cancel_read(waitable.index()) })
    }

    fn keep(&mut self, (): ()) -> Result<(), ()> {
        let target = self.target.take().leave();
        kept::keep(self.reader.borrow(), target, self.asked);
        Ok(())
    }

    fn go_adrift(&mut self, (): ()) -> Result<Box<dyn Adrift>, ()> {
        Err(())
    }

    fn needs_its_task(&self) -> bool {
        let reader = self.reader.borrow();
        let is_here = reader
            .opt_waitable()
            .and_then(pair_here::<O::Payload>)
            .is_some();
        !is_here && !reader.ops.native_abi_matches_canonical_abi()
    }

    fn unstarted(&mut self, (): ()) -> StreamResult {
        match self.from {
            From::InFlight => kept::stop_waiting(self.reader.borrow()),
            _ => record::<O::Payload>(Kind::StreamRead, Timing::CancelledBeforeStart),
        }
        StreamResult::Cancelled
    }

    fn cancel_unstarted(&mut self, (): ()) -> Result<StreamResult, ()> {
        // A read before it may have been dropped in flight, even if this one was not polled.
        let waits = self.from == From::InFlight;
        let reader = self.reader.borrow_mut();
        Ok(match kept::take_back(reader) {
            Before::Arrived => {
                let target = self.target.get();
                let items = kept::with_kept(reader, |kept| kept.give(target));
                StreamResult::Complete(items.unwrap_or(0))
            }
            Before::Ended if waits => {
                reader.done = true;
                StreamResult::Dropped
            }
            Before::Free if waits => StreamResult::Cancelled,
            Before::Busy if waits => return Err(()),
            Before::Ended | Before::Free | Before::Busy => self.unstarted(()),
        })
    }

    fn settled(&mut self, result: StreamResult) -> StreamResult {
        result
    }

    fn name(&self) -> Name {
        Name {
            call: self.call,
            handle: self.reader.borrow().opt_waitable().map(Waitable::index),
        }
    }
}

/// What a code means for an end, and how many items it transferred; `None`
/// while it is blocked. The decoding is the one that is safe for every host:
/// the count counts whatever the code, and DROPPED finishes the end.
#[inline]
pub(super) fn outcome(code: Copied, done: &mut bool) -> Option<(StreamResult, usize)> {
    Some(match code {
        Copied::Blocked => return None,
        Copied::Completed(items) | Copied::Moved(items) => (StreamResult::Complete(items), items),
        Copied::Apart => unreachable!("only a write is told, and starts again"),
        Copied::Dropped(items) => {
            *done = true;
            match items {
                0 => (StreamResult::Dropped, 0),
                _ => (StreamResult::Complete(items), items),
            }
        }
        Copied::Cancelled(0) => (StreamResult::Cancelled, 0),
        Copied::Cancelled(items) => (StreamResult::Complete(items), items),
    })
}

/// Records what became of a copy of `asked` items.
pub(super) fn trace<T>(kind: Kind, code: Copied, stage: Stage, asked: usize) {
    let timing = match (stage, code) {
        (_, Copied::Blocked | Copied::Apart) => return,
        (Stage::Cancel, Copied::Cancelled(0)) => Timing::CancelledInFlight,
        (Stage::Cancel, _) => Timing::CancelledAfterFinish,
        (Stage::Start, Copied::Dropped(0)) => Timing::DroppedBefore,
        (_, Copied::Dropped(0)) => Timing::DroppedDuring,
        (_, Copied::Completed(0) | Copied::Moved(0)) => Timing::ZeroLength,
        (
            _,
            Copied::Completed(items)
            | Copied::Moved(items)
            | Copied::Dropped(items)
            | Copied::Cancelled(items),
        ) if items < asked => Timing::Partial,
        (Stage::Start, _) => Timing::AtOnce,
        (Stage::Event, _) => Timing::Blocked,
    };
    record::<T>(kind, timing);
}
