//! Measures and limits the linear memory of each guest.

use serde::Serialize;
use wasmtime::ResourceLimiter;

/// The most that a guest may have, in bytes.
pub const LIMIT: usize = 8 << 20;

/// The largest size that the memory of each guest had, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PeakMemory {
    /// Of the guest that reads.
    pub reader: u64,
    /// Of the guest that compresses.
    pub compressor: u64,
    /// Of the guest that writes.
    pub writer: u64,
}

impl PeakMemory {
    /// The guest whose memory declares `maximum`, and its peak. The host is
    /// not told which memory grows; so each guest is linked with a maximum of
    /// its own (`build.rs` of each), which is at or a little below [`LIMIT`].
    fn of(&mut self, maximum: Option<usize>) -> Option<(&'static str, &mut u64)> {
        const PAGE: usize = 64 << 10;
        match LIMIT.checked_sub(maximum?)? / PAGE {
            2 => Some(("reader", &mut self.reader)),
            1 => Some(("compressor", &mut self.compressor)),
            0 => Some(("writer", &mut self.writer)),
            _ => None,
        }
    }
}

/// Watches all memories of a store.
#[derive(Debug, Default)]
pub struct Memories {
    pub peak: PeakMemory,
    /// Who was refused how many bytes.
    pub refused: Option<(&'static str, usize)>,
}

impl ResourceLimiter for Memories {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let Some((guest, peak)) = self.peak.of(maximum) else {
            return Err(wasmtime::Error::msg(format!(
                "a memory that may have {maximum:?} bytes belongs to none of the guests reader, \
                 compressor and writer; rebuild them"
            )));
        };
        if desired > LIMIT || Some(desired) > maximum {
            self.refused = Some((guest, desired));
            return Ok(false);
        }
        *peak = (*peak).max(desired as u64);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // A table has an entry for each function whose address is taken.
        Ok(desired <= 100_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 64 << 10;

    #[test]
    fn each_guest_has_its_own_peak() {
        let mut memories = Memories::default();
        let mut grow = |size, below| memories.memory_growing(0, size, Some(LIMIT - below * PAGE));
        assert!(grow(17 * PAGE, 2).expect("the reader"));
        assert!(grow(20 * PAGE, 1).expect("the compressor"));
        assert!(grow(18 * PAGE, 0).expect("the writer"));
        assert!(grow(19 * PAGE, 2).expect("the reader again"));
        let pages = |pages: usize| (pages * PAGE) as u64;
        let expected = PeakMemory {
            reader: pages(19),
            compressor: pages(20),
            writer: pages(18),
        };
        assert_eq!(memories.peak, expected);
        assert_eq!(memories.refused, None);
    }

    #[test]
    fn more_than_the_limit_is_refused_and_not_counted() {
        let mut memories = Memories::default();
        assert!(
            memories
                .memory_growing(0, LIMIT, Some(LIMIT))
                .expect("the writer")
        );
        assert!(
            !memories
                .memory_growing(LIMIT, LIMIT + PAGE, Some(LIMIT))
                .expect("the writer")
        );
        assert_eq!(memories.refused, Some(("writer", LIMIT + PAGE)));
        assert_eq!(memories.peak.writer, LIMIT as u64);
    }

    #[test]
    fn a_memory_of_nobody_is_an_error() {
        for maximum in [None, Some(LIMIT + PAGE), Some(LIMIT - 3 * PAGE)] {
            assert!(
                Memories::default()
                    .memory_growing(0, PAGE, maximum)
                    .is_err(),
                "{maximum:?}"
            );
        }
    }
}
