//! What a readable end keeps of reads by reference that were dropped, or leaked, in
//! flight: see [`op`](crate::op). This is what is particular to futures.

use super::raw_future_new;
use super::reader::RawFutureReader;
use crate::abi::{Copied, Waitable};
use crate::buffer::Block;
use crate::diagnostics::{Gauge, Kind, Timing, record, uncount};
use crate::op::{Before, KeptRead, Name, ReadableEnd, cannot_wait};
use crate::vtable::FutureOps;
use crate::waitable::{self, Adrift, Held, Kept, Side, pair_here};
use alloc::boxed::Box;
use core::any::Any;
use core::mem;
use core::task::Context;

/// A read whose future is gone, or the value that it got.
pub(super) struct KeptValue<O: FutureOps> {
    waitable: Waitable,
    ops: O,
    in_flight: Option<Left>,
    /// A value, in the canonical form. It is lifted for whoever gets it: to lift runs code
    /// of the payload, which may panic.
    arrived: Option<Block>,
}

/// Memory that the host writes to.
enum Left {
    Here(Block),
    /// It was leaked: what comes is lost.
    Gone,
}

/// What only a reader that was awaited by reference can do, for that takes another `O`.
pub(super) struct ByReference<O: FutureOps> {
    clone: fn(&O) -> O,
    pass_on: fn(&RawFutureReader<O>) -> RawFutureReader<O>,
}

impl<O: FutureOps> Copy for ByReference<O> {}

impl<O: FutureOps> Clone for ByReference<O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O: FutureOps + Clone> ByReference<O> {
    pub(super) const NEW: ByReference<O> = ByReference {
        clone: O::clone,
        pass_on,
    };
}

impl<O: FutureOps> ByReference<O> {
    pub(super) fn clone_of(self, ops: &O) -> O {
        (self.clone)(ops)
    }
}

/// A reader of what `reader` keeps or gets, in place of it: a future in the background
/// passes that on.
fn pass_on<O: FutureOps + Clone>(reader: &RawFutureReader<O>) -> RawFutureReader<O> {
    let waitable = reader.waitable("FutureReader::take_handle");
    let rest = reader.moved();
    // SAFETY: the future is of the same type.
    let (writer, passed) = unsafe { raw_future_new(reader.ops.clone()) };
    waitable::spawn_in_background(
        waitable,
        Box::pin(async move {
            // Who does not want it any more tells nobody.
            drop(writer.write(rest.await).await);
        }),
    );
    passed
}

impl<O: FutureOps> KeptValue<O> {
    fn new(waitable: Waitable, ops: O) -> KeptValue<O> {
        KeptValue {
            waitable,
            ops,
            in_flight: None,
            arrived: None,
        }
    }

    fn apply(&mut self, code: Copied, timing: Timing) {
        match code {
            Copied::Blocked => return,
            Copied::Completed(_) | Copied::Moved(_) => {
                record::<O::Payload>(Kind::FutureRead, timing);
                self.arrived = match self.in_flight.take() {
                    Some(Left::Here(block)) => Some(block),
                    Some(Left::Gone) | None => {
                        // And there is no other one.
                        waitable::note_dropped(self.waitable);
                        None
                    }
                };
            }
            Copied::Cancelled(_) => {
                record::<O::Payload>(Kind::FutureRead, Timing::CancelledInFlight);
                self.in_flight = None;
            }
            Copied::Apart => unreachable!("only a write is told"),
            Copied::Dropped(_) => panic!(
                "the host dropped the writable end of the future with readable end {:?} unwritten",
                self.waitable
            ),
        }
        uncount(Gauge::Operations);
        waitable::over(self.waitable);
    }

    /// The value that has arrived.
    pub(super) fn give(&mut self) -> Option<Block> {
        self.arrived.take()
    }
}

impl<O: FutureOps> KeptRead for KeptValue<O> {
    fn is_in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    fn has_arrived(&self) -> bool {
        self.arrived.is_some()
    }

    fn loses(&mut self) {
        self.in_flight = Some(Left::Gone);
    }

    fn is_lost(&self) -> bool {
        matches!(self.in_flight, Some(Left::Gone))
    }
}

impl<O: FutureOps> Kept for KeptValue<O> {
    fn cancel(&mut self) {
        if self.notice() {
            return;
        }
        let left = waitable::leave(self.waitable);
        let code = match pair_here::<O::Payload>(self.waitable) {
            Some(pair) => pair.cancel(Side::Readable),
            None => waitable::preserve(|| {
                // SAFETY: a read is in flight on this end.
                Copied::decode(unsafe { self.ops.cancel_read(self.waitable.index()) })
            }),
        };
        self.apply(code, Timing::CancelledAfterFinish);
        drop(left);
    }

    fn is_idle(&self) -> bool {
        self.in_flight.is_none() && self.arrived.is_none()
    }
}

impl<O: FutureOps> Adrift for KeptValue<O> {
    fn notice(&mut self) -> bool {
        if self.in_flight.is_some()
            && let Some(payload) = waitable::take(self.waitable)
        {
            self.apply(payload.copied(), Timing::Blocked);
        }
        self.in_flight.is_none()
    }

    fn stop(&mut self) {
        Kept::cancel(self);
    }
}

impl<O: FutureOps> Drop for KeptValue<O> {
    fn drop(&mut self) {
        // Natively, when a thread ends: the host may still use the memory.
        mem::forget(self.in_flight.take());
        if let Some(block) = self.arrived.take() {
            // SAFETY: the host has written the value, and nobody lifts it after this.
            drop(unsafe { self.ops.lift(block.as_ptr()) });
        }
    }
}

/// The end of `reader`.
fn end<O: FutureOps>(
    reader: &RawFutureReader<O>,
) -> ReadableEnd<impl FnOnce() -> Option<Box<KeptValue<O>>>> {
    let waitable = reader.opt_waitable();
    ReadableEnd {
        waitable,
        done: false,
        // Nothing is kept where it was never awaited by reference.
        make: move || {
            let ops = reader.by_reference?.clone_of(&reader.ops);
            Some(Box::new(KeptValue::new(waitable?, ops)))
        },
    }
}

/// The value that has arrived.
pub(super) fn give<O: FutureOps>(reader: &RawFutureReader<O>) -> Option<Block> {
    end(reader).with_kept(|kept| kept.give()).flatten()
}

/// The future of a read that is in flight is gone: keeps the read, with its memory.
pub(super) fn keep<O: FutureOps>(reader: &RawFutureReader<O>, block: Block) {
    let mut left = Some(Left::Here(block));
    end(reader).keep(|kept| kept.in_flight = left.take());
    // Where nobody keeps it, it is still the host's.
    mem::forget(left);
}

/// Nobody waits any more for the read that was kept.
pub(super) fn stop_waiting<O: FutureOps>(reader: &RawFutureReader<O>) {
    end(reader).stop_waiting();
}

/// Makes sure that no read is in flight on `reader`, if that is possible here and now.
pub(super) fn take_back<O: FutureOps>(reader: &RawFutureReader<O>) -> Before {
    match reader.by_reference {
        Some(_) => end(reader).take_back(),
        None => Before::Free,
    }
}

/// Before a read starts: looks whether the value is there, or a read in flight, which it
/// waits for; `cx` is woken when that is over.
///
/// # Panics
///
/// If it has to wait, and nobody can.
#[track_caller]
pub(super) fn make_way<O: FutureOps>(
    reader: &RawFutureReader<O>,
    name: &Name,
    cx: &Context<'_>,
) -> Before {
    if reader.by_reference.is_none() {
        return Before::Free;
    }
    end(reader).make_way(cx).unwrap_or_else(|| {
        stop_waiting(reader);
        cannot_wait(name)
    })
}

/// A reader of what `reader` keeps or gets, in place of it. None where it was never
/// awaited by reference.
pub(super) fn behind<O: FutureOps>(reader: &RawFutureReader<O>) -> Option<RawFutureReader<O>> {
    Some((reader.by_reference?.pass_on)(reader))
}

/// Has `close`, which drops the readable end, called when no read is in flight on it any
/// more, and the value that is kept of it dropped.
pub(super) fn close_after<O: FutureOps>(
    reader: &RawFutureReader<O>,
    close: impl FnOnce() + 'static,
) {
    let before = take_back(reader);
    // No value is there: all of it goes on.
    let alone = |held: Held| {
        let kept: Box<dyn Any> = held.remove()?;
        let kept = kept.downcast::<KeptValue<O>>().ok()?;
        Some(kept as Box<dyn Adrift>)
    };
    end(reader).close_after(before, alone, close);
}
