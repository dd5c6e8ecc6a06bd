//! Reads a stream of bytes in large pieces. The same text for each runtime.

use crate::runtime::{StreamReader, StreamResult};

/// How many bytes are read and written at once.
pub const CHUNK: usize = 64 * 1024;

/// A stream that is dropped as soon as it has ended.
#[derive(Debug)]
pub struct Input(Option<StreamReader<u8>>);

impl Input {
    /// Reads from `stream`.
    pub fn new(stream: StreamReader<u8>) -> Input {
        Input(Some(stream))
    }

    /// Reads until `buffer` has no room left or the stream ends; an empty
    /// answer is the end. The file system hands out smaller pieces than it is
    /// asked for, and passing those on would wake three guests for each.
    pub async fn fill(&mut self, mut buffer: Vec<u8>) -> Vec<u8> {
        while let Some(stream) = &mut self.0
            && buffer.len() < buffer.capacity()
        {
            let (result, filled) = stream.read(buffer).await;
            buffer = filled;
            if result == StreamResult::Dropped {
                self.0 = None;
            }
        }
        buffer
    }
}
