//! Operations that were leaked (`mem::forget`) while they were in flight.
//!
//! The host still uses their memory, which was leaked with them. Before anything
//! else is done with the end, the operation is cancelled; what it transferred is
//! lost.

use super::read::outcome;
use crate::abi::{Copied, Waitable};
use crate::waitable::{self, Standing};

/// Cancels the operation that was leaked on an end, if there is one. Says whether
/// the other end is known to be gone.
///
/// One look-up, unless something was leaked.
pub(super) fn take_back(waitable: Waitable, cancel: impl FnOnce(u32) -> u32) -> bool {
    match waitable::standing(waitable) {
        Standing::Free => false,
        Standing::ToldDropped => true,
        Standing::InFlight => {
            let left = waitable::leave(waitable);
            let code = match left.payload() {
                Some(payload) => payload.code,
                None => waitable::preserve(|| cancel(waitable.index())),
            };
            let mut gone = false;
            outcome(Copied::decode(code), &mut gone);
            // Last, because it may hold a waker, whose destructor may panic.
            drop(left);
            // That may have been said after the result.
            gone || waitable::standing(waitable) == Standing::ToldDropped
        }
    }
}
