//! How much one turn of a task may complete.
//!
//! A stream that always has an item would keep its task busy for ever: every read
//! is ready at once, so nothing is ever pending, no other task of the instance gets a
//! turn, and no cancel request comes in. So a turn has an allowance. Each event that
//! the turn takes uses up one of it, and so does each operation that completes in the
//! call that starts it, with the host or in a [pair](super::pair). When nothing is left,
//! an operation does not start: it wakes who polls it and is pending. The turn then ends
//! with a yield, and the next one has an allowance of its own. What is in flight already
//! is never withheld, unless it was in a pair and is to begin anew at the host.
//!
//! # The line
//!
//! The futures of a task are often polled in the same order, turn by turn. So that the
//! first one does not use up every allowance, an operation that is withheld gets a ticket:
//! the next turn keeps a part of its allowance for those in line, first come, first served.
//!
//! ```text
//!                 left > reserved
//!  unstarted ──────────────────────────────────────────────► starts
//!      │                                                        ▲
//!      └─ withheld: a ticket ──► in line ── reserve ──► admitted ┘ left > 0
//! ```
//!
//! What those did not use up is free for all when everything was polled once ([`release`]):
//! they may have blocked, or may have been dropped.
//!
//! # Where there is none
//!
//! Outside of a turn nobody would poll again, so nothing is withheld: in synchronous code,
//! in destructors, while a task blocks, in tasks of other bindings, and where the waker is
//! not one that makes the task poll.

use super::current::with_own_home;
use super::home::Home;
use crate::instance;
use core::cell::Cell;
use core::task::Waker;

/// What one turn may complete.
const PER_TURN: u32 = 128;

/// How much of it may be events that were there before the turn, if the turn before it
/// used up its own: the rest is for what is ready at once.
const EVENTS_FIRST: u32 = PER_TURN / 2;

/// What the turn on the stack may still complete.
#[derive(Copy, Clone)]
pub(super) struct Left {
    left: u32,
    /// How much of it is for those in line.
    reserved: u32,
}

impl Left {
    /// Where nobody would poll again.
    const UNLIMITED: Left = Left {
        left: u32::MAX,
        reserved: 0,
    };
}

/// The allowance of an instance: that of the turn which is polling.
pub(crate) struct Allowance {
    left: Cell<Left>,
    /// How often an operation was withheld since a turn began to poll.
    withheld: Cell<u32>,
}

/// How often at most. Who polls more often in one turn polls until the operation is done,
/// and lets nobody else poll meanwhile. Fewer under Miri, where that would take minutes.
const MOST_WITHHELD: u32 = if cfg!(miri) { 1000 } else { 100_000 };

impl Allowance {
    pub(crate) const fn new() -> Allowance {
        Allowance {
            left: Cell::new(Left::UNLIMITED),
            withheld: Cell::new(0),
        }
    }
}

/// The place of an operation in the line of its task.
pub(crate) type Ticket = Option<u32>;

/// The tickets of a task. Numbers may wrap.
pub(super) struct Line {
    /// The next one.
    next: Cell<u32>,
    /// The first one that was not admitted.
    waiting: Cell<u32>,
}

impl Line {
    pub(super) const fn new() -> Line {
        Line {
            next: Cell::new(0),
            waiting: Cell::new(0),
        }
    }

    fn len(&self) -> u32 {
        self.next.get().wrapping_sub(self.waiting.get())
    }

    /// Whether a ticket has to wait. One of another task may be taken for one that was
    /// admitted, or for one that is to come soon.
    fn has(&self, ticket: u32) -> bool {
        ticket.wrapping_sub(self.waiting.get()) < self.len()
    }

    fn take_ticket(&self) -> u32 {
        let ticket = self.next.get();
        self.next.set(ticket.wrapping_add(1));
        ticket
    }

    fn admit(&self, count: u32) {
        self.waiting.set(self.waiting.get().wrapping_add(count));
    }
}

#[inline]
fn get() -> Left {
    // A thread that ends may have lost its state.
    let left = instance::try_with(|instance| instance.allowance.left.get());
    left.unwrap_or(Left::UNLIMITED)
}

/// Sets what may be completed from now on; returns what could be before.
#[inline]
pub(super) fn replace(left: Left) -> Left {
    let before = instance::try_with(|instance| instance.allowance.left.replace(left));
    before.unwrap_or(Left::UNLIMITED)
}

/// Lifts the limit; returns what could be completed before.
pub(super) fn suspend() -> Left {
    replace(Left::UNLIMITED)
}

/// A turn is about to poll.
pub(crate) fn refill() {
    instance::with(|instance| instance.allowance.withheld.set(0));
    replace(Left {
        left: PER_TURN,
        reserved: 0,
    });
}

/// Keeps a part of the allowance for those in line.
pub(crate) fn reserve(home: &Home) {
    let Left { left, .. } = get();
    let reserved = home.line.len().min(left);
    home.line.admit(reserved);
    replace(Left { left, reserved });
}

/// Everything was polled: what is still kept for those in line is kept for nobody. Says
/// whether others can start now who could not before.
pub(crate) fn release(home: &Home) -> bool {
    let Left { left, .. } = get();
    replace(Left { left, reserved: 0 });
    left > 0 && home.line.len() > 0
}

/// Something was completed. Returns how much that uses up: one, or nothing if nothing was
/// left for what goes on in any case.
#[inline]
pub(crate) fn spend() -> u32 {
    let spent = instance::try_with(|instance| {
        let cell = &instance.allowance.left;
        let Left { left, reserved } = cell.get();
        let spent = left.min(1);
        let left = left - spent;
        cell.set(Left { left, reserved });
        spent
    });
    spent.unwrap_or(0)
}

/// What was [spent](spend) was not completed.
pub(crate) fn give_back(spent: u32) {
    if spent == 0 {
        return;
    }
    let Left { left, reserved } = get();
    let left = left.saturating_add(spent);
    replace(Left { left, reserved });
}

/// Whether the turn has to end.
#[inline]
pub(crate) fn is_spent() -> bool {
    get().left == 0
}

/// Whether a turn takes another event before it polls.
pub(crate) fn takes_events_first() -> bool {
    get().left > PER_TURN - EVENTS_FIRST
}

/// Whether an operation may start. If not, `waker` was woken, and the operation has a
/// place in line.
#[inline]
pub(crate) fn may_start(ticket: &mut Ticket, waker: &Waker) -> bool {
    let Left { left, reserved } = get();
    (ticket.is_none() && left > reserved) || !stands_in_line(ticket, waker)
}

/// Whether an operation may be withheld once more.
fn may_withhold() -> bool {
    instance::with(|instance| {
        let withheld = &instance.allowance.withheld;
        withheld.set(withheld.get() + 1);
        withheld.get() <= MOST_WITHHELD
    })
}

#[cold]
fn stands_in_line(ticket: &mut Ticket, waker: &Waker) -> bool {
    let has_to_wait = with_own_home(|home| {
        let Left { left, reserved } = get();
        if ticket.is_none_or(|ticket| home.line.has(ticket)) {
            return left <= reserved;
        }
        // Admitted; most often, for its part is kept.
        *ticket = None;
        let reserved = reserved.saturating_sub(1);
        replace(Left { left, reserved });
        left == 0
    });
    // Other bindings, and synchronous code, know no turns.
    let waits = has_to_wait == Ok(true) && {
        // Foreign code, which may panic.
        waker.wake_by_ref();
        // If that does not make the task poll, it may be somebody who polls until the
        // operation is done.
        let is_polled = with_own_home(|home| {
            if home.was_woken() {
                ticket.get_or_insert_with(|| home.line.take_ticket());
            }
            home.was_woken()
        });
        is_polled == Ok(true) && may_withhold()
    };
    if !waits {
        *ticket = None;
    }
    waits
}
