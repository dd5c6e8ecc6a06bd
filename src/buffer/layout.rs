//! Checked arithmetic on element counts: never a wrapped size.

use crate::abi::MAX_LENGTH;
use core::alloc::Layout;

/// How many elements of a type that is zero-sized in Rust, but not in the ABI,
/// one operation moves. `Vec::capacity` says nothing about such a type, and a
/// vector of billions of them takes no memory before it is lowered.
const ZERO_SIZED_WINDOW: usize = 1024;

/// The most elements that one operation may lend: what the ABI can count and
/// what one allocation can hold.
#[inline]
pub(crate) fn most_elements(element: Layout) -> usize {
    match element.size() {
        0 => MAX_LENGTH,
        // An allocation, rounded up to its alignment, fits into `isize`.
        size => MAX_LENGTH.min((isize::MAX as usize - (element.align() - 1)) / size),
    }
}

/// Layout of `count` elements one behind the other; `count` is at most
/// [`most_elements`].
pub(crate) fn array(element: Layout, count: usize) -> Layout {
    debug_assert!(count <= most_elements(element));
    element
        .size()
        .checked_mul(count)
        .and_then(|size| Layout::from_size_align(size, element.align()).ok())
        .unwrap_or_else(|| panic!("{count} elements of {element:?} do not fit into memory"))
}

/// How many elements to ask the host for, to append them to a vector of `len`
/// with room for `spare`, whose elements have size `rust_size` in Rust.
#[inline]
pub(crate) fn read_count(element: Layout, rust_size: usize, len: usize, spare: usize) -> usize {
    let room = match (rust_size, element.size()) {
        (0, 0) => usize::MAX - len,
        (0, _) => ZERO_SIZED_WINDOW.min(usize::MAX - len),
        _ => spare,
    };
    room.min(most_elements(element))
}

/// How many of `unsent` elements, whose size in Rust is `rust_size`, to lower at
/// once.
#[inline]
pub(crate) fn write_count(element: Layout, rust_size: usize, unsent: usize) -> usize {
    let window = match (rust_size, element.size()) {
        (0, size) if size > 0 => ZERO_SIZED_WINDOW,
        _ => most_elements(element),
    };
    unsent.min(window)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a valid layout")
    }

    #[test]
    fn the_longest_array_is_a_valid_layout() {
        for (size, align) in [(0, 1), (1, 1), (2, 2), (12, 4), (16, 8), (1 << 20, 8)] {
            let element = layout(size, align);
            let most = most_elements(element);
            assert!(most <= MAX_LENGTH);
            assert_eq!(array(element, most).size(), size * most);
        }
    }

    #[test]
    fn an_element_as_large_as_memory_goes_one_at_a_time() {
        let element = layout(isize::MAX as usize - 7, 8);
        assert_eq!(most_elements(element), 1);
    }

    #[test]
    fn a_second_element_that_misses_by_one_byte_does_not_fit() {
        let element = layout(1 << (usize::BITS - 2), 8);
        assert_eq!(most_elements(element), 1);
    }

    #[test]
    fn a_read_fills_the_room_there_is() {
        assert_eq!(read_count(layout(4, 4), 4, 3, 5), 5);
        assert_eq!(read_count(layout(4, 4), 4, 3, 0), 0);
    }

    #[test]
    fn a_read_is_split_at_what_the_abi_can_count() {
        assert_eq!(read_count(layout(1, 1), 1, 0, usize::MAX), MAX_LENGTH);
    }

    #[test]
    fn a_write_is_split_where_memory_ends() {
        let element = layout(1 << 20, 8);
        let most = most_elements(element);
        assert_eq!(write_count(element, 8, 3), 3);
        assert_eq!(write_count(element, 8, usize::MAX), most);
        assert_eq!(write_count(layout(1, 1), 0, 1 << 31), ZERO_SIZED_WINDOW);
        assert_eq!(write_count(layout(0, 1), 0, 1 << 31), MAX_LENGTH);
    }

    #[test]
    fn zero_sized_elements_have_an_explicit_count() {
        // `Vec::<()>::capacity()` is `usize::MAX`, whatever was asked for.
        assert_eq!(read_count(layout(0, 1), 0, 0, usize::MAX), MAX_LENGTH);
        assert_eq!(read_count(layout(0, 1), 0, usize::MAX - 3, 3), 3);
        assert_eq!(
            read_count(layout(1, 1), 0, 0, usize::MAX),
            ZERO_SIZED_WINDOW
        );
        let almost_full = usize::MAX - 3;
        assert_eq!(read_count(layout(1, 1), 0, almost_full, 3), 3);
    }
}
