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
    wishes: Cell<u64>,
}

impl Pressure {
    pub(crate) const fn new() -> Pressure {
        Pressure {
            wishes: Cell::new(0),
        }
    }

    /// One more; says whether it is the first.
    fn more(&self) -> bool {
        self.wishes.replace(self.wishes.get().saturating_add(1)) == 0
    }

    /// One less; says whether that was the last.
    fn less(&self) -> bool {
        let wishes = self.wishes.get();
        self.wishes.set(wishes.saturating_sub(1));
        wishes == 1
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
    if instance::with(|instance| instance.pressure.more()) {
        sys::backpressure_inc();
    }
}

/// Undoes one [`backpressure_inc`] (canonical ABI, "backpressure.dec").
///
/// Does nothing if there was none.
///
/// # Examples
///
/// See [`backpressure_inc`].
pub fn backpressure_dec() {
    if instance::with(|instance| instance.pressure.less()) {
        sys::backpressure_dec();
    }
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
        backpressure_inc();
        Backpressure(())
    }
}

impl Drop for Backpressure {
    fn drop(&mut self) {
        backpressure_dec();
    }
}

impl fmt::Debug for Backpressure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Backpressure")
    }
}
