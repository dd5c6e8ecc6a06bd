//! What takes the bytes of a stream one at a time.

use futures::io::AsyncReadExt;
use futures::stream::Stream;

use crate::runtime::StreamReader;

/// Reads so many bytes ahead.
pub fn buffered(reader: StreamReader<u8>, items: usize) -> impl Stream<Item = u8> + Unpin {
    reader.buffered(items)
}

/// Reads each byte by itself, as a parser does.
pub async fn sum_of_bytes(reader: StreamReader<u8>) -> u64 {
    let mut bytes = reader.into_async_read();
    let mut byte = [0];
    let mut sum = 0;
    while let Ok(1) = bytes.read(&mut byte).await {
        sum += u64::from(byte[0]);
    }
    sum
}
