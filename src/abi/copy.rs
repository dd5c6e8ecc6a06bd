//! Results of `{stream,future}.{read,write,cancel-read,cancel-write}`.

/// The most items that one read or write may name.
pub(crate) const MAX_LENGTH: usize = (1 << 28) - 1;

/// What a copy came to (canonical ABI, "stream.read" and "future.read").
///
/// The count is cumulative for the buffer of the operation and always 0 for
/// futures.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Copied {
    /// Nothing yet; an event will tell.
    Blocked,
    /// The items were transferred and the end is idle again.
    Completed(usize),
    /// The items were transferred, and the other end is gone.
    Dropped(usize),
    /// The items were transferred before our own cancel took effect.
    Cancelled(usize),
    /// The items were moved to a reader in this instance, with all that they own.
    /// The host has no part in this, nor a code for it.
    Moved(usize),
    /// The reader was handed away: the write has to be started with the host. Not
    /// from the host either.
    Apart,
}

impl Copied {
    /// Decodes the result of a built-in or the payload of an event.
    ///
    /// # Panics
    ///
    /// If the host returns a code that the ABI does not have.
    #[inline]
    pub(crate) fn decode(code: u32) -> Copied {
        if code == u32::MAX {
            return Copied::Blocked;
        }
        let items = (code >> 4) as usize;
        match code & 0xf {
            0 => Copied::Completed(items),
            1 => Copied::Dropped(items),
            2 => Copied::Cancelled(items),
            _ => panic!("the host returned {code:#x}, which is no result of a copy"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_low_nibble() {
        for items in [0u32, 1, 7, (1 << 28) - 1] {
            let n = items as usize;
            assert_eq!(Copied::decode(items << 4), Copied::Completed(n));
            assert_eq!(Copied::decode(items << 4 | 1), Copied::Dropped(n));
            assert_eq!(Copied::decode(items << 4 | 2), Copied::Cancelled(n));
        }
        assert_eq!(Copied::decode(u32::MAX), Copied::Blocked);
    }

    #[test]
    fn the_largest_result_is_not_blocked() {
        let largest = ((MAX_LENGTH as u32) << 4) | 2;
        assert_eq!(Copied::decode(largest), Copied::Cancelled(MAX_LENGTH));
    }

    #[test]
    #[should_panic(expected = "0x13, which is no result of a copy")]
    fn an_unknown_code_is_named() {
        Copied::decode(0x13);
    }
}
