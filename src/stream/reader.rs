//! The readable end.

use super::kept;
use super::read::{RawStreamRead, ReadOp};
use super::{StreamResult, raw_stream_new};
use crate::abi::Waitable;
use crate::buffer::{OneSlot, VecSlots};
use crate::diagnostics::{Gauge, count, uncount};
use crate::op::{Before, WaitableOperation};
use crate::vtable::{StreamOps, StreamVtable};
use crate::waitable::{self, pair_here};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, poll_fn};
use core::mem;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::task::{Poll, ready};

/// The readable end of a `stream<T>`.
///
/// It is owned: it can be sent to another component, as a parameter, as a
/// result or inside of another payload. If it stays in the component that made it, it
/// is read there, whatever the items are; see
/// [both ends in one component](crate#both-ends-in-one-component).
///
/// # Examples
///
/// ```
/// async fn sum(mut numbers: wit_async::StreamReader<u32>) -> u32 {
///     let mut sum = 0;
///     while let Some(number) = numbers.next().await {
///         sum += number;
///     }
///     sum
/// }
/// ```
pub type StreamReader<T> = RawStreamReader<&'static StreamVtable<T>>;

/// How many items a reader passes on at a time that was handed away with items that it
/// keeps.
const AHEAD: usize = 64;

/// The readable end of a `stream`, for any [`StreamOps`]. See [`StreamReader`].
pub struct RawStreamReader<O: StreamOps> {
    /// 0 once the handle was given away.
    handle: AtomicU32,
    pub(super) ops: O,
    /// The writable end is known to be gone.
    pub(super) done: bool,
}

impl<O: StreamOps> RawStreamReader<O> {
    /// Takes over the readable end `handle`, which must be ours and of the type
    /// that `ops` describes.
    ///
    /// # Panics
    ///
    /// If `handle` is 0, which names nothing.
    #[doc(hidden)]
    #[track_caller]
    pub fn new(handle: u32, ops: O) -> Self {
        assert_ne!(
            handle, 0,
            "`StreamReader::new` got handle 0, which names nothing"
        );
        waitable::put_down::<O::Payload>(handle);
        count(Gauge::Ends);
        RawStreamReader {
            handle: AtomicU32::new(handle),
            ops,
            done: false,
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
        let waitable = self.waitable("StreamReader::take_handle");
        if !self.done && waitable::is_unknown(waitable) {
            return self.give_away(waitable);
        }
        // The ABI forbids to transfer an end on which a read is in flight, or a
        // member of a set.
        let before = kept::take_back(self);
        if let Before::Arrived | Before::Busy = before {
            return self.behind_what_is_kept(waitable).take_handle();
        }
        let pair = pair_here::<O::Payload>(waitable);
        let stays = pair.as_ref().is_some_and(|pair| waitable::carry(pair));
        drop(waitable::leave(waitable));
        if !stays {
            if let Some(pair) = pair {
                pair.hand_away();
            }
            waitable::forget(waitable);
        }
        let handle = self.give_away(waitable);
        waitable::wake_others();
        match before {
            Before::Ended => self.ended_instead(handle),
            _ => handle,
        }
    }

    /// The handle is somebody else's from now on.
    fn give_away(&self, waitable: Waitable) -> u32 {
        uncount(Gauge::Ends);
        self.handle.store(0, Relaxed);
        waitable.index()
    }

    /// A reader of what is kept here, or in flight, and then of what is still to come, in
    /// place of this one: a future in the background passes it on.
    fn behind_what_is_kept(&self, waitable: Waitable) -> RawStreamReader<O> {
        // SAFETY: the stream is of the same type.
        let (mut writer, reader) = unsafe { raw_stream_new(self.ops.clone()) };
        let mut rest = RawStreamReader {
            handle: AtomicU32::new(self.handle.swap(0, Relaxed)),
            ops: self.ops.clone(),
            done: self.done,
        };
        waitable::spawn_in_background(
            waitable,
            Box::pin(async move {
                let mut items = Vec::with_capacity(AHEAD);
                // Nothing is read ahead that nobody waits for.
                while writer.write(Vec::new()).await.0 != StreamResult::Dropped {
                    let (result, read) = rest.read(items).await;
                    items = writer.write_all(read).await;
                    if result == StreamResult::Dropped || !items.is_empty() {
                        break;
                    }
                }
            }),
        );
        reader
    }

    /// The ABI also forbids to transfer an end that was told that the stream has
    /// ended. Returns one that was not told yet, in place of `handle`.
    fn ended_instead(&self, handle: u32) -> u32 {
        let mut ops = self.ops.clone();
        let ends = ops.new();
        // SAFETY: no operation is in flight on the end, which is ours and goes
        // here; nor on the one that was just made (canonical ABI, "stream.new":
        // the readable one is in the low half).
        unsafe {
            ops.drop_readable(handle);
            ops.drop_writable((ends >> 32) as u32);
        }
        ends as u32
    }

    /// The index of this end in the handle table of the component instance.
    ///
    /// # Panics
    ///
    /// If the handle was given away.
    #[track_caller]
    pub fn handle(&self) -> u32 {
        self.waitable("StreamReader::handle").index()
    }

    #[track_caller]
    pub(super) fn waitable(&self, call: &str) -> Waitable {
        self.opt_waitable()
            .unwrap_or_else(|| panic!("`{call}` on a readable end whose handle was given away"))
    }

    pub(super) fn opt_waitable(&self) -> Option<Waitable> {
        Waitable::new(self.handle.load(Relaxed))
    }

    /// Reads into the spare capacity of `buffer`.
    ///
    /// Completes as soon as at least one item was read, with the items appended
    /// to the buffer; how many is in [`StreamResult::Complete`]. Without spare
    /// capacity this is a read of length zero, which completes when the writer
    /// is ready. The capacity of a vector of zero-sized items says nothing:
    /// for those it takes what is there, up to a bound.
    ///
    /// [`StreamResult::Dropped`] means that the stream has ended; every further
    /// read says so again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the read loses no item: it goes on, and what it transfers is there for
    /// the next read. The buffer, and what was in it before, is dropped. The writer may
    /// thus be told that items were read when the read was dropped already.
    /// [`cancel`](RawStreamRead::cancel) ends the read instead, and gives back the buffer
    /// with what had arrived.
    ///
    /// # Examples
    ///
    /// ```
    /// use wit_async::{StreamReader, StreamResult};
    ///
    /// async fn read_some(reader: &mut StreamReader<u8>) -> Option<Vec<u8>> {
    ///     let (result, buffer) = reader.read(Vec::with_capacity(4096)).await;
    ///     (result != StreamResult::Dropped).then_some(buffer)
    /// }
    /// ```
    pub fn read(&mut self, buffer: Vec<O::Payload>) -> RawStreamRead<'_, O> {
        RawStreamRead::new(self, buffer)
    }

    /// Reads one item; `None` when the stream has ended.
    ///
    /// Transfers exactly that item, and allocates nothing that it does not
    /// give back.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no item: the read goes on, and the next one takes what
    /// it transfers.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(mut reader: wit_async::StreamReader<u32>) {
    /// while let Some(item) = reader.next().await {
    ///     println!("{item}");
    /// }
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When the future is polled after it was ready.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is `StreamExt::next` that this is like"
    )]
    pub fn next(&mut self) -> impl Future<Output = Option<O::Payload>> {
        let op = ReadOp::new(self, "StreamReader::next", OneSlot::new());
        let mut operation = WaitableOperation::new(op, ());
        poll_fn(move |cx| {
            loop {
                let result = ready!(operation.poll_complete(cx));
                let item = operation.op_mut().target.get().item.take();
                // A host may complete a read with nothing; that is not the end.
                if item.is_some() || result == StreamResult::Dropped {
                    return Poll::Ready(item);
                }
                operation.restart(());
            }
        })
    }

    /// Reads until the stream ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the readable end and what was read.
    ///
    /// # Examples
    ///
    /// ```
    /// async fn text(reader: wit_async::StreamReader<u8>) -> Option<String> {
    ///     String::from_utf8(reader.collect().await).ok()
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// When the future is polled after it was ready.
    pub fn collect(self) -> impl Future<Output = Vec<O::Payload>> {
        let target = VecSlots::with_room(Vec::new());
        let op = ReadOp::new(self, "StreamReader::collect", target);
        let mut operation = WaitableOperation::new(op, ());
        poll_fn(move |cx| {
            loop {
                let result = ready!(operation.poll_complete(cx));
                let slots = operation.op_mut().target.get();
                if result == StreamResult::Dropped {
                    return Poll::Ready(mem::take(&mut slots.items));
                }
                slots.make_room();
                operation.restart(());
            }
        })
    }
}

impl<O: StreamOps> fmt::Debug for RawStreamReader<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamReader")
            .field("handle", &self.handle)
            .finish()
    }
}

impl<O: StreamOps> Drop for RawStreamReader<O> {
    fn drop(&mut self) {
        if let Some(waitable) = self.opt_waitable() {
            let mut ops = self.ops.clone();
            kept::close_after(self, waitable, move || {
                let pair = pair_here::<O::Payload>(waitable);
                waitable::forget(waitable);
                uncount(Gauge::Ends);
                // SAFETY: the end is ours, and no operation is in flight: an
                // operation borrows its end, and is kept when it is dropped; then it
                // was taken back, or is over now.
                unsafe { ops.drop_readable(waitable.index()) };
                if let Some(pair) = pair {
                    pair.drop_reader();
                    waitable::wake_others();
                }
            });
        }
    }
}
