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
pub async fn pump(mut from: StreamReader<u8>, mut to: StreamWriter<u8>) -> Pumped {
    let mut bytes = 0;
    let mut full = fill(&mut from, Vec::with_capacity(CHUNK)).await;
    let mut spare = Vec::with_capacity(CHUNK);
    while !full.is_empty() {
        let length = full.len();
        let (unsent, next) = join(to.write_all(full), fill(&mut from, spare)).await;
        bytes += (length - unsent.len()) as u64;
        if !unsent.is_empty() {
            return Pumped { bytes, closed: true };
        }
        full = next;
        spare = unsent;
    }
    Pumped { bytes, closed: false }
}

/// Reads until `buffer` has no room left or the stream ends. An empty answer is
/// the end: the file system hands out smaller pieces than it is asked for, and
/// passing those on would wake three guests for each of them.
pub async fn fill(from: &mut StreamReader<u8>, mut buffer: Vec<u8>) -> Vec<u8> {
    while buffer.len() < buffer.capacity() {
        let (result, filled) = from.read(buffer).await;
        buffer = filled;
        if result == StreamResult::Dropped {
            break;
        }
    }
    buffer
}
