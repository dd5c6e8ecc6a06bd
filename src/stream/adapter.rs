//! A reader as a `futures::Stream`.

use super::read::ReadOp;
use super::{RawStreamReader, StreamResult};
use crate::buffer::OneSlot;
use crate::op::WaitableOperation;
use crate::vtable::{StreamOps, StreamVtable};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::stream::{FusedStream, Stream};

/// A [`StreamReader`](crate::StreamReader) as a [`futures::Stream`](Stream); made by
/// [`into_stream`](RawStreamReader::into_stream).
pub type StreamReaderStream<T> = RawStreamReaderStream<&'static StreamVtable<T>>;

/// A reader as a [`futures::Stream`](Stream), for any [`StreamOps`].
///
/// Each item is one read, which is kept here: no future is boxed.
///
/// # Cancel safety
///
/// Dropping the future of `next()` loses nothing: the read stays in flight, and
/// the next poll takes its item.
pub struct RawStreamReaderStream<O: StreamOps + 'static> {
    /// Owns the reader; finished between items.
    operation: WaitableOperation<Op<O>>,
    ended: bool,
}

type Op<O> = ReadOp<O, RawStreamReader<O>, OneSlot<<O as StreamOps>::Payload>>;

// Nothing in here is pinned; see `WaitableOperation`.
impl<O: StreamOps + 'static> Unpin for RawStreamReaderStream<O> {}

impl<O: StreamOps + 'static> RawStreamReaderStream<O> {
    /// Takes over `reader`.
    pub fn new(reader: RawStreamReader<O>) -> Self {
        RawStreamReaderStream {
            operation: WaitableOperation::finished(ReadOp::new(
                reader,
                "StreamReader::into_stream",
            )),
            ended: false,
        }
    }

    /// The reader, unless the stream has ended.
    ///
    /// # Cancel safety
    ///
    /// A read that is in flight goes on, and what it transfers is there for the next read
    /// of the reader.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    ///
    /// async fn skip_one(reader: wit_async::StreamReader<u32>)
    ///     -> Option<wit_async::StreamReader<u32>>
    /// {
    ///     let mut stream = reader.into_stream();
    ///     stream.next().await;
    ///     stream.into_inner()
    /// }
    /// ```
    pub fn into_inner(self) -> Option<RawStreamReader<O>> {
        if self.ended {
            return None;
        }
        Some(self.operation.into_op().reader)
    }
}

impl<O: StreamOps + 'static> Stream for RawStreamReaderStream<O> {
    type Item = O::Payload;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<O::Payload>> {
        if self.ended {
            return Poll::Ready(None);
        }
        loop {
            if self.operation.is_finished() {
                self.operation.restart(OneSlot::new());
            }
            let (result, slot) = ready!(self.operation.poll_complete(cx));
            self.ended = slot.item.is_none() && result == StreamResult::Dropped;
            // A host may complete a read with nothing; that is not the end.
            if slot.item.is_some() || self.ended {
                return Poll::Ready(slot.item);
            }
        }
    }
}

impl<O: StreamOps + 'static> FusedStream for RawStreamReaderStream<O> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

impl<O: StreamOps + 'static> fmt::Debug for RawStreamReaderStream<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamReaderStream")
            .field("reader", &self.operation.op().reader)
            .field("ended", &self.ended)
            .finish()
    }
}

impl<O: StreamOps + 'static> RawStreamReader<O> {
    /// This reader as a [`futures::Stream`](Stream).
    ///
    /// # Cancel safety
    ///
    /// Dropping a `next()` loses no item: the read goes on, and the following one gets it.
    /// What is kept when the adapter is dropped goes with it;
    /// [`into_inner`](RawStreamReaderStream::into_inner) gives back a reader that keeps it.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    ///
    /// async fn evens(reader: wit_async::StreamReader<u32>) -> Vec<u32> {
    ///     reader
    ///         .into_stream()
    ///         .filter(|number| core::future::ready(number % 2 == 0))
    ///         .collect()
    ///         .await
    /// }
    /// ```
    pub fn into_stream(self) -> RawStreamReaderStream<O> {
        RawStreamReaderStream::new(self)
    }
}
