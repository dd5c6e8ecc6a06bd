//! Counts of what is alive.

use super::Gauge;
use crate::{instance, waitable};
use core::cell::Cell;

/// What the runtime of this instance owns.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Live {
    /// Readable and writable ends of streams and futures.
    pub ends: u32,
    /// Operations that were started and have neither finished nor been
    /// cancelled.
    pub operations: u32,
    /// Waitable sets.
    pub sets: u32,
    /// Subtasks that were not dropped.
    pub subtasks: u32,
    /// Operations that go on although no future waits for them: they were dropped
    /// where they could not be cancelled, or write the default of a future.
    pub orphans: u32,
    /// Blocks of memory lent to the host.
    pub blocks: u32,
}

/// Counts what is alive in this instance.
///
/// Operations that are in no task's set are looked at first: those that have
/// finished meanwhile are not counted.
///
/// # Examples
///
/// ```
/// assert_eq!(wit_async::diagnostics::live().operations, 0);
/// ```
pub fn live() -> Live {
    waitable::hear_orphans();
    let alone = instance::with(|instance| instance.orphans.with_task());
    instance::with(|instance| {
        let counters = &instance.gauges.live;
        let of = |gauge: Gauge| counters.0[gauge as usize].get();
        Live {
            ends: of(Gauge::Ends),
            operations: of(Gauge::Operations),
            sets: of(Gauge::Sets),
            subtasks: of(Gauge::Subtasks),
            orphans: u32::try_from(alone + instance.orphanage.len()).unwrap_or(u32::MAX),
            blocks: of(Gauge::Blocks),
        }
    })
}

/// One counter per [`Gauge`].
pub(super) struct Counters([Cell<u32>; 5]);

impl Counters {
    pub(super) const fn new() -> Counters {
        Counters([const { Cell::new(0) }; 5])
    }
}

pub(super) fn add(gauge: Gauge, by: i32) {
    // A thread that ends may drop its ends after its instance.
    instance::try_with(|instance| {
        let counter = &instance.gauges.live.0[gauge as usize];
        counter.set(counter.get().wrapping_add_signed(by));
    });
}
