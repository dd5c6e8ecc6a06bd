//! Readable ends inside of what is written.
//!
//! When an item is lowered it is not known whether it leaves the instance: if a read
//! meets it here, or its write is cancelled, it is lifted again, and the ends in it are
//! what they were. So an end whose pair is here is handed away only when the host is
//! about to get the item:
//!
//! ```text
//!             lowering: carry                leave
//!   here ────────────────────────► carried ─────────► handed away
//!    ▲                                │
//!    └────────────────────────────────┘
//!             lifting: put_down
//! ```

use super::pair::{Pair, meets_in_host};
use super::registry;
use super::seats;
use crate::abi::Waitable;
use crate::instance;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::mem;

/// The readable ends that were lowered with some items, and perhaps lifted since.
#[derive(Default)]
pub(crate) struct Carried(Vec<(Waitable, Journey)>);

/// Tells one lowering of an end from all others: its handle may since be that of
/// another end.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) struct Journey(u64);

/// Who lowers, and so carries what is handed over meanwhile.
pub(crate) struct Carrier {
    carried: RefCell<Option<Carried>>,
    journeys: Cell<u64>,
}

impl Carrier {
    pub(crate) const fn new() -> Carrier {
        Carrier {
            carried: RefCell::new(None),
            journeys: Cell::new(0),
        }
    }
}

/// Calls `lower`, which lowers what is about to be written: values of type `T`.
#[inline]
pub(crate) fn carrying<T: 'static, R>(carried: &mut Carried, lower: impl FnOnce() -> R) -> R {
    match meets_in_host::<T>() {
        // There are no ends in a number.
        true => lower(),
        false => carries(carried, lower),
    }
}

fn carries<R>(carried: &mut Carried, lower: impl FnOnce() -> R) -> R {
    /// Puts things back, also when `lower` panics.
    struct Lowering<'a> {
        carried: &'a mut Carried,
        before: Option<Carried>,
    }

    impl Drop for Lowering<'_> {
        fn drop(&mut self) {
            let before = self.before.take();
            *self.carried = replace(before).unwrap_or_default();
        }
    }

    let _lowering = Lowering {
        before: replace(Some(mem::take(carried))),
        carried,
    };
    lower()
}

fn replace(carried: Option<Carried>) -> Option<Carried> {
    instance::with(|instance| instance.carrier.carried.replace(carried))
}

/// Leaves the readable end of `pair`, which is being lowered, to whoever lowers it
/// into something that is written. False if that is not so: then it goes away.
pub(crate) fn carry(pair: &Pair) -> bool {
    instance::with(|instance| {
        let Carrier { carried, journeys } = &instance.carrier;
        let mut carried = carried.borrow_mut();
        let Some(Carried(ends)) = &mut *carried else {
            return false;
        };
        journeys.set(journeys.get() + 1);
        let journey = Journey(journeys.get());
        pair.journey.set(Some(journey));
        ends.push((pair.readable, journey));
        true
    })
}

/// Notes that a readable end was lifted, for items of type `T`. If it was carried, it is
/// here again.
#[inline]
pub(crate) fn put_down<T: 'static>(handle: u32) {
    if meets_in_host::<T>() {
        // It has no pair.
        return;
    }
    if let Some(pair) = Waitable::new(handle).and_then(registry::pair) {
        pair.journey.set(None);
    }
}

impl Carried {
    /// The host is about to get the items: what they carry is handed away.
    #[inline]
    pub(crate) fn leave(&mut self) {
        if !self.0.is_empty() {
            self.hand_away();
        }
    }

    #[cold]
    fn hand_away(&mut self) {
        // Popped, for handing away may come back here.
        while let Some((readable, journey)) = self.0.pop() {
            let pair = registry::pair(readable).filter(|pair| pair.journey.get() == Some(journey));
            if let Some(pair) = pair {
                pair.hand_away();
                seats::forget(readable);
            }
        }
    }
}
