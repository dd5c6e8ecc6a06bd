//! Writes that were left in flight: leaked (`mem::forget`), or dropped where they could
//! not be cancelled.
//!
//! Before anything else is done with the end, such a write is cancelled, or waited for.
//! The host still uses its memory, which was leaked with it or belongs to the runtime.

use super::RawStreamWriter;
use super::write::WriteOp;
use crate::buffer::Gone;
use crate::op::{Closing, Name, WaitableOperation};
use crate::vtable::StreamOps;
use crate::waitable::{self, Standing, Then};
use alloc::boxed::Box;
use core::borrow::{Borrow, BorrowMut};
use core::mem::ManuallyDrop;
use core::task::Context;

/// Stands for an end where that cannot be: it is borrowed, and the write goes on
/// without the borrow. What the write hears of the other end is passed on.
pub(super) struct Twin<O: StreamOps>(ManuallyDrop<RawStreamWriter<O>>);

impl<O: StreamOps> Twin<O> {
    pub(super) fn of(end: &RawStreamWriter<O>) -> Twin<O> {
        Twin(ManuallyDrop::new(end.twin()))
    }
}

impl<O: StreamOps> Borrow<RawStreamWriter<O>> for Twin<O> {
    fn borrow(&self) -> &RawStreamWriter<O> {
        &self.0
    }
}

impl<O: StreamOps> BorrowMut<RawStreamWriter<O>> for Twin<O> {
    fn borrow_mut(&mut self) -> &mut RawStreamWriter<O> {
        &mut self.0
    }
}

impl<O: StreamOps> Drop for Twin<O> {
    fn drop(&mut self) {
        if self.0.done {
            waitable::note_dropped(self.0.waitable);
        }
        // SAFETY: this is its end.
        unsafe { RawStreamWriter::drop_twin(&mut self.0) };
    }
}

/// What is known of an end before something is done with it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Before {
    /// No write is in flight.
    Free,
    /// The same, and the other end is known to be gone.
    Ended,
    /// A write is in flight that cannot be cancelled here and now.
    Busy,
}

/// Whether no write was left in flight on `end`, and no more is known: as mostly. One
/// look-up.
#[inline]
pub(super) fn is_free<O: StreamOps>(end: &RawStreamWriter<O>) -> bool {
    !end.done && waitable::is_untouched(end.waitable)
}

/// Cancels the write that was left in flight on `end`, if there is one.
///
/// One look-up, unless there is.
pub(super) fn take_back<O: StreamOps>(end: &RawStreamWriter<O>) -> Before {
    if end.done {
        return Before::Ended;
    }
    loop {
        match waitable::standing(end.waitable) {
            Standing::Free => return Before::Free,
            Standing::ToldDropped => return Before::Ended,
            Standing::InFlight | Standing::Kept => {}
        }
        match waitable::orphan(end.waitable) {
            Some(orphan) if orphan.cancel() => {}
            Some(_) => return Before::Busy,
            // What was leaked is left alone first.
            None => {
                let op = WriteOp::<O, _, _>::new(Twin::of(end), "StreamWriter::write", Gone);
                let leaked = WaitableOperation::in_flight(op, ());
                waitable::leave_alone(end.waitable, Box::new(leaked));
            }
        }
    }
}

/// The same, for a write that is about to start. If it has to wait, `cx` is woken when
/// it can.
///
/// # Panics
///
/// If it has to wait, and nobody can.
#[track_caller]
pub(super) fn make_way<O: StreamOps>(
    end: &RawStreamWriter<O>,
    name: &Name,
    cx: &Context<'_>,
) -> Before {
    let before = take_back(end);
    if before == Before::Busy
        && let Some(orphan) = waitable::orphan(end.waitable)
    {
        orphan.then(Then::Wake(cx.waker().clone()));
        assert!(
            orphan.attend(),
            "{name} was polled outside of a task: it has to wait for the operation before it, \
             and only an async export or `block_on` can"
        );
    }
    before
}

/// Calls `close`, which drops `end`, once nothing is in flight.
pub(super) fn close_after<O: StreamOps>(end: &RawStreamWriter<O>, close: impl FnOnce() + 'static) {
    // Also if an item panics that comes back of a write: that was cancelled before.
    let mut closing = Closing::by(close);
    let before = take_back(end);
    if let Some(orphan) = waitable::orphan(end.waitable).filter(|_| before == Before::Busy)
        && let Some(close) = closing.later()
    {
        orphan.then(Then::Close(Box::new(close)));
    }
}
