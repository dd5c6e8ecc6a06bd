//! A reader of bytes as an `AsyncRead`.

use super::RawStreamReader;
use super::window::{Window, room};
use crate::vtable::{StreamOps, StreamVtable};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures::io::{AsyncBufRead, AsyncRead};
use std::io;

/// A [`StreamReader<u8>`](crate::StreamReader) as an [`AsyncRead`] and [`AsyncBufRead`]; made
/// by [`into_async_read`](RawStreamReader::into_async_read).
pub type ByteReader = RawByteReader<&'static StreamVtable<u8>>;

/// A reader of bytes as an [`AsyncRead`] and [`AsyncBufRead`], for any [`StreamOps`].
///
/// It reads ahead, into memory of its own that it uses again and again: the memory of a
/// caller is never lent to the host. Reading never fails, and the end of the stream is the
/// end of what can be read.
///
/// # Cancel safety
///
/// Dropping a read loses nothing: the read of the stream stays in flight, and the next one
/// gets its bytes.
pub struct RawByteReader<O: StreamOps<Payload = u8> + 'static> {
    window: Window<O>,
    /// How much of the window was read.
    read: usize,
}

// Nothing in here is pinned; see `WaitableOperation`.
impl<O: StreamOps<Payload = u8> + 'static> Unpin for RawByteReader<O> {}

impl<O: StreamOps<Payload = u8> + 'static> RawByteReader<O> {
    /// The reader, unless the stream has ended.
    ///
    /// If it is handed away while it keeps bytes, [a future in the
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
    /// use futures::AsyncReadExt;
    ///
    /// async fn behind_magic(reader: wit_async::StreamReader<u8>)
    ///     -> std::io::Result<Option<wit_async::StreamReader<u8>>>
    /// {
    ///     let mut bytes = reader.into_async_read();
    ///     let mut magic = [0; 4];
    ///     bytes.read_exact(&mut magic).await?;
    ///     Ok(bytes.into_inner().filter(|_| magic == *b"wasm"))
    /// }
    /// ```
    pub fn into_inner(mut self) -> Option<RawStreamReader<O>> {
        self.window.items().drain(..self.read);
        self.window.into_reader()
    }

    /// Makes sure that there are bytes in the window, unless the stream has ended.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<&[u8]> {
        if self.read == self.window.len() {
            self.window.items().clear();
            self.read = 0;
            let _ = ready!(self.window.poll_fill(cx));
        }
        Poll::Ready(&self.window.items()[self.read..])
    }
}

impl<O: StreamOps<Payload = u8> + 'static> AsyncRead for RawByteReader<O> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let bytes = ready!(self.poll_bytes(cx));
        let count = bytes.len().min(buf.len());
        buf[..count].copy_from_slice(&bytes[..count]);
        self.read += count;
        Poll::Ready(Ok(count))
    }
}

impl<O: StreamOps<Payload = u8> + 'static> AsyncBufRead for RawByteReader<O> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_mut().poll_bytes(cx).map(Ok)
    }

    fn consume(mut self: Pin<&mut Self>, amt: usize) {
        let there = self.window.len() - self.read;
        self.read += amt.min(there);
    }
}

impl<O: StreamOps<Payload = u8> + 'static> fmt::Debug for RawByteReader<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteReader")
            .field("reader", self.window.reader())
            .field("ended", &self.window.is_ended())
            .finish()
    }
}

impl<O: StreamOps<Payload = u8> + 'static> RawStreamReader<O> {
    /// This reader as an [`AsyncRead`] and [`AsyncBufRead`], which reads up to 8 KiB ahead.
    ///
    /// # Cancel safety
    ///
    /// Dropping a read loses no byte: the following one gets it. What was read ahead when the
    /// adapter is dropped goes with it; [`into_inner`](RawByteReader::into_inner) gives back a
    /// reader that keeps it.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::{AsyncBufReadExt, TryStreamExt};
    ///
    /// async fn count_lines(reader: wit_async::StreamReader<u8>) -> std::io::Result<usize> {
    ///     let lines = reader.into_async_read().lines();
    ///     lines.try_fold(0, |count, _| async move { Ok(count + 1) }).await
    /// }
    /// ```
    pub fn into_async_read(self) -> RawByteReader<O> {
        let room = room(&self.ops);
        RawByteReader {
            window: Window::new(self, "StreamReader::into_async_read", room),
            read: 0,
        }
    }
}
