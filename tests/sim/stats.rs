//! What was exercised: operation × how far it was × how it was stopped; and on what
//! hosts.

use crate::host::Rules;
use crate::host::fault::Site;

/// The operations.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    StreamRead,
    StreamWrite,
    FutureRead,
    FutureWrite,
    Import,
}

/// How far it was when it was stopped, or how it ended.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
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
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// It was not: it finished.
    Finished,
    Dropped,
    Cancelled,
    /// `mem::forget`.
    Forgotten,
    /// Dropped because the world came to its end.
    Closing,
    /// Dropped with the task or the future that it was in.
    Swept,
    /// Dropped in synchronous code, where it cannot be cancelled.
    LeftAlone,
}

pub const KINDS: [Kind; 5] = [
    Kind::StreamRead,
    Kind::StreamWrite,
    Kind::FutureRead,
    Kind::FutureWrite,
    Kind::Import,
];

pub const STATES: [State; 4] = [
    State::Unstarted,
    State::InFlight,
    State::AtOnce,
    State::Blocked,
];

pub const STOPS: [Stop; 7] = [
    Stop::Finished,
    Stop::Dropped,
    Stop::Cancelled,
    Stop::Forgotten,
    Stop::Closing,
    Stop::Swept,
    Stop::LeftAlone,
];

/// Whether it can happen to an operation of this kind: calls start when they are made, and
/// are cancelled by dropping them.
fn can_happen(kind: Kind, state: State, stop: Stop) -> bool {
    let is_of_calls =
        (state, stop) != (State::InFlight, Stop::Cancelled) && state != State::Unstarted;
    CELLS.contains(&(state, stop)) && (kind != Kind::Import || is_of_calls)
}

/// What can happen to an operation.
const CELLS: [(State, Stop); 11] = [
    (State::Unstarted, Stop::Dropped),
    (State::Unstarted, Stop::Cancelled),
    (State::Unstarted, Stop::Forgotten),
    (State::InFlight, Stop::Dropped),
    (State::InFlight, Stop::Cancelled),
    (State::InFlight, Stop::Forgotten),
    (State::InFlight, Stop::Closing),
    (State::InFlight, Stop::Swept),
    (State::InFlight, Stop::LeftAlone),
    (State::AtOnce, Stop::Finished),
    (State::Blocked, Stop::Finished),
];

/// The largest share of the panics of a site that may end an instance. Programs survive all
/// but some that [go through](crate::host::fault::goes_through), unless it is the executor
/// that wakes.
fn most_ended(site: Site) -> f64 {
    match site {
        Site::Wake | Site::NoWake => 0.5,
        _ => 0.2,
    }
}

/// How many combinations of the host's switches there are.
pub const COMBINATIONS: usize = 1 << Rules::SWITCHES.len();

/// Which combination of switches it is: a bit for each.
pub fn combination(rules: Rules) -> usize {
    let switches = rules.named().into_iter().enumerate();
    switches.map(|(bit, (_, on))| usize::from(on) << bit).sum()
}

/// The switches that are on in a combination.
pub fn switched_on(combination: usize) -> Vec<&'static str> {
    let switches = Rules::SWITCHES.into_iter().enumerate();
    let on = switches.filter(|(bit, _)| combination >> bit & 1 == 1);
    on.map(|(_, name)| name).collect()
}

/// How often. No memory on the heap, whose use is looked at.
#[derive(Copy, Clone, Default, Debug)]
pub struct Stats {
    counts: [[[u64; STOPS.len()]; STATES.len()]; KINDS.len()],
    /// Items that were received.
    pub items: u64,
    /// Calls of synchronous code of an instance whose other code was blocked.
    pub interruptions: u64,
    /// Runs in which the panic that was planned happened, by its site.
    panicked: [u64; Site::ALL.len()],
    /// Of those, the ones in which it ended an instance.
    ended: [u64; Site::ALL.len()],
}

impl Stats {
    pub fn count(&mut self, kind: Kind, state: State, stop: Stop) {
        self.counts[kind as usize][state as usize][stop as usize] += 1;
    }

    pub fn of(&self, kind: Kind, state: State, stop: Stop) -> u64 {
        self.counts[kind as usize][state as usize][stop as usize]
    }

    pub fn add(&mut self, other: &Stats) {
        for kind in KINDS {
            for state in STATES {
                for stop in STOPS {
                    self.counts[kind as usize][state as usize][stop as usize] +=
                        other.of(kind, state, stop);
                }
            }
        }
        self.items += other.items;
        self.interruptions += other.interruptions;
        for site in Site::ALL {
            self.panicked[site as usize] += other.panicked[site as usize];
            self.ended[site as usize] += other.ended[site as usize];
        }
    }

    /// Everything that can happen, and whatever else happened.
    pub fn cells(&self) -> impl Iterator<Item = (Kind, State, Stop, u64)> {
        self.all()
            .filter(|(kind, state, stop, count)| *count > 0 || can_happen(*kind, *state, *stop))
    }

    fn all(&self) -> impl Iterator<Item = (Kind, State, Stop, u64)> {
        let counts = *self;
        let keys = KINDS.into_iter().flat_map(|kind| {
            STATES
                .into_iter()
                .flat_map(move |state| STOPS.into_iter().map(move |stop| (kind, state, stop)))
        });
        keys.map(move |(kind, state, stop)| (kind, state, stop, counts.of(kind, state, stop)))
    }

    /// What happened less often than that of all that can happen.
    pub fn rarer_than(&self, least: u64) -> Vec<(Kind, State, Stop, u64)> {
        self.all()
            .filter(|(kind, state, stop, _)| can_happen(*kind, *state, *stop))
            .filter(|(.., count)| *count < least)
            .collect()
    }

    /// The panic that was planned has happened, and perhaps ended an instance.
    pub fn panicked(&mut self, site: Site, ended: bool) {
        self.panicked[site as usize] += 1;
        self.ended[site as usize] += u64::from(ended);
    }

    /// For each site in how many runs its panic happened, and in how many of those it
    /// ended an instance: there not much is looked at.
    pub fn panics(&self) -> impl Iterator<Item = (Site, u64, u64)> {
        let panics = Site::ALL.into_iter().zip(self.panicked).zip(self.ended);
        panics.map(|((site, panicked), ended)| (site, panicked, ended))
    }

    /// The sites whose panics ended an instance too often.
    pub fn end_too_often(&self) -> impl Iterator<Item = (Site, u64, u64)> {
        self.panics().filter(|(site, panicked, ended)| {
            *ended as f64 > most_ended(*site) * *panicked as f64 + 10.0
        })
    }

    /// How many operations there were.
    pub fn operations(&self) -> u64 {
        self.all().map(|(.., count)| count).sum()
    }

    /// Of the operations of a kind that were started, the share that blocked.
    pub fn blocked(&self, kind: Kind) -> f64 {
        let of = |states: [State; 2]| -> u64 {
            let states = states.into_iter();
            states
                .flat_map(|state| STOPS.map(|stop| self.of(kind, state, stop)))
                .sum()
        };
        let blocked = of([State::InFlight, State::Blocked]);
        let at_once = of([State::AtOnce, State::AtOnce]) / 2;
        blocked as f64 / (blocked + at_once).max(1) as f64
    }
}
