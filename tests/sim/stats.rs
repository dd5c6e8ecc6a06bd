//! What was exercised: operation × how far it was × how it was stopped.

use std::collections::BTreeMap;

/// The operations.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    StreamRead,
    StreamWrite,
    FutureRead,
    FutureWrite,
    Import,
}

/// How far it was when it was stopped, or how it ended.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// It was not polled.
    Unstarted,
    /// It was polled and is in flight.
    InFlight,
    /// Ready at the first poll.
    AtOnce,
    /// Ready at a later poll.
    Blocked,
}

/// How it was stopped.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stop {
    /// It was not: it finished.
    Finished,
    Dropped,
    Cancelled,
    /// `mem::forget`.
    Forgotten,
    /// Dropped because the world came to its end.
    Closing,
}

/// How often.
#[derive(Clone, Default, Debug)]
pub struct Stats {
    pub counts: BTreeMap<(Kind, State, Stop), u64>,
}

impl Stats {
    pub fn count(&mut self, kind: Kind, state: State, stop: Stop) {
        *self.counts.entry((kind, state, stop)).or_insert(0) += 1;
    }

    pub fn add(&mut self, other: &Stats) {
        for (key, count) in &other.counts {
            *self.counts.entry(*key).or_insert(0) += count;
        }
    }

    /// Of the operations of a kind that were started, the share that blocked.
    pub fn blocked(&self, kind: Kind) -> f64 {
        let of = |states: &[State]| -> u64 {
            let counts = self.counts.iter();
            counts
                .filter(|((k, state, _), _)| *k == kind && states.contains(state))
                .map(|(_, count)| count)
                .sum()
        };
        let blocked = of(&[State::InFlight, State::Blocked]);
        let started = blocked + of(&[State::AtOnce]);
        blocked as f64 / started.max(1) as f64
    }
}
