//! What every guest does to the data, whatever it runs on.

#![no_std]

/// How long the texts of a stream are.
pub const TEXT: usize = 16;

/// What `text` sends and `take-text` takes.
pub const LETTERS: [u8; 4096] = [b'a'; 4096];

/// A number of round `round`.
pub fn number(round: u32, place: u32) -> u32 {
    round.wrapping_mul(31).wrapping_add(place)
}

/// Fills a chunk of bytes.
pub fn fill(bytes: &mut [u8], round: u32) {
    bytes.fill(round as u8);
}

/// Looks at a chunk of bytes that was read.
pub fn look(bytes: &[u8]) -> u64 {
    let ends = bytes.first().zip(bytes.last());
    ends.map_or(0, |(first, last)| {
        bytes.len() as u64 + u64::from(*first) + u64::from(*last)
    })
}

/// A text of round `round`.
pub fn text(round: u32, place: u32) -> [u8; TEXT] {
    let mut text = [b'a'; TEXT];
    text[0] = b'a' + (number(round, place) % 16) as u8;
    text
}
