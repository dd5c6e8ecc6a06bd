//! Holding calls back.

use crate::{instance, sys};
use core::cell::Cell;
use core::fmt;

/// How often this instance wants calls to be held back.
///
/// The host only has to know whether it does: it is told at the first wish and
/// when the last one has gone. So its own counter, which traps at its bounds,
/// stays between 0 and 1.
pub(crate) struct Pressure {
    /// By [`backpressure_inc`]; the other function never goes below zero.
    raised: Cell<u64>,
    /// By guards. Apart from the others, which may be lowered more often than they
    /// were raised: a guard holds as long as it exists.
    guards: Cell<u64>,
}

/// What the host is to be told.
#[must_use]
enum Tell {
    Nothing,
    Inc,
    Dec,
}

impl Pressure {
    pub(crate) const fn new() -> Pressure {
        Pressure {
            raised: Cell::new(0),
            guards: Cell::new(0),
        }
    }

    fn is_wanted(&self) -> bool {
        self.raised.get() > 0 || self.guards.get() > 0
    }

    fn raise(&self) -> Tell {
        self.change(&self.raised, self.raised.get().saturating_add(1))
    }

    fn lower(&self) -> Tell {
        self.change(&self.raised, self.raised.get().saturating_sub(1))
    }

    fn add_guard(&self) -> Tell {
        self.change(&self.guards, self.guards.get().saturating_add(1))
    }

    fn remove_guard(&self) -> Tell {
        self.change(&self.guards, self.guards.get().saturating_sub(1))
    }

    fn change(&self, count: &Cell<u64>, to: u64) -> Tell {
        let was_wanted = self.is_wanted();
        count.set(to);
        match (was_wanted, self.is_wanted()) {
            (false, true) => Tell::Inc,
            (true, false) => Tell::Dec,
            _ => Tell::Nothing,
        }
    }
}

impl Tell {
    fn host(self) {
        match self {
            Tell::Nothing => {}
            Tell::Inc => sys::backpressure_inc(),
            Tell::Dec => sys::backpressure_dec(),
        }
    }
}

/// Holds back further calls of async exports of this instance, until as many
/// [`backpressure_dec`] calls were made (canonical ABI, "backpressure.inc").
///
/// [`Backpressure`] does both, and cannot be forgotten when a future is dropped.
///
/// Costs a host call if none were held back before.
///
/// # Examples
///
/// ```no_run
/// wit_async::backpressure_inc();
/// // No async export of this instance starts here.
/// wit_async::backpressure_dec();
/// ```
pub fn backpressure_inc() {
    instance::with(|instance| instance.pressure.raise()).host();
}

/// Undoes one [`backpressure_inc`] (canonical ABI, "backpressure.dec").
///
/// Does nothing if there was none: neither does its count go below zero, nor does it end
/// what a [`Backpressure`] holds back.
///
/// # Examples
///
/// See [`backpressure_inc`].
pub fn backpressure_dec() {
    instance::with(|instance| instance.pressure.lower()).host();
}

/// Holds back further calls of async exports of this instance as long as it
/// exists (canonical ABI, "backpressure.inc" and "backpressure.dec").
///
/// Several of them may exist; calls start again when the last one has gone. One
/// that is leaked holds calls back for ever.
///
/// # Examples
///
/// ```no_run
/// # async fn write_all_of_it() {}
/// # async fn export() {
/// let alone = wit_async::Backpressure::hold();
/// // No other call starts while this one waits, also if it is cancelled here.
/// write_all_of_it().await;
/// drop(alone);
/// # }
/// ```
#[must_use = "calls are held back only as long as this exists"]
pub struct Backpressure(());

impl Backpressure {
    /// Holds calls back from now on.
    ///
    /// # Examples
    ///
    /// See [`Backpressure`].
    pub fn hold() -> Backpressure {
        instance::with(|instance| instance.pressure.add_guard()).host();
        Backpressure(())
    }
}

impl Drop for Backpressure {
    fn drop(&mut self) {
        instance::with(|instance| instance.pressure.remove_guard()).host();
    }
}

impl fmt::Debug for Backpressure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Backpressure")
    }
}
