//! What a readable end keeps of reads that were dropped, or leaked, in flight: see
//! [`op`](crate::op). This is what is particular to streams.
//!
//! What an adapter has read ahead comes here too, when it gives back its reader: it has
//! arrived, before all else that is kept.
//!
//! A read that was leaked took its memory with it: what it transfers is lost, so it is
//! cancelled before anything else is done with the end.

use super::read::{outcome, trace};
use super::reader::RawStreamReader;
use crate::abi::{Copied, Waitable};
use crate::buffer::{LeftTarget, ReadTarget};
use crate::diagnostics::{Gauge, Kind, uncount};
use crate::op::{Before, KeptRead, Name, ReadableEnd, Stage, cannot_wait};
use crate::vtable::StreamOps;
use crate::waitable::{self, Adrift, Held, Kept, Side, pair_here};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;
use core::task::Context;

/// A read whose future is gone, and the items of such reads.
pub(super) struct KeptItems<O: StreamOps> {
    waitable: Waitable,
    ops: O,
    in_flight: Option<LeftTarget<O::Payload>>,
    /// How many items it asked for.
    asked: usize,
    /// What has arrived, in the canonical form, and how many items that is. They are
    /// lifted for whoever gets them: to lift runs code of the payload, which may panic.
    arrived: Option<(LeftTarget<O::Payload>, usize)>,
    /// What was lifted.
    items: VecDeque<O::Payload>,
}

/// Memory for items that is not given back when there are none, in bytes.
const SMALL: usize = 1024;

impl<O: StreamOps> KeptItems<O> {
    fn new(waitable: Waitable, ops: O) -> KeptItems<O> {
        KeptItems {
            waitable,
            ops,
            in_flight: None,
            asked: 0,
            arrived: None,
            items: VecDeque::new(),
        }
    }

    /// Lifts what has arrived.
    fn lift(&mut self) {
        if let Some((target, items)) = self.arrived.take() {
            // SAFETY: the host said that it wrote so many, and is done with them.
            unsafe { target.received(&mut self.ops, items, &mut self.items) };
        }
    }

    fn apply(&mut self, code: Copied, stage: Stage) {
        let mut done = false;
        trace::<O::Payload>(Kind::StreamRead, code, stage, self.asked);
        let Some((_, items)) = outcome(code, &mut done) else {
            return;
        };
        if done {
            waitable::note_dropped(self.waitable);
        }
        uncount(Gauge::Operations);
        waitable::over(self.waitable);
        debug_assert!(self.arrived.is_none(), "no read starts before all is given");
        self.arrived = match self.in_flight.take() {
            // What it got is lost with its memory.
            None | Some(LeftTarget::Gone) => None,
            Some(target) => (items > 0).then_some((target, items)),
        };
    }

    /// Takes as many items as there is room for in `target`; returns how many.
    pub(super) fn give<T: ReadTarget<O>>(&mut self, target: &mut T) -> usize {
        self.lift();
        let count = target.accept(&mut self.items);
        if self.items.is_empty() && self.items.capacity() * size_of::<O::Payload>() > SMALL {
            self.items = VecDeque::new();
        }
        count
    }
}

impl<O: StreamOps> Kept for KeptItems<O> {
    fn cancel(&mut self) {
        self.notice();
        if self.in_flight.is_none() {
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
        self.apply(code, Stage::Cancel);
        drop(left);
    }

    fn is_idle(&self) -> bool {
        self.in_flight.is_none() && !self.has_arrived()
    }
}

impl<O: StreamOps> KeptRead for KeptItems<O> {
    fn is_in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    fn has_arrived(&self) -> bool {
        self.arrived.is_some() || !self.items.is_empty()
    }

    fn loses(&mut self) {
        self.in_flight = Some(LeftTarget::Gone);
    }

    fn is_lost(&self) -> bool {
        matches!(self.in_flight, Some(LeftTarget::Gone))
    }
}

impl<O: StreamOps> Adrift for KeptItems<O> {
    fn notice(&mut self) -> bool {
        if self.in_flight.is_some()
            && let Some(payload) = waitable::take(self.waitable)
        {
            self.apply(payload.copied(), Stage::Event);
        }
        self.in_flight.is_none()
    }

    fn stop(&mut self) {
        Kept::cancel(self);
    }
}

impl<O: StreamOps> Drop for KeptItems<O> {
    fn drop(&mut self) {
        // Natively, when a thread ends: the host may still use the memory.
        mem::forget(self.in_flight.take());
        self.lift();
    }
}

/// The end of `reader`.
fn end<O: StreamOps>(
    reader: &RawStreamReader<O>,
) -> ReadableEnd<impl FnOnce() -> Option<Box<KeptItems<O>>>> {
    let waitable = reader.opt_waitable();
    ReadableEnd {
        waitable,
        done: reader.done,
        make: move || Some(Box::new(KeptItems::new(waitable?, reader.ops.clone()))),
    }
}

/// Calls `f` with what `reader` keeps.
pub(super) fn with_kept<O: StreamOps, R>(
    reader: &RawStreamReader<O>,
    f: impl FnOnce(&mut KeptItems<O>) -> R,
) -> Option<R> {
    end(reader).with_kept(f)
}

/// The future of a read that is in flight is gone: keeps the read, with its memory.
pub(super) fn keep<O: StreamOps>(
    reader: &RawStreamReader<O>,
    target: LeftTarget<O::Payload>,
    asked: usize,
) {
    let mut target = Some(target);
    end(reader).keep(|kept| {
        kept.in_flight = target.take();
        kept.asked = asked;
    });
    // Also where some had arrived when the read was cancelled.
    with_kept(reader, |kept| {
        let arrived = kept.arrived.as_mut().map(|(target, _)| target);
        if let Some(target) = kept.in_flight.as_mut().or(arrived) {
            target.forget_before();
        }
    });
    // Where nobody keeps it, it is still the host's.
    mem::forget(target);
}

/// What was read ahead of whoever takes `reader` now: its next reads get it.
pub(super) fn put_back<O: StreamOps>(reader: &RawStreamReader<O>, items: Vec<O::Payload>) {
    if items.is_empty() {
        return;
    }
    let mut items = VecDeque::from(items);
    let is_kept = with_kept(reader, |kept| {
        // Before what they left behind when they were taken from there.
        items.append(&mut kept.items);
        mem::swap(&mut items, &mut kept.items);
    });
    debug_assert!(
        is_kept.is_some(),
        "no read is in flight that could be in other hands"
    );
}

/// Nobody waits any more for the read that was kept.
pub(super) fn stop_waiting<O: StreamOps>(reader: &RawStreamReader<O>) {
    end(reader).stop_waiting();
}

/// Makes sure that no read is in flight on `reader`, if that is possible here and now.
pub(super) fn take_back<O: StreamOps>(reader: &RawStreamReader<O>) -> Before {
    end(reader).take_back()
}

/// Whether `reader` keeps nothing, and no more is known of it: as mostly. One look-up.
#[inline]
pub(super) fn is_free<O: StreamOps>(reader: &RawStreamReader<O>) -> bool {
    !reader.done && reader.opt_waitable().is_some_and(waitable::is_untouched)
}

/// Before a read starts: looks whether there are items, or a read in flight, which it
/// waits for; `cx` is woken when that is over.
///
/// # Panics
///
/// If it has to wait, and nobody can.
#[track_caller]
pub(super) fn make_way<O: StreamOps>(
    reader: &RawStreamReader<O>,
    name: &Name,
    cx: &Context<'_>,
) -> Before {
    end(reader).make_way(cx).unwrap_or_else(|| {
        stop_waiting(reader);
        cannot_wait(name)
    })
}

/// Has `close`, which drops the readable end, called when no read is in flight on it any
/// more, and everything that is kept of it dropped.
pub(super) fn close_after<O: StreamOps>(
    reader: &RawStreamReader<O>,
    waitable: Waitable,
    close: impl FnOnce() + 'static,
) {
    let before = take_back(reader);
    // Without its end and its items, which go now.
    let alone = |mut held: Held| {
        let kept = held.get::<KeptItems<O>>()?;
        let mut alone = Box::new(KeptItems::new(waitable, kept.ops.clone()));
        alone.in_flight = kept.in_flight.take();
        alone.asked = kept.asked;
        drop(held.remove());
        Some(alone as Box<dyn Adrift>)
    };
    end(reader).close_after(before, alone, close);
}
