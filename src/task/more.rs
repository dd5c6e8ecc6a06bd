//! How many events a turn takes.
//!
//! Whether there are more than the one that the host has delivered is a call of the host to
//! know. Each one that is there saves a delivery, which is a call of the guest, a look at the
//! scheduler of the host and a poll of all that waits.
//!
//! | | asked in each turn | never asked |
//! |---|---|---|
//! | one operation, in step with its peer | a needless call each time | nothing |
//! | many calls that finish together | one turn for all of them | a turn for each |
//!
//! So it is asked where many are awaited, and half as often after each time that there were
//! none.

/// Whether a turn of a task asks for more events.
#[derive(Default)]
pub(super) struct More {
    /// How many turns do not ask after the next time that there are none.
    patience: u8,
    /// How many do not ask from now on.
    rest: u8,
}

impl More {
    /// How many have to be awaited: a few are mostly in step with what the task does.
    const MANY: usize = 4;
    /// How many turns do not ask at most.
    const PATIENCE: u8 = 63;

    /// Whether to ask in this turn, in which so many are awaited.
    pub(super) fn asks(&mut self, awaited: usize) -> bool {
        if awaited < More::MANY {
            return false;
        }
        let rests = self.rest > 0;
        self.rest = self.rest.saturating_sub(1);
        !rests
    }

    /// Notes whether there were some.
    pub(super) fn hears(&mut self, were_there: bool) {
        match were_there {
            true => *self = More::default(),
            false => {
                self.rest = self.patience;
                self.patience = (2 * self.patience + 1).min(More::PATIENCE);
            }
        }
    }
}
