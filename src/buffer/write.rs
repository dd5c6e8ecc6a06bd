//! What a stream write sends, and how far it got.

use super::{Block, layout};
use crate::abi::MAX_LENGTH;
use crate::vtable::StreamOps;
use crate::waitable::{Carried, carrying};
use alloc::vec::Vec;
use core::fmt;
use core::mem::{self, ManuallyDrop, MaybeUninit};

/// Memory for one stream write, owned by the operation.
pub(crate) trait WriteSource {
    /// Address and number of elements to lend to the host. What is returned
    /// stays valid until [`sent`](WriteSource::sent) or until the source is
    /// dropped; moving the source does not move the memory.
    fn lend(&mut self) -> (*const u8, usize);

    /// The same again, when nothing was sent. None if nobody can reach it.
    fn lend_again(&mut self) -> Option<(*const u8, usize)> {
        Some(self.lend())
    }

    /// What is lent is about to be given to the host.
    fn leave(&mut self);

    /// The first `items` elements of what was lent were copied by the reader, who
    /// has what their handles name.
    fn sent(&mut self, items: usize);

    /// The first `items` elements of what was lent belong to the reader, with all
    /// that they own.
    fn moved(&mut self, items: usize);
}

/// The values of a stream write, and how many of them were sent.
///
/// Comes back from every [`StreamWrite`](crate::StreamWrite). It can be written
/// again with [`write_buf`](crate::RawStreamWriter::write_buf), which goes on
/// behind the last value that was sent, or be turned into a vector of what was
/// not sent.
///
/// # Examples
///
/// ```
/// use wit_async::{StreamResult, StreamWriter};
///
/// async fn send(writer: &mut StreamWriter<u8>, values: Vec<u8>) -> Vec<u8> {
///     let (result, buffer) = writer.write(values).await;
///     if result == StreamResult::Dropped {
///         return buffer.into_vec();
///     }
///     let (_, buffer) = writer.write_buf(buffer).await;
///     buffer.into_vec()
/// }
/// ```
pub struct AbiBuffer<O: StreamOps> {
    /// What is in which slot:
    ///
    /// | slots | content |
    /// |---|---|
    /// | `..sent` | nothing, sent |
    /// | `sent..lowered` | nothing, the value is in `window` (or here, if no lowering is needed) |
    /// | `lowered..taken` | nothing, a `lower` that panicked has dropped it |
    /// | `taken..` | a value |
    items: Vec<MaybeUninit<O::Payload>>,
    sent: usize,
    lowered: usize,
    taken: usize,
    /// Canonical forms; the first is that of `items[window_start]`.
    window: Option<Block>,
    window_start: usize,
    /// What was lowered with the values.
    carried: Carried,
    ops: O,
}

impl<O: StreamOps> AbiBuffer<O> {
    pub(crate) fn new(values: Vec<O::Payload>, ops: O) -> AbiBuffer<O> {
        AbiBuffer {
            items: uninit(values),
            sent: 0,
            lowered: 0,
            taken: 0,
            window: None,
            window_start: 0,
            carried: Carried::default(),
            ops,
        }
    }

    /// What is in it, which is empty then.
    pub(crate) fn take(&mut self) -> AbiBuffer<O> {
        let empty = AbiBuffer::new(Vec::new(), self.ops.clone());
        mem::replace(self, empty)
    }

    /// How many values have not been sent.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn send(writer: &mut wit_async::StreamWriter<u8>) {
    /// let (_, buffer) = writer.write(vec![1, 2, 3]).await;
    /// assert!(buffer.remaining() <= 3);
    /// # }
    /// ```
    pub fn remaining(&self) -> usize {
        // A `lower` that panics drops the buffer, so nobody asks while there is a gap.
        self.items.len() - self.sent
    }

    /// The values that have not been sent, in the vector that was written.
    ///
    /// After a partial write this moves what is left to the front of the
    /// vector.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn send(writer: &mut wit_async::StreamWriter<u8>) {
    /// let (_, buffer) = writer.write(vec![1, 2, 3]).await;
    /// let unsent: Vec<u8> = buffer.into_vec();
    /// # }
    /// ```
    pub fn into_vec(mut self) -> Vec<O::Payload> {
        self.take_values()
    }

    /// Lowers as many values as one allocation and one operation can hold.
    fn fill_window(&mut self) {
        let element = self.ops.elem_layout();
        debug_assert_eq!(self.taken, self.lowered, "there is no gap yet");
        let count = layout::write_count(
            element,
            size_of::<O::Payload>(),
            self.items.len() - self.taken,
        );
        let block = Block::new(layout::array(element, count));
        let start = block.as_ptr();
        self.window = Some(block);
        self.window_start = self.lowered;
        let AbiBuffer {
            items,
            taken,
            lowered,
            ops,
            carried,
            ..
        } = self;
        carrying::<O::Payload, _>(carried, || {
            for index in 0..count {
                // SAFETY: slots from `taken` on hold a value, and `taken` moves on
                // before anything can panic.
                let value = unsafe { items[*taken].assume_init_read() };
                *taken += 1;
                // SAFETY: inside of the block, which has room for `count` elements.
                unsafe { ops.lower(value, start.add(index * element.size())) };
                *lowered += 1;
            }
        });
    }

    /// Forgets the slot of a value that a panicking `lower` has dropped.
    fn close_gap(&mut self) {
        if self.taken > self.lowered {
            self.items.drain(self.lowered..self.taken);
            self.taken = self.lowered;
        }
    }

    /// Takes the values back that were not sent.
    pub(crate) fn take_values(&mut self) -> Vec<O::Payload> {
        if !self.ops.native_abi_matches_canonical_abi() {
            let size = self.ops.elem_layout().size();
            self.close_gap();
            // From the back, so that the table above holds at every step: a
            // `lift` that panics loses its own value and lifts none twice.
            while self.lowered > self.sent {
                self.lowered -= 1;
                let index = self.lowered;
                let window = self
                    .window
                    .as_ref()
                    .expect("lowered values are in a window");
                // SAFETY: inside of the window, lowered before, and lifted once,
                // because `lowered` has moved.
                let value = unsafe {
                    self.ops
                        .lift(window.as_ptr().add((index - self.window_start) * size))
                };
                self.items[index].write(value);
                self.taken = index;
            }
            self.window = None;
        }
        let sent = mem::take(&mut self.sent);
        self.lowered = 0;
        self.taken = 0;
        let mut items = mem::take(&mut self.items);
        // MaybeUninit: to forget all of them costs nothing.
        match sent == items.len() {
            true => items.clear(),
            false => drop(items.drain(..sent)),
        }
        // SAFETY: everything behind `sent` holds a value: it was never lowered,
        // or has just been lifted.
        unsafe { init(items) }
    }
}

impl<O: StreamOps> WriteSource for AbiBuffer<O> {
    fn lend(&mut self) -> (*const u8, usize) {
        if self.ops.native_abi_matches_canonical_abi() {
            let unsent = &self.items[self.sent..];
            return (unsent.as_ptr().cast(), unsent.len().min(MAX_LENGTH));
        }
        if self.sent == self.lowered {
            self.fill_window();
        }
        let offset = (self.sent - self.window_start) * self.ops.elem_layout().size();
        let window = self.window.as_ref().expect("the window was just filled");
        // SAFETY: `sent` is at most `lowered`, so this is inside of the window.
        let address = unsafe { window.as_ptr().add(offset) };
        (address, self.lowered - self.sent)
    }

    fn leave(&mut self) {
        self.carried.leave();
    }

    fn sent(&mut self, items: usize) {
        let canonical = self.ops.native_abi_matches_canonical_abi();
        let lent = self.lent();
        assert!(
            items <= lent,
            "the host says it took {items} items where {lent} were offered"
        );
        if canonical || !self.ops.contains_lists() {
            self.sent += items;
            return;
        }
        let size = self.ops.elem_layout().size();
        for _ in 0..items {
            let window = self.window.as_ref().expect("sent values were in a window");
            let offset = (self.sent - self.window_start) * size;
            // First, so that a `dealloc_lists` that panics frees nothing twice.
            self.sent += 1;
            // SAFETY: inside of the window, lowered before, and freed once.
            unsafe { self.ops.dealloc_lists(window.as_ptr().add(offset)) };
        }
    }

    fn moved(&mut self, items: usize) {
        debug_assert!(items <= self.lent());
        self.sent += items;
    }
}

impl<O: StreamOps> AbiBuffer<O> {
    /// How many were lent.
    fn lent(&self) -> usize {
        match self.ops.native_abi_matches_canonical_abi() {
            true => self.items.len() - self.sent,
            false => self.lowered - self.sent,
        }
    }
}

impl<O: StreamOps> Drop for AbiBuffer<O> {
    fn drop(&mut self) {
        if self.items.len() == self.sent {
            // Nothing is left, as mostly.
            return;
        }

        /// Goes on behind a value whose `lift` panics.
        struct Rest<'a, O: StreamOps>(&'a mut AbiBuffer<O>);

        impl<O: StreamOps> Drop for Rest<'_, O> {
            fn drop(&mut self) {
                drop(self.0.take_values());
            }
        }

        let rest = Rest(self);
        drop(rest.0.take_values());
    }
}

impl<O: StreamOps> fmt::Debug for AbiBuffer<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbiBuffer")
            .field("sent", &self.sent)
            .field("remaining", &self.remaining())
            .finish()
    }
}

fn uninit<T>(values: Vec<T>) -> Vec<MaybeUninit<T>> {
    let mut values = ManuallyDrop::new(values);
    // SAFETY: the parts of a vector that is not used any more; `MaybeUninit<T>`
    // is laid out like `T`.
    unsafe { Vec::from_raw_parts(values.as_mut_ptr().cast(), values.len(), values.capacity()) }
}

/// # Safety
///
/// Every slot holds a value.
unsafe fn init<T>(slots: Vec<MaybeUninit<T>>) -> Vec<T> {
    let mut slots = ManuallyDrop::new(slots);
    // SAFETY: as in `uninit`, and all slots hold values (caller).
    unsafe { Vec::from_raw_parts(slots.as_mut_ptr().cast(), slots.len(), slots.capacity()) }
}

/// A single value to send, in a small block instead of a vector.
pub(crate) struct OneItem<O: StreamOps> {
    /// Holds the value, in its canonical form, until it is sent.
    block: Option<Block>,
    /// What was lowered with it.
    carried: Carried,
    ops: O,
}

impl<O: StreamOps> OneItem<O> {
    pub(crate) fn new(value: O::Payload, mut ops: O) -> OneItem<O> {
        let block = Block::new(ops.elem_layout());
        let mut carried = Carried::default();
        if ops.native_abi_matches_canonical_abi() {
            // SAFETY: the block has the layout of the payload, which is the
            // same in Rust and in the ABI.
            unsafe { block.as_ptr().cast::<O::Payload>().write(value) };
        } else {
            // SAFETY: the block has the layout of the element.
            carrying::<O::Payload, _>(&mut carried, || unsafe {
                ops.lower(value, block.as_ptr());
            });
        }
        OneItem {
            block: Some(block),
            carried,
            ops,
        }
    }

    /// The value, unless it was sent.
    pub(crate) fn take(&mut self) -> Option<O::Payload> {
        let block = self.block.take()?;
        Some(if self.ops.native_abi_matches_canonical_abi() {
            // SAFETY: written in `new`, and read once.
            unsafe { block.as_ptr().cast::<O::Payload>().read() }
        } else {
            // SAFETY: lowered in `new`, and lifted once.
            unsafe { self.ops.lift(block.as_ptr()) }
        })
    }

    pub(crate) fn is_sent(&self) -> bool {
        self.block.is_none()
    }
}

impl<O: StreamOps> WriteSource for OneItem<O> {
    fn lend(&mut self) -> (*const u8, usize) {
        match &self.block {
            Some(block) => (block.as_ptr(), 1),
            None => (core::ptr::null(), 0),
        }
    }

    fn leave(&mut self) {
        self.carried.leave();
    }

    fn sent(&mut self, items: usize) {
        if items == 0 {
            return;
        }
        let block = self.block.take().filter(|_| items == 1);
        let block = block
            .unwrap_or_else(|| panic!("the host says it took {items} items where 1 was offered"));
        if !self.ops.native_abi_matches_canonical_abi() && self.ops.contains_lists() {
            // SAFETY: lowered in `new`, and freed once.
            unsafe { self.ops.dealloc_lists(block.as_ptr()) };
        }
    }

    fn moved(&mut self, items: usize) {
        if items > 0 {
            self.block = None;
        }
    }
}

impl<O: StreamOps> Drop for OneItem<O> {
    fn drop(&mut self) {
        drop(self.take());
    }
}
