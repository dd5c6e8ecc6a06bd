//! What is known of one handle, and the lists of the members of a set.
//!
//! # States of an entry
//!
//! ```text
//!            wait                     deliver
//!  Idle ───────────────► Waiting ─────────────────► Ready ──┐ deliver: the next
//!   ▲ │                     │                         │ ▲───┘ state of a subtask
//!   │ └─ deliver: a notice  │ leave, forget           │ take, leave, forget
//!   └───────────────────────┴─────────────────────────┘
//!
//!            register_foreign             deliver, unregister_foreign
//!  Idle ──────────────────────► Foreign ────────────────────────────► Idle
//!
//!                arm                   deliver
//!  Waiting ───────────────► Armed ─────────────────► Ready
//!     ▲                      │ └── leave, forget ──► Idle
//!     └── wait: the next read ┘
//! ```
//!
//! An entry is *awaited* while the host has more to say: in Waiting, in Foreign,
//! and in Ready when what came is that a subtask has started. Whoever waits may
//! be leaked in any of these states; `leave` then makes the entry Idle. One that is
//! Armed (see [`kept`](super::kept)) is not awaited, although the host has more to say.
//!
//! # Seats
//!
//! An entry's seat is the set that the handle is a member of. One of ours stays
//! seated between operations, so that a blocked operation in steady state costs
//! no join; it leaves before a synchronous cancel, before it is handed away and
//! before its task exits. A seat with a foreign executor is given up when the
//! event arrives.

use super::cabi::{Callback, ForeignTask};
use super::home::Home;
use super::kept::Keeping;
use super::orphans;
use super::pair::Pair;
use crate::abi::Payload;
use alloc::rc::Rc;
use alloc::sync::Arc;
use core::cell::Cell;
use core::ffi::c_void;
use core::mem;
use core::task::Waker;

pub(super) struct Entry {
    pub(super) state: State,
    pub(super) seat: Seat,
    /// Neighbours in the list of members of `seat`, as indices; 0 is none.
    pub(super) next: u32,
    previous: u32,
    /// The component-model task that started the operation, if it waits in the set
    /// of another home now: see [`Home::component_task`]. It has to stay where the host
    /// lowers the result in the task that started it; where not, it is not noted.
    pub(super) origin: Option<Arc<Home>>,
    /// The host said, unasked, that the other end is gone.
    pub(super) told_dropped: bool,
    /// The pair that the end is one of, if both were made here and their items do
    /// not meet in the host. It stays when the other end goes: the [`Pair`] knows.
    pub(super) pair: Option<Rc<Pair>>,
    /// The host wants the task that started the operation to be there when it
    /// finishes. Set when one begins, and of no meaning while none is awaited.
    pub(super) needs_task: bool,
    /// It is a subtask, whose events are states. Set when it begins to be awaited.
    pub(super) is_call: bool,
    /// What the end keeps of operations whose futures are gone.
    pub(super) keeping: Keeping,
    /// It belongs to no task, and is in the set of one all the same, which does not wait
    /// for it: see [`orphans`](super::orphans).
    pub(super) is_guest: bool,
}

pub(super) enum State {
    /// Nobody waits.
    Idle,
    /// An operation of ours waits.
    Waiting(Waker),
    /// The event came; the operation was woken and did not fetch it yet.
    Ready(Payload),
    /// An operation of other bindings waits.
    Foreign(Callback, *mut c_void),
    /// An operation of ours goes on, and nobody waits.
    Armed,
}

impl State {
    /// Whether the host has more to say, for which the task has to be there.
    pub(super) fn is_awaited(&self) -> bool {
        match self {
            State::Waiting(_) | State::Foreign(..) => true,
            // Nobody may ever fetch this: a call can be leaked.
            State::Ready(payload) => payload.goes_on(),
            State::Idle | State::Armed => false,
        }
    }
}

pub(super) enum Seat {
    /// In no set.
    Nowhere,
    /// In the set of one of our tasks.
    Ours(Arc<Home>),
    /// In the set of somebody else's task.
    Foreign(ForeignTask),
}

/// Head of the list of a home's members, as an index; 0 is none.
pub(super) struct Members(Cell<u32>);

impl Members {
    pub(super) const fn new() -> Members {
        Members(Cell::new(0))
    }

    /// The index of the first member; 0 is none.
    pub(super) fn first(&self) -> u32 {
        self.0.get()
    }
}

impl Entry {
    pub(super) const VACANT: Entry = Entry {
        state: State::Idle,
        seat: Seat::Nowhere,
        next: 0,
        previous: 0,
        origin: None,
        told_dropped: false,
        pair: None,
        needs_task: false,
        is_call: false,
        keeping: Keeping::Nothing,
        is_guest: false,
    };

    /// The operation goes on in another task than in that of `home`, which
    /// started it, unless another one did before.
    fn moves_from(&mut self, home: &Arc<Home>) {
        let is_awaited = self.state.is_awaited();
        // Where the host needs no task, the one that started it may go.
        let needs_task = match self.state {
            State::Foreign(..) => true,
            _ => self.needs_task && (is_awaited || matches!(self.state, State::Armed)),
        };
        if needs_task && self.origin.is_none() && !orphans::is_home(home) {
            let task = Home::component_task(home);
            task.awaited
                .set(task.awaited.get() + usize::from(is_awaited));
            self.origin = Some(Arc::clone(task));
        }
    }

    /// Whether it is in no set, nobody waits for it, and no task has to stay for it.
    pub(super) fn is_nowhere(&self) -> bool {
        matches!(
            (&self.seat, &self.state, &self.origin),
            (Seat::Nowhere, State::Idle, None)
        )
    }

    /// Whether no operation is in flight, and nothing is known that matters to the next one.
    #[inline]
    pub(super) fn is_untouched(&self) -> bool {
        matches!(
            (&self.state, &self.keeping),
            (State::Idle, Keeping::Nothing)
        ) && !self.told_dropped
    }

    /// Whether there is neither a pair nor anything that its end keeps.
    pub(super) fn owns_nothing(&self) -> bool {
        self.pair.is_none() && matches!(self.keeping, Keeping::Nothing)
    }

    /// Whether the task in whose set it is waits for it.
    fn counts(&self) -> bool {
        self.state.is_awaited() && !self.is_guest
    }

    /// The operation is over: the task that started it may go. The result is to
    /// be told that, by [`Home::released`], when the borrow has ended.
    pub(super) fn let_origin_go(&mut self) -> Option<Arc<Home>> {
        let home = self.origin.take()?;
        let awaited = usize::from(self.state.is_awaited());
        home.awaited.set(home.awaited.get() - awaited);
        Some(home)
    }

    /// Changes the state and keeps the counts of what is awaited: of the members of
    /// the set, and of what the task has started that is elsewhere.
    pub(super) fn set_state(&mut self, state: State) -> State {
        let home = match &self.seat {
            Seat::Ours(home) => Some(home),
            Seat::Foreign(_) | Seat::Nowhere => None,
        };
        let before = usize::from(self.state.is_awaited());
        let after = usize::from(state.is_awaited());
        let home = home.filter(|_| !self.is_guest);
        for home in home.into_iter().chain(&self.origin) {
            home.awaited.set(home.awaited.get() + after - before);
        }
        mem::replace(&mut self.state, state)
    }
}

/// Makes the entry at `index` a member of `home`.
pub(super) fn seat(entries: &mut [Entry], index: usize, home: &Arc<Home>) {
    let first = home.members.0.replace(index as u32);
    if let Some(neighbour) = entries.get_mut(first as usize).filter(|_| first != 0) {
        neighbour.previous = index as u32;
    }
    let entry = &mut entries[index];
    entry.next = first;
    entry.previous = 0;
    entry.seat = Seat::Ours(Arc::clone(home));
    if entry.counts() {
        home.awaited.set(home.awaited.get() + 1);
    }
}

/// Takes the entry at `index` out of the list that it is in, and returns what
/// its seat was. The host is not told.
pub(super) fn unseat(entries: &mut [Entry], index: usize) -> Seat {
    let entry = &mut entries[index];
    let awaited = usize::from(entry.counts());
    entry.is_guest = false;
    let seat = mem::replace(&mut entry.seat, Seat::Nowhere);
    let (next, previous) = (mem::take(&mut entry.next), mem::take(&mut entry.previous));
    if let Seat::Ours(home) = &seat {
        home.awaited.set(home.awaited.get() - awaited);
        match previous {
            0 => home.members.0.set(next),
            _ => entries[previous as usize].next = next,
        }
        if next != 0 {
            entries[next as usize].previous = previous;
        }
    }
    seat
}

/// Takes the entry at `index` out of its seat, for another one.
pub(super) fn vacate(entries: &mut [Entry], index: usize) -> Seat {
    if let Seat::Ours(home) = &entries[index].seat {
        let home = Arc::clone(home);
        entries[index].moves_from(&home);
    }
    unseat(entries, index)
}
