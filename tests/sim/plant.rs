//! A failure that can be planted, to show that the checks see it: the ledger is told of an
//! item that nobody sent, on a channel that three others went through.

use std::cell::Cell;

thread_local! {
    static PLANTED: Cell<bool> = const { Cell::new(false) };
}

/// Plants it in the runs of this thread from now on, or does not any more.
pub fn plant(planted: bool) {
    PLANTED.set(planted);
}

/// Whether it is planted.
pub fn is_planted() -> bool {
    PLANTED.get()
}
