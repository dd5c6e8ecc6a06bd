//! Moves the bytes of one stream into another, in large pieces: the next piece
//! is read while the one before is being written. The same text for each runtime.

use futures::future::join;

use crate::input::{CHUNK, Input};
use crate::runtime::{StreamReader, StreamWriter};

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
