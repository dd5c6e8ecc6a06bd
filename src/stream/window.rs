//! Reading ahead: a reader with one window, whose memory is used again and again.
//!
//! ```text
//!  reader ── a read of so many items ──► window ── one at a time ──► who asks
//!    ▲                                     │
//!    └──────── what is left of it ◄────────┘ the reader is given back
//! ```

use super::read::ReadOp;
use super::{RawStreamReader, StreamResult, kept};
use crate::buffer::VecSlots;
use crate::op::WaitableOperation;
use crate::vtable::StreamOps;
use alloc::vec::Vec;
use core::mem;
use core::task::{Context, Poll, ready};

/// How large a window is unless somebody says so, in bytes. Per item the host is then a
/// thousandth of what it is otherwise, and a reader of numbers is no large thing.
const WINDOW: usize = 8192;

/// How large a window is at most, in bytes.
const LARGEST: usize = 1 << 20;

/// A reader, and what was read ahead.
pub(super) struct Window<O: StreamOps + 'static> {
    /// Owns the reader; finished while there are items.
    operation: WaitableOperation<Op<O>>,
    /// What was read, and the memory of the next read.
    slots: VecSlots<O::Payload>,
    /// How many items to read at most.
    room: usize,
    ended: bool,
}

type Op<O> = ReadOp<O, RawStreamReader<O>, VecSlots<<O as StreamOps>::Payload>>;

impl<O: StreamOps + 'static> Window<O> {
    /// Reads `room` items at a time, or one.
    pub(super) fn new(reader: RawStreamReader<O>, call: &'static str, room: usize) -> Self {
        let room = room.max(1);
        Window {
            operation: WaitableOperation::finished(ReadOp::without(reader, call)),
            slots: VecSlots::at_most(room, Vec::new()),
            room,
            ended: false,
        }
    }

    /// What was read, and not taken yet.
    pub(super) fn items(&mut self) -> &mut Vec<O::Payload> {
        &mut self.slots.items
    }

    /// How many items were read, and not taken yet.
    pub(super) fn len(&self) -> usize {
        self.slots.items.len()
    }

    /// Fills the window, in which nothing is left; false if the stream has ended. Where it
    /// has to wait, the read goes on, and the next call waits for the same one.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        debug_assert!(self.slots.items.is_empty());
        loop {
            if self.ended {
                return Poll::Ready(false);
            }
            if self.operation.is_finished() {
                let none = VecSlots::at_most(self.room, Vec::new());
                let mut slots = mem::replace(&mut self.slots, none);
                if slots.items.capacity() == 0 {
                    slots.items.reserve_exact(self.room);
                }
                self.operation.op_mut().target.set(slots);
                self.operation.restart(());
            }
            let result = ready!(self.operation.poll_complete(cx));
            let slots = self.operation.op_mut().target.take();
            if !slots.items.is_empty() {
                self.slots = slots;
                return Poll::Ready(true);
            }
            // A host may complete a read with nothing; that is not the end.
            self.ended = result == StreamResult::Dropped;
            if !self.ended {
                self.slots = slots;
            }
        }
    }

    /// Whether the end of the stream was reached, and nothing is left.
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    /// The reader.
    pub(super) fn reader(&self) -> &RawStreamReader<O> {
        &self.operation.op().reader
    }

    /// The reader, which keeps what is left of the items for its next reads; none at the end
    /// of the stream.
    pub(super) fn into_reader(self) -> Option<RawStreamReader<O>> {
        if self.ended {
            return None;
        }
        let reader = self.operation.into_op().reader;
        kept::put_back(&reader, self.slots.items);
        Some(reader)
    }
}

/// How many items a window has unless somebody says so: elements that own nothing are read
/// ahead, others one at a time.
pub(super) fn room<O: StreamOps>(ops: &O) -> usize {
    let size = size_of::<O::Payload>();
    if size == 0 || !ops.native_abi_matches_canonical_abi() {
        return 1;
    }
    WINDOW / size
}

/// How many items a window may have.
pub(super) fn most<O: StreamOps>() -> usize {
    LARGEST / size_of::<O::Payload>().max(1)
}
