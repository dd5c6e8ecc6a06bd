//! Holding calls back.

use crate::sys;

/// Holds back further calls of async exports of this instance, until as many
/// [`backpressure_dec`] calls were made (canonical ABI, "backpressure.inc").
///
/// The host traps at 2^16.
///
/// # Examples
///
/// ```no_run
/// wit_async::backpressure_inc();
/// // No async export of this instance starts here.
/// wit_async::backpressure_dec();
/// ```
pub fn backpressure_inc() {
    sys::backpressure_inc();
}

/// Undoes one [`backpressure_inc`] (canonical ABI, "backpressure.dec").
///
/// The host traps if there was none.
///
/// # Examples
///
/// See [`backpressure_inc`].
pub fn backpressure_dec() {
    sys::backpressure_dec();
}
