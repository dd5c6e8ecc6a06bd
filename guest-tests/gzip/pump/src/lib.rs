//! Moves the bytes of one stream into another, in large pieces: the next piece
//! is read while the one before is being written.

use futures::future::join;
use wit_async::{StreamReader, StreamResult, StreamWriter};

/// How many bytes are read and written at once.
pub const CHUNK: usize = 64 * 1024;

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pumped {
    /// How many bytes the other side took.
    pub bytes: u64,
    /// Whether it went away before it had taken all of them.
    pub closed: bool,
}

/// Moves everything from `from` to `to`, then drops both.
pub async fn pump(from: StreamReader<u8>, mut to: StreamWriter<u8>) -> Pumped {
    let mut input = Input::new(from);
    let mut bytes = 0;
    let mut full = input.fill(Vec::with_capacity(CHUNK)).await;
    let mut spare = Vec::with_capacity(CHUNK);
    while !full.is_empty() {
        let length = full.len();
        let (unsent, next) = join(to.write_all(full), input.fill(spare)).await;
        bytes += (length - unsent.len()) as u64;
        if !unsent.is_empty() {
            return Pumped {
                bytes,
                closed: true,
            };
        }
        full = next;
        spare = unsent;
    }
    Pumped {
        bytes,
        closed: false,
    }
}

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
