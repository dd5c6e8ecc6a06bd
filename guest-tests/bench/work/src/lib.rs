//! What every guest does to the data, whatever it runs on.

#![no_std]

/// How long the texts of a stream are.
pub const TEXT: usize = 16;

/// How many bytes a reader has room for that takes what comes.
pub const ROOM: u32 = 64 << 10;

/// What `text` sends and `take-text` takes.
pub const LETTERS: [u8; 4096] = [b'a'; 4096];

/// The same as text, which is looked at when this is compiled: no runtime is to do it.
pub const TEXT_OF_LETTERS: &str = match core::str::from_utf8(&LETTERS) {
    Ok(text) => text,
    Err(_) => panic!("letters are text"),
};

/// A number of round `round`.
pub fn number(round: u32, place: u32) -> u32 {
    round.wrapping_mul(31).wrapping_add(place)
}

/// What all bytes of round `round` are.
pub fn byte(round: u32) -> u8 {
    round as u8
}

/// Fills a chunk of bytes.
pub fn fill(bytes: &mut [u8], round: u32) {
    bytes.fill(byte(round));
}

/// Looks at what was read, a byte here and there: the same ones in whatever pieces they
/// come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    offset: usize,
    sum: u64,
}

impl Look {
    const STEP: usize = 4096;

    /// At nothing yet.
    pub const fn new() -> Look {
        Look { offset: 0, sum: 0 }
    }

    /// At the next piece.
    pub fn at(&mut self, bytes: &[u8]) {
        let mut next = self.offset.next_multiple_of(Self::STEP) - self.offset;
        while let Some(byte) = bytes.get(next) {
            self.sum += u64::from(*byte);
            next += Self::STEP;
        }
        self.offset += bytes.len();
    }

    /// A sum that shows what was read.
    pub fn sum(self) -> u64 {
        self.sum + self.offset as u64
    }
}

/// Looks at a text that was read.
pub fn look(text: &[u8]) -> u64 {
    let ends = text.first().zip(text.last());
    ends.map_or(0, |(first, last)| {
        text.len() as u64 + u64::from(*first) + u64::from(*last)
    })
}

/// A text of round `round`.
pub fn text(round: u32, place: u32) -> [u8; TEXT] {
    let mut text = [b'a'; TEXT];
    text[0] = b'a' + (number(round, place) % 16) as u8;
    text
}
