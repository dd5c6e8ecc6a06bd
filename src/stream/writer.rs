//! The writable end.

use super::StreamResult;
use super::left::close_after;
use super::write::{RawStreamWrite, RawStreamWriteFrom, WriteOp};
use crate::abi::{Copied, Waitable};
use crate::buffer::{AbiBuffer, OneItem};
use crate::diagnostics::{Gauge, count, uncount};
use crate::op::WaitableOperation;
use crate::vtable::{StreamOps, StreamVtable};
use crate::waitable::{self, pair_here};
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, poll_fn};
use core::ptr;
use core::task::{Poll, ready};

/// The writable end of a `stream<T>`.
///
/// # Examples
///
/// ```
/// async fn count(mut writer: wit_async::StreamWriter<u32>) {
///     for number in 0..10 {
///         if let Some(unsent) = writer.write_one(number).await {
///             println!("the reader left before {unsent}");
///             return;
///         }
///     }
/// }
/// ```
pub type StreamWriter<T> = RawStreamWriter<&'static StreamVtable<T>>;

/// The writable end of a `stream`, for any [`StreamOps`]. See [`StreamWriter`].
pub struct RawStreamWriter<O: StreamOps> {
    pub(super) waitable: Waitable,
    pub(super) ops: O,
    /// The readable end is known to be gone.
    pub(super) done: bool,
}

impl<O: StreamOps> RawStreamWriter<O> {
    /// Takes over the writable end `handle`.
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
        let waitable = Waitable::new(handle)
            .unwrap_or_else(|| panic!("`StreamWriter::new` got handle 0, which names nothing"));
        count(Gauge::Ends);
        RawStreamWriter {
            waitable,
            ops,
            done: false,
        }
    }

    /// Starts a write with the host.
    ///
    /// # Safety
    ///
    /// As for [`StreamOps::start_write`].
    pub(super) unsafe fn start_write(&mut self, address: *const u8, items: usize) -> Copied {
        let handle = self.waitable.index();
        // SAFETY: as promised by the caller.
        Copied::decode(unsafe { self.ops.start_write(handle, address, items) })
    }

    /// The index of this end in the handle table of the component instance.
    pub fn handle(&self) -> u32 {
        self.waitable.index()
    }

    /// Writes `values`.
    ///
    /// Completes as soon as the reader took at least one of them; how many is in
    /// [`StreamResult::Complete`], and the buffer knows which. Without values
    /// this is a write of length zero, which completes when a reader is ready.
    /// [`StreamResult::Dropped`] means that the reader is gone; every further
    /// write says so again and gives its values back.
    ///
    /// # Cancel safety
    ///
    /// Dropping the write cancels it and drops the values that were not sent.
    /// [`cancel`](RawStreamWrite::cancel) gives them back.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(writer: &mut wit_async::StreamWriter<u8>) {
    /// let (result, buffer) = writer.write(vec![1, 2, 3]).await;
    /// println!("{result:?}, {} to go", buffer.remaining());
    /// # }
    /// ```
    pub fn write(&mut self, values: Vec<O::Payload>) -> RawStreamWrite<'_, O> {
        let buffer = AbiBuffer::new(values, self.ops.clone());
        self.write_buf(buffer)
    }

    /// Writes what a buffer has not sent yet; otherwise as
    /// [`write`](RawStreamWriter::write).
    ///
    /// # Cancel safety
    ///
    /// Dropping the write cancels it, and drops the buffer with what was not sent; its
    /// [`cancel`](RawStreamWrite::cancel) gives the buffer back.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(writer: &mut wit_async::StreamWriter<u8>) {
    /// let (_, buffer) = writer.write(vec![1, 2, 3]).await;
    /// let (_, buffer) = writer.write_buf(buffer).await;
    /// # }
    /// ```
    pub fn write_buf(&mut self, buffer: AbiBuffer<O>) -> RawStreamWrite<'_, O> {
        RawStreamWrite::new(self, buffer)
    }

    /// Values to be [written](RawStreamWriter::write_from) from a buffer that stays here.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn example(writer: &wit_async::StreamWriter<u8>) {
    /// let buffer = writer.buffer(vec![1, 2, 3]);
    /// assert_eq!(buffer.remaining(), 3);
    /// # }
    /// ```
    pub fn buffer(&self, values: Vec<O::Payload>) -> AbiBuffer<O> {
        AbiBuffer::new(values, self.ops.clone())
    }

    /// Writes what `buffer` has not sent yet, which stays with the caller; otherwise as
    /// [`write`](RawStreamWriter::write).
    ///
    /// # Cancel safety
    ///
    /// Dropping the write loses no value: it is cancelled, and what was not sent is in the
    /// buffer. Where that is not possible, in synchronous code, the values go with the
    /// write, which is [left to its task](crate#dropping-what-is-in-flight); so do those of
    /// a write that is leaked.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::{FutureExt, select_biased};
    /// use wit_async::{StreamResult, StreamWriter};
    ///
    /// # async fn a_second() {}
    /// /// Sends as many as the reader takes within a second, and returns the rest.
    /// async fn send_some(writer: &mut StreamWriter<u8>, values: Vec<u8>) -> Vec<u8> {
    ///     let mut buffer = writer.buffer(values);
    ///     let mut timeout = std::pin::pin!(a_second().fuse());
    ///     while buffer.remaining() > 0 {
    ///         select_biased! {
    ///             result = writer.write_from(&mut buffer).fuse() => {
    ///                 if result == StreamResult::Dropped {
    ///                     break;
    ///                 }
    ///             }
    ///             () = timeout => break,
    ///         }
    ///     }
    ///     buffer.into_vec()
    /// }
    /// ```
    pub fn write_from<'a>(&'a mut self, buffer: &'a mut AbiBuffer<O>) -> RawStreamWriteFrom<'a, O> {
        RawStreamWriteFrom::new(self, buffer)
    }

    /// Writes all of `values`, as often as it takes.
    ///
    /// Returns those that were not sent because the reader is gone; the vector
    /// is empty when all were.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the values that were not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(writer: &mut wit_async::StreamWriter<u8>) {
    /// let unsent = writer.write_all(vec![1, 2, 3]).await;
    /// assert!(unsent.is_empty(), "the reader left early");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When the future is polled after it was ready.
    pub fn write_all(&mut self, values: Vec<O::Payload>) -> impl Future<Output = Vec<O::Payload>> {
        let buffer = AbiBuffer::new(values, self.ops.clone());
        let op = WriteOp::new(self, "StreamWriter::write_all", buffer);
        let mut operation = WaitableOperation::new(op, ());
        poll_fn(move |cx| {
            loop {
                let result = ready!(operation.poll_complete(cx));
                let buffer = operation.op_mut().source.get();
                if buffer.remaining() == 0 || result == StreamResult::Dropped {
                    return Poll::Ready(buffer.take_values());
                }
                operation.restart(());
            }
        })
    }

    /// Writes one value. Returns it if it was not sent because the reader is
    /// gone.
    ///
    /// Allocates nothing for values of up to 128 bytes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the value unless it was sent.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(writer: &mut wit_async::StreamWriter<u8>) {
    /// assert_eq!(writer.write_one(1).await, None, "the reader left early");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When the future is polled after it was ready.
    pub fn write_one(&mut self, value: O::Payload) -> impl Future<Output = Option<O::Payload>> {
        let ops = self.ops.clone();
        let op = WriteOp::without(self, "StreamWriter::write_one");
        let mut operation = WaitableOperation::finished(op);
        let mut unstarted = Some(value);
        poll_fn(move |cx| {
            // Like every future it does nothing before it is polled.
            if let Some(value) = unstarted.take() {
                operation
                    .op_mut()
                    .source
                    .set(OneItem::new(value, ops.clone()));
                operation.restart(());
            }
            loop {
                let result = ready!(operation.poll_complete(cx));
                let item = operation.op_mut().source.get();
                if item.is_sent() || result == StreamResult::Dropped {
                    return Poll::Ready(item.take());
                }
                operation.restart(());
            }
        })
    }
}

impl<O: StreamOps> fmt::Debug for RawStreamWriter<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamWriter")
            .field("handle", &self.waitable.index())
            .finish()
    }
}

impl<O: StreamOps> Drop for RawStreamWriter<O> {
    fn drop(&mut self) {
        let (waitable, mut ops) = (self.waitable, self.ops.clone());
        close_after(self, move || {
            let pair = pair_here::<O::Payload>(waitable);
            waitable::forget(waitable);
            uncount(Gauge::Ends);
            // SAFETY: the end is ours, and no operation is in flight: an operation
            // borrows its end, and is cancelled or left alone when it is dropped;
            // then it was taken back, or is over now.
            unsafe { ops.drop_writable(waitable.index()) };
            if let Some(pair) = pair {
                pair.drop_writer();
                waitable::wake_others();
            }
        });
    }
}

impl<O: StreamOps> RawStreamWriter<O> {
    /// Another one with the same handle.
    pub(super) fn twin(&self) -> Self {
        RawStreamWriter {
            waitable: self.waitable,
            ops: self.ops.clone(),
            done: false,
        }
    }

    /// Drops all of a twin but the handle.
    ///
    /// # Safety
    ///
    /// It is not used afterwards.
    pub(super) unsafe fn drop_twin(twin: &mut Self) {
        // SAFETY: as promised by the caller.
        unsafe { ptr::drop_in_place(&raw mut twin.ops) };
    }
}
