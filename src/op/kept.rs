//! Reads whose futures are gone, from the view of the readable end that keeps them.
//!
//! ```text
//!  read ── dropped in flight ──► armed ── event, cancel ──► arrived ──► the next read
//!                                  │                           └─────► handed away
//!                                  └── cancelled with the end
//! ```
//!
//! What is kept lies in the registry (`waitable::Kept`); this is what is done with it
//! before anything else is done with the end.

use super::Closing;
use super::Name;
use crate::abi::Waitable;
use crate::waitable::{self, Adrift, Held, Kept, Standing, Then};
use alloc::boxed::Box;
use core::task::Context;

/// What is known of a readable end before something is done with it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Before {
    /// No read is in flight.
    Free,
    /// The same, and the writable end is known to be gone.
    Ended,
    /// No read is in flight, and something has arrived.
    Arrived,
    /// A read is in flight, or is being cancelled.
    Busy,
}

/// A read whose future is gone, and what has arrived by such reads.
pub(crate) trait KeptRead: Kept + Adrift {
    /// Whether a read is in flight.
    fn is_in_flight(&self) -> bool;

    /// Whether there is something that was read.
    fn has_arrived(&self) -> bool;

    /// A read is in flight that was leaked with its memory: what it transfers is lost.
    fn loses(&mut self);

    /// Whether the read that is in flight was leaked.
    fn is_lost(&self) -> bool;
}

/// A readable end.
pub(crate) struct ReadableEnd<M> {
    /// None if it was given away.
    pub(crate) waitable: Option<Waitable>,
    /// Whether it is known that nothing comes any more.
    pub(crate) done: bool,
    /// Makes what keeps reads of this end.
    pub(crate) make: M,
}

/// What is left to do with a read, when it is to end here and now.
pub(crate) fn settle<K: KeptRead>(kept: &mut K) {
    kept.notice();
    if kept.is_in_flight() && waitable::may_cancel() {
        kept.cancel();
    }
}

impl<K: KeptRead, M: FnOnce() -> Option<Box<K>>> ReadableEnd<M> {
    /// What the end keeps, in our hands; made when there is nothing. None if it is in the
    /// hands of somebody else.
    fn hold(self) -> Option<Held> {
        let ReadableEnd { waitable, make, .. } = self;
        Held::take(waitable?, || Some(make()? as Box<dyn Kept>))
    }

    /// Calls `f` with what the end keeps.
    pub(crate) fn with_kept<R>(self, f: impl FnOnce(&mut K) -> R) -> Option<R> {
        self.hold()?.get().map(f)
    }

    /// The future of a read that is in flight is gone, which `f` puts in.
    pub(crate) fn keep(self, f: impl FnOnce(&mut K)) {
        let Some(waitable) = self.waitable else {
            return;
        };
        let kept = self.with_kept(|kept| {
            f(kept);
            arm(waitable, kept);
        });
        debug_assert!(
            kept.is_some(),
            "nobody else looks at an end that is borrowed"
        );
    }

    /// Nobody waits any more for the read that was kept.
    pub(crate) fn stop_waiting(self) {
        let is_kept = |waitable: &Waitable| waitable::standing(*waitable) == Standing::Kept;
        if let Some(waitable) = self.waitable.filter(is_kept) {
            // Who cancels it meanwhile has it in hand.
            self.with_kept(|kept| {
                if kept.is_in_flight() {
                    arm(waitable, kept);
                }
            });
        }
    }

    /// Makes sure that no read is in flight, if that is possible here and now.
    ///
    /// One look-up, unless there is one.
    pub(crate) fn take_back(self) -> Before {
        self.look(settle)
    }

    /// Before a read starts: looks whether something has arrived, or a read is in flight,
    /// which it waits for; `cx` is woken when that is over. None if it has to wait, and
    /// nobody can.
    pub(crate) fn make_way(self, cx: &Context<'_>) -> Option<Before> {
        let waitable = self.waitable;
        let before = self.look(|kept| {
            kept.notice();
            if kept.is_lost() {
                settle(kept);
            }
        });
        if before == Before::Busy
            && let Some(waitable) = waitable
            // Who cancels it tells us when that is over.
            && !waitable::when_put_back(waitable, Then::Wake(cx.waker().clone()))
            && !waitable::wait(waitable, cx.waker(), None)
        {
            return None;
        }
        Some(before)
    }

    fn look(self, f: impl FnOnce(&mut K)) -> Before {
        let Some(waitable) = self.waitable else {
            return Before::Free;
        };
        let looks = |kept: &mut K| {
            f(kept);
            before(kept, waitable)
        };
        match waitable::standing(waitable) {
            Standing::Free if !self.done => Before::Free,
            Standing::Free | Standing::ToldDropped => Before::Ended,
            Standing::Kept => self.with_kept(looks).unwrap_or(Before::Busy),
            Standing::InFlight => {
                let before = self.with_kept(|kept| {
                    kept.loses();
                    let (_waker, _) = waitable::arm(waitable);
                    looks(kept)
                });
                before.unwrap_or(Before::Busy)
            }
        }
    }

    /// Has `close`, which drops the readable end, called when no read is in flight on it
    /// any more, and everything that is kept of it dropped. `before` is what
    /// [`take_back`](Self::take_back) said; `alone` is the read that is in flight without its
    /// end, which is left to its task.
    pub(crate) fn close_after(
        self,
        before: Before,
        alone: impl FnOnce(Held) -> Option<Box<dyn Adrift>>,
        close: impl FnOnce() + 'static,
    ) {
        let Some(waitable) = self.waitable else {
            return;
        };
        // Also behind a waker whose destructor panics.
        let mut closing = Closing::by(close);
        if before != Before::Busy {
            // What has arrived goes last, for its destructors may panic.
            let kept = match waitable::standing(waitable) {
                Standing::Kept => self.hold().and_then(Held::remove),
                _ => None,
            };
            drop(closing);
            return drop(kept);
        }
        let Some(close) = closing.later().map(Box::new) else {
            return;
        };
        let Some(held) = self.hold() else {
            // Whoever cancels it comes back to that.
            waitable::when_put_back(waitable, Then::Close(close));
            return;
        };
        let Some(alone) = alone(held) else {
            return;
        };
        waitable::leave_alone(waitable, alone);
        match waitable::orphan(waitable) {
            Some(orphan) => orphan.then(Then::Close(close)),
            None => close(),
        }
    }
}

fn arm<K: KeptRead>(waitable: Waitable, kept: &mut K) {
    let (_waker, to_cancel) = waitable::arm(waitable);
    if to_cancel {
        settle(kept);
    }
}

/// How things stand when nobody looks at the host again.
fn before<K: KeptRead>(kept: &K, waitable: Waitable) -> Before {
    if kept.has_arrived() {
        Before::Arrived
    } else if kept.is_in_flight() {
        Before::Busy
    } else if waitable::is_told_dropped(waitable) {
        Before::Ended
    } else {
        Before::Free
    }
}

/// A read had to wait for the one before it, and nobody can.
#[track_caller]
pub(crate) fn cannot_wait(name: &Name) -> ! {
    panic!(
        "{name} was polled outside of a task: it has to wait for the read before it, and only an \
         async export or `block_on` can"
    )
}
