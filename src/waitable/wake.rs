//! Sleeping tasks, and how another task wakes them.
//!
//! ```text
//!            begin_poll            begin_sleep
//!  WOKEN ───────────────► POLLING ─────────────► SLEEPING
//!    ▲                       │                      │
//!    ├────── wake ───────────┘                      │
//!    └────── wake, which rings the bell ────────────┘
//! ```
//!
//! A turn begins to poll more than once when the root was told something by what it
//! spawned: all who were woken until then are polled again, so nothing of that is lost.
//!
//! Natively a wake may come from another thread. It cannot ring the bell, so it
//! leaves a task that sleeps asleep.
//!
//! A task that returned WAIT to the host is called again only when a member of
//! its set has an event. If plain Rust code (a channel, a lock) wakes it, there
//! is no such event, so one is made: the bell is a `stream` without payload,
//! both ends of which are ours. Its readable end is a member of the task's set;
//! a write to the other end completes the read, and that is the event.
//!
//! The bell is made when it is first rung: a task that is only ever woken by
//! the host pays nothing for it.

use super::events;
use super::home::Home;
use crate::abi::{Copied, Event, Waitable};
use crate::sys;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::Relaxed};

/// Being polled, and not woken since the poll began.
const POLLING: u8 = 0;
/// Will be polled in any case: a wake has nothing to do.
const WOKEN: u8 = 1;
/// Waits for the host: a wake has to ring the bell.
const SLEEPING: u8 = 2;

/// Which of the states above a task is in.
pub(super) struct Sleep {
    state: AtomicU8,
    /// Whether the waker of the root was woken.
    told: AtomicBool,
    /// Address of the instance state of the thread that the task sleeps on.
    place: AtomicUsize,
}

impl Sleep {
    pub(super) const fn new() -> Sleep {
        Sleep {
            state: AtomicU8::new(WOKEN),
            told: AtomicBool::new(false),
            place: AtomicUsize::new(0),
        }
    }

    /// Whether the caller is on the thread that the task sleeps on. Natively a
    /// waker can travel; ringing the bell from elsewhere would touch the wrong
    /// instance. In a component the answer is always yes.
    fn is_here(&self) -> bool {
        here() == Some(self.place.load(Relaxed))
    }
}

fn here() -> Option<usize> {
    crate::instance::try_with(|instance| core::ptr::from_ref(instance).addr())
}

/// A stream without payload, both of whose ends are ours.
#[derive(Copy, Clone)]
pub(super) struct Bell {
    readable: Waitable,
    writable: Waitable,
    /// The read has completed and its event was not delivered.
    rung: bool,
}

impl Home {
    /// From now on a wake has nothing to do: the task is about to be polled.
    pub(crate) fn begin_turn(&self) {
        self.sleep.state.store(WOKEN, Relaxed);
    }

    /// Forgets wakes that came before this poll.
    pub(crate) fn begin_poll(&self) {
        self.sleep.state.store(POLLING, Relaxed);
    }

    /// Whether somebody woke the task since `begin_poll`.
    pub(crate) fn was_woken(&self) -> bool {
        self.sleep.state.load(Relaxed) == WOKEN
    }

    /// Whether the root was woken since the last call.
    pub(crate) fn was_told(&self) -> bool {
        let told = self.sleep.told.load(Relaxed);
        if told {
            self.sleep.told.store(false, Relaxed);
        }
        told
    }

    /// From now on a wake has to ring the bell.
    pub(crate) fn begin_sleep(&self) {
        self.sleep.place.store(here().unwrap_or(0), Relaxed);
        self.sleep.state.store(SLEEPING, Relaxed);
    }

    /// Makes sure that the task is polled again.
    pub(crate) fn wake_task(&self) {
        let before = self.sleep.state.fetch_update(Relaxed, Relaxed, |state| {
            // A wake of a sleeping task from elsewhere cannot ring, and must not
            // stand for those that can.
            (state != SLEEPING || self.sleep.is_here()).then_some(WOKEN)
        });
        if before == Ok(SLEEPING) {
            self.ring();
        }
    }

    /// Wakes the task if it sleeps; while it runs there is nothing to do.
    pub(super) fn rouse(&self) {
        if self.sleep.state.load(Relaxed) == SLEEPING {
            self.wake_task();
        }
    }

    /// Whether an event was that of the bell, which is thereby used up.
    pub(crate) fn heard(&self, waitable: Waitable) -> bool {
        match self.bell.get() {
            Some(bell) if bell.readable == waitable => {
                self.bell.set(Some(Bell {
                    rung: false,
                    ..bell
                }));
                true
            }
            _ => false,
        }
    }

    /// Makes an event in the task's set.
    fn ring(&self) {
        let bell = self.bell.get().unwrap_or_else(|| {
            let ends = sys::unit::stream_new();
            let end = |index| Waitable::new(index).expect("the host made an end with index 0");
            let bell = Bell {
                readable: end(ends as u32),
                writable: end((ends >> 32) as u32),
                rung: false,
            };
            sys::waitable_join(bell.readable, Some(self.set()));
            bell
        });
        if !bell.rung {
            let read = Copied::decode(sys::unit::stream_read(bell.readable.index(), 1));
            debug_assert_eq!(read, Copied::Blocked, "nobody else writes to the bell");
            let write = Copied::decode(sys::unit::stream_write(bell.writable.index(), 1));
            debug_assert_eq!(write, Copied::Completed(1), "the bell is being read");
        }
        self.bell.set(Some(Bell { rung: true, ..bell }));
    }

    /// Drops the bell. An end whose event was not delivered may not be dropped,
    /// and may not be cancelled in a synchronous task, so the event is fetched.
    pub(super) fn silence(&self) {
        let Some(bell) = self.bell.get() else { return };
        while self.bell.get().is_some_and(|bell| bell.rung) {
            match sys::waitable_set_poll(self.set()) {
                Event::Waitable(waitable, payload) => {
                    if !self.heard(waitable) {
                        events::deliver(waitable, payload);
                    }
                }
                Event::None | Event::Cancelled => break,
            }
        }
        self.bell.set(None);
        sys::unit::stream_drop_readable(bell.readable.index());
        sys::unit::stream_drop_writable(bell.writable.index());
    }
}

impl Wake for Home {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    /// The waker of the root.
    fn wake_by_ref(self: &Arc<Self>) {
        self.sleep.told.store(true, Relaxed);
        self.wake_task();
    }
}
