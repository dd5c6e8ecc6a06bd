//! What takes the bytes of a stream one at a time: all of it is `into_stream` here.

use futures::stream::{Stream, StreamExt};

use crate::runtime::StreamReader;

/// Reads nothing ahead.
pub fn buffered(reader: StreamReader<u8>, _: usize) -> impl Stream<Item = u8> + Unpin {
    reader.into_stream()
}

/// There is no reader of bytes.
pub async fn sum_of_bytes(reader: StreamReader<u8>) -> u64 {
    let mut bytes = reader.into_stream();
    let mut sum = 0;
    while let Some(byte) = bytes.next().await {
        sum += u64::from(byte);
    }
    sum
}
