//! What a readable end keeps of reads that were dropped, or leaked, in flight.
//!
//! ```text
//!  read ── dropped in flight ──► armed ── event, cancel ──► items ──► the next read
//!                                  │                          └─────► handed away: ahead
//!                                  └── cancelled with the end         of all that follows
//! ```
//!
//! A read that was leaked took its memory with it: what it transfers is lost, so it is
//! cancelled before anything else is done with the end.

use super::read::{outcome, trace};
use super::reader::RawStreamReader;
use crate::abi::{Copied, Waitable};
use crate::buffer::{LeftTarget, ReadTarget};
use crate::diagnostics::{Gauge, Kind, uncount};
use crate::op::{Name, Stage};
use crate::vtable::StreamOps;
use crate::waitable::{self, Adrift, Held, Kept, Side, Standing, Then, pair_here};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::mem;
use core::task::Context;

/// What is known of a readable end before something is done with it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Before {
    /// No read is in flight.
    Free,
    /// The same, and the writable end is known to be gone.
    Ended,
    /// No read is in flight, and items are there.
    Items,
    /// A read is in flight, or is being cancelled.
    Busy,
}

/// A read whose future is gone, and the items of such reads.
pub(super) struct KeptRead<O: StreamOps> {
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

impl<O: StreamOps> KeptRead<O> {
    fn new(waitable: Waitable, ops: O) -> KeptRead<O> {
        KeptRead {
            waitable,
            ops,
            in_flight: None,
            asked: 0,
            arrived: None,
            items: VecDeque::new(),
        }
    }

    fn has_items(&self) -> bool {
        self.arrived.is_some() || !self.items.is_empty()
    }

    /// Lifts what has arrived.
    fn lift(&mut self) {
        if let Some((target, items)) = self.arrived.take() {
            // SAFETY: the host said that it wrote so many, and is done with them.
            unsafe { target.received(&mut self.ops, items, &mut self.items) };
        }
    }

    /// Applies the event of the read, if it is there.
    fn notice(&mut self) {
        if self.in_flight.is_some()
            && let Some(payload) = waitable::take(self.waitable)
        {
            self.apply(payload.copied(), Stage::Event);
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

    /// What is left to do with the read, when it is to end here and now.
    fn settle(&mut self) {
        self.notice();
        if self.in_flight.is_some() && waitable::may_cancel() {
            self.cancel();
        }
    }

    /// How things stand when nobody looks at the host again.
    fn before(&self) -> Before {
        if self.has_items() {
            Before::Items
        } else if self.in_flight.is_some() {
            Before::Busy
        } else if waitable::is_told_dropped(self.waitable) {
            Before::Ended
        } else {
            Before::Free
        }
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

impl<O: StreamOps> Kept for KeptRead<O> {
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
        self.in_flight.is_none() && !self.has_items()
    }
}

impl<O: StreamOps> Adrift for KeptRead<O> {
    fn notice(&mut self) -> bool {
        KeptRead::notice(self);
        self.in_flight.is_none()
    }

    fn stop(&mut self) {
        Kept::cancel(self);
    }
}

impl<O: StreamOps> Drop for KeptRead<O> {
    fn drop(&mut self) {
        // Natively, when a thread ends: the host may still use the memory.
        mem::forget(self.in_flight.take());
        self.lift();
    }
}

/// What `reader` keeps, in our hands; made when there is nothing. None if it is in the
/// hands of somebody else.
fn hold<O: StreamOps>(reader: &RawStreamReader<O>, waitable: Waitable) -> Option<Held> {
    Held::take(waitable, || {
        let kept = KeptRead::new(waitable, reader.ops.clone());
        Some(Box::new(kept) as Box<dyn Kept>)
    })
}

/// Calls `f` with what `reader` keeps.
pub(super) fn with_kept<O: StreamOps, R>(
    reader: &RawStreamReader<O>,
    f: impl FnOnce(&mut KeptRead<O>) -> R,
) -> Option<R> {
    let waitable = reader.opt_waitable()?;
    hold(reader, waitable)?.get().map(f)
}

/// The future of a read that is in flight is gone: keeps the read, with its memory.
pub(super) fn keep<O: StreamOps>(
    reader: &RawStreamReader<O>,
    target: LeftTarget<O::Payload>,
    asked: usize,
) {
    let Some(waitable) = reader.opt_waitable() else {
        // The memory is still the host's.
        return mem::forget(target);
    };
    let mut target = Some(target);
    let kept = with_kept(reader, |kept| {
        kept.in_flight = target.take();
        kept.asked = asked;
        let (_waker, to_cancel) = waitable::arm(waitable);
        if to_cancel {
            kept.settle();
        }
        // Also where some had arrived when the read was cancelled.
        let arrived = kept.arrived.as_mut().map(|(target, _)| target);
        if let Some(target) = kept.in_flight.as_mut().or(arrived) {
            target.forget_before();
        }
    });
    debug_assert!(
        kept.is_some(),
        "nobody else looks at an end that is borrowed"
    );
    mem::forget(target);
}

/// Nobody waits any more for the read that was kept.
pub(super) fn stop_waiting<O: StreamOps>(reader: &RawStreamReader<O>) {
    let is_kept = |waitable: &Waitable| waitable::standing(*waitable) == Standing::Kept;
    if let Some(waitable) = reader.opt_waitable().filter(is_kept) {
        let (_waker, to_cancel) = waitable::arm(waitable);
        if to_cancel {
            with_kept(reader, KeptRead::settle);
        }
    }
}

/// Makes sure that no read is in flight on `reader`, if that is possible here and now.
///
/// One look-up, unless there is one.
pub(super) fn take_back<O: StreamOps>(reader: &RawStreamReader<O>) -> Before {
    look(reader, |kept| {
        kept.settle();
        kept.before()
    })
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
    let before = look(reader, |kept| {
        kept.notice();
        if let Some(LeftTarget::Gone) = kept.in_flight {
            kept.settle();
        }
        kept.before()
    });
    if before == Before::Busy
        && let Some(waitable) = reader.opt_waitable()
        // Who cancels it tells us when that is over.
        && !waitable::when_put_back(waitable, Then::Wake(cx.waker().clone()))
    {
        assert!(
            waitable::wait(waitable, cx.waker(), None),
            "{name} was polled outside of a task: it has to wait for the read before it, and only \
             an async export or `block_on` can"
        );
    }
    before
}

fn look<O: StreamOps>(
    reader: &RawStreamReader<O>,
    f: impl FnOnce(&mut KeptRead<O>) -> Before,
) -> Before {
    let Some(waitable) = reader.opt_waitable() else {
        return Before::Free;
    };
    match waitable::standing(waitable) {
        Standing::Free if !reader.done => Before::Free,
        Standing::Free | Standing::ToldDropped => Before::Ended,
        Standing::Kept => with_kept(reader, f).unwrap_or(Before::Busy),
        Standing::InFlight => with_kept(reader, |kept| {
            // It was leaked.
            kept.in_flight = Some(LeftTarget::Gone);
            let (_waker, _) = waitable::arm(waitable);
            f(kept)
        })
        .unwrap_or(Before::Busy),
    }
}

/// Has `close`, which drops the readable end `waitable`, called when no read is in flight
/// on it any more, and everything that is kept of it dropped.
pub(super) fn close_after<O: StreamOps>(
    reader: &RawStreamReader<O>,
    waitable: Waitable,
    close: impl FnOnce() + 'static,
) {
    /// Closes the end also behind a waker whose destructor panics.
    struct Closing<F: FnOnce()>(Option<F>);

    impl<F: FnOnce()> Drop for Closing<F> {
        fn drop(&mut self) {
            if let Some(close) = self.0.take() {
                close();
            }
        }
    }

    let mut closing = Closing(Some(close));
    if take_back(reader) != Before::Busy {
        // Items go last, for their destructors may panic.
        let kept = match waitable::standing(waitable) {
            Standing::Kept => hold(reader, waitable).and_then(Held::remove),
            _ => None,
        };
        drop(closing);
        return drop(kept);
    }
    let Some(close) = closing.0.take().map(Box::new) else {
        return;
    };
    let Some(mut held) = hold(reader, waitable) else {
        // Whoever cancels it comes back to that.
        waitable::when_put_back(waitable, Then::Close(close));
        return;
    };
    let Some(kept) = held.get::<KeptRead<O>>() else {
        return;
    };
    // It goes on without the end, in what is left to its task.
    let alone = KeptRead {
        waitable,
        ops: kept.ops.clone(),
        in_flight: kept.in_flight.take(),
        asked: kept.asked,
        arrived: None,
        items: VecDeque::new(),
    };
    drop(held.remove());
    waitable::leave_alone(waitable, Box::new(alone));
    match waitable::orphan(waitable) {
        Some(orphan) => orphan.then(Then::Close(close)),
        None => close(),
    }
}
