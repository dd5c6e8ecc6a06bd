//! A reader as a `futures::Stream`.

use super::RawStreamReader;
use super::ahead::Ahead;
use super::window::{Window, most, room};
use crate::vtable::{StreamOps, StreamVtable};
use core::fmt;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::stream::{FusedStream, Stream};

/// A [`StreamReader`](crate::StreamReader) as a [`futures::Stream`](Stream); made by
/// [`into_stream`](RawStreamReader::into_stream).
pub type StreamReaderStream<T> = RawStreamReaderStream<&'static StreamVtable<T>>;

/// A reader as a [`futures::Stream`](Stream), for any [`StreamOps`].
///
/// It reads ahead where items own nothing, into memory that it uses again and again; see
/// [`into_stream`](RawStreamReader::into_stream). No future is boxed.
///
/// # Cancel safety
///
/// Dropping the future of `next()` loses nothing: the read stays in flight, and
/// the next poll takes its items.
pub struct RawStreamReaderStream<O: StreamOps + 'static> {
    /// Nothing is in there between two polls: it is in `ahead`.
    window: Window<O>,
    ahead: Ahead<O::Payload>,
}

// Nothing in here is pinned; see `WaitableOperation`.
impl<O: StreamOps + 'static> Unpin for RawStreamReaderStream<O> {}

impl<O: StreamOps + 'static> RawStreamReaderStream<O> {
    /// Takes over `reader`.
    pub fn new(reader: RawStreamReader<O>) -> Self {
        let room = room(&reader.ops);
        RawStreamReaderStream {
            window: Window::new(reader, "StreamReader::into_stream", room),
            ahead: Ahead::new(),
        }
    }

    /// The reader, unless the stream has ended.
    ///
    /// If it is handed away while it keeps items, [a future in the
    /// background](crate#what-a-dropped-read-gets) passes them on.
    ///
    /// # Cancel safety
    ///
    /// What was read ahead is there for the next read of the reader. A read that is in
    /// flight goes on, and what it transfers is there too.
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
    pub fn into_inner(mut self) -> Option<RawStreamReader<O>> {
        let left = self.ahead.take();
        if !left.is_empty() {
            *self.window.items() = left;
        }
        self.window.into_reader()
    }
}

impl<O: StreamOps + 'static> RawStreamReaderStream<O> {
    /// Reads ahead anew: all that was read ahead is taken.
    #[inline(never)]
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let memory = self.ahead.take();
        if memory.capacity() > 0 {
            *self.window.items() = memory;
        }
        if ready!(self.window.poll_fill(cx)) {
            self.ahead.refill(mem::take(self.window.items()));
        }
        Poll::Ready(())
    }
}

impl<O: StreamOps + 'static> Stream for RawStreamReaderStream<O> {
    type Item = O::Payload;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<O::Payload>> {
        if let Some(item) = self.ahead.next() {
            return Poll::Ready(Some(item));
        }
        ready!(self.poll_fill(cx));
        Poll::Ready(self.ahead.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let ahead = self.ahead.len();
        (ahead, self.window.is_ended().then_some(ahead))
    }
}

impl<O: StreamOps + 'static> FusedStream for RawStreamReaderStream<O> {
    fn is_terminated(&self) -> bool {
        self.window.is_ended()
    }
}

impl<O: StreamOps + 'static> fmt::Debug for RawStreamReaderStream<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamReaderStream")
            .field("reader", self.window.reader())
            .field("ended", &self.window.is_ended())
            .finish()
    }
}

impl<O: StreamOps + 'static> RawStreamReader<O> {
    /// This reader as a [`futures::Stream`](Stream).
    ///
    /// Items that own nothing, such as numbers, are read ahead: as many as there are, up to
    /// 8 KiB. Others are read one at a time; [`buffered`](Self::buffered) reads those
    /// ahead too.
    ///
    /// # Cancel safety
    ///
    /// Dropping a `next()` loses no item: the read goes on, and the following one gets it.
    /// What was read ahead when the adapter is dropped goes with it;
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

    /// This reader as a [`futures::Stream`](Stream) that reads up to `items` items ahead,
    /// whatever they are, but no more than fit into 1 MiB; with 0, one at a time.
    ///
    /// Memory for so many items is taken with the first read.
    ///
    /// # Cancel safety
    ///
    /// That of [`into_stream`](Self::into_stream).
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    ///
    /// async fn longest(lines: wit_async::StreamReader<String>) -> usize {
    ///     lines
    ///         .buffered(64)
    ///         .fold(0, |longest, line| core::future::ready(longest.max(line.len())))
    ///         .await
    /// }
    /// ```
    pub fn buffered(self, items: usize) -> RawStreamReaderStream<O> {
        let room = items.min(most::<O>());
        RawStreamReaderStream {
            window: Window::new(self, "StreamReader::buffered", room),
            ahead: Ahead::new(),
        }
    }
}
