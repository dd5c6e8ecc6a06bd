//! What a run is about: which things programs do more often than others.

use super::stats::{Kind, Stop};

/// A selection of what programs do.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Scenario {
    /// Everything but leaking.
    All,
    Streams,
    Futures,
    Imports,
    Spawns,
    Blocking,
    /// Everything, and `mem::forget` of operations: then memory and handles may
    /// be left.
    Forgets,
    /// Everything, and foreign code that panics once.
    Faults,
    /// A world so small that all its schedules can be looked at.
    Small(Small),
}

/// What two tasks do, each three times.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Small {
    /// One writes to a stream that the other one reads.
    Stream,
    /// The same with a future.
    Future,
    /// Both call the host.
    Calls,
    /// Both call the host, and one is cancelled at some time.
    Cancelled,
    /// One task writes to a stream that the host reads.
    HostReads,
    /// One task reads a stream that the host writes to.
    HostWrites,
    /// One waits for the other one to tell it something; both also spawn.
    Wakes,
    /// Both stand in line for one permit, and one is cancelled at some time.
    Limits,
}

impl Small {
    /// All of them.
    pub const ALL: [Small; 8] = [
        Small::Stream,
        Small::Future,
        Small::Calls,
        Small::Cancelled,
        Small::HostReads,
        Small::HostWrites,
        Small::Wakes,
        Small::Limits,
    ];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Small::Stream => "small-stream",
            Small::Future => "small-future",
            Small::Calls => "small-calls",
            Small::Cancelled => "small-cancelled",
            Small::HostReads => "small-host-reads",
            Small::HostWrites => "small-host-writes",
            Small::Wakes => "small-wakes",
            Small::Limits => "small-limits",
        }
    }

    /// Whether it is about streams or futures, for whose rules hosts differ.
    pub fn has_copies(self) -> bool {
        !matches!(
            self,
            Small::Calls | Small::Cancelled | Small::Wakes | Small::Limits
        )
    }

    /// Whether one of the tasks is cancelled at some time.
    pub fn is_cancelled(self) -> bool {
        matches!(self, Small::Cancelled | Small::Limits)
    }

    /// How many decisions of the host a schedule has at most, unless somebody wants
    /// fewer: more than any schedule has.
    pub const BOUND: usize = 1000;

    /// How many tasks there are.
    pub fn tasks(self) -> u32 {
        match self {
            Small::HostReads | Small::HostWrites => 1,
            _ => 2,
        }
    }
}

/// What a program does next.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Thing {
    Yield,
    Pair,
    Operate,
    /// Two things at a time; the slower one is dropped.
    Select,
    Drop,
    Call,
    /// A call with one value of any payload.
    Pass,
    Spawn,
    Join,
    /// Waits until another task tells something.
    Hear,
    /// Tells those who wait.
    Tell,
    Shelve,
    /// Begins something and leaves it in flight to another task, or takes over
    /// what one left.
    Hand,
    Block,
    Pressure,
    /// Futures that borrow, in a scope.
    Scope,
    /// Futures in a set, joined as they end.
    Set,
    /// Stands in line for a permit.
    Limit,
    /// Other bindings read in a task of ours.
    Foreign,
}

impl Scenario {
    /// All that are run by seeds.
    pub const ALL: [Scenario; 8] = [
        Scenario::All,
        Scenario::Streams,
        Scenario::Futures,
        Scenario::Imports,
        Scenario::Spawns,
        Scenario::Blocking,
        Scenario::Forgets,
        Scenario::Faults,
    ];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Scenario::All => "all",
            Scenario::Streams => "streams",
            Scenario::Futures => "futures",
            Scenario::Imports => "imports",
            Scenario::Spawns => "spawns",
            Scenario::Blocking => "blocking",
            Scenario::Forgets => "forgets",
            Scenario::Faults => "faults",
            Scenario::Small(small) => small.name(),
        }
    }

    /// The scenario of a name.
    pub fn named(name: &str) -> Option<Scenario> {
        let small = Small::ALL.into_iter().map(Scenario::Small);
        let mut all = Scenario::ALL.into_iter().chain(small);
        all.find(|each| each.name() == name)
    }

    /// What programs do, as often as it is named.
    pub fn things(self) -> &'static [Thing] {
        use Thing::*;
        match self {
            Scenario::All | Scenario::Forgets => &[
                Yield, Pair, Operate, Operate, Operate, Operate, Operate, Select, Drop, Call, Call,
                Pass, Spawn, Join, Hear, Tell, Shelve, Hand, Block, Pressure, Scope, Set, Limit,
                Foreign,
            ],
            // A panic in a callback of other bindings ends the process.
            Scenario::Faults => &[
                Yield, Pair, Operate, Operate, Operate, Operate, Operate, Select, Drop, Call, Call,
                Pass, Spawn, Join, Hear, Tell, Shelve, Hand, Block, Pressure, Scope, Set, Limit,
            ],
            Scenario::Streams | Scenario::Futures => &[
                Yield, Pair, Operate, Operate, Operate, Select, Drop, Call, Shelve, Hand,
            ],
            Scenario::Imports => &[
                Yield, Call, Call, Call, Pass, Pass, Operate, Select, Pressure, Drop, Hand, Scope,
                Limit,
            ],
            Scenario::Spawns => &[
                Yield, Pair, Operate, Operate, Spawn, Spawn, Join, Hear, Tell, Shelve, Hand, Drop,
                Scope, Scope, Set, Set, Limit, Foreign,
            ],
            // It follows a script.
            Scenario::Small(_) => &[],
            Scenario::Blocking => &[
                Yield, Pair, Operate, Operate, Block, Block, Call, Spawn, Hand, Foreign,
            ],
        }
    }

    /// Whether operations of a kind are what it is about: elsewhere they are rare, or none.
    /// Calls that the world's end stops are rare where there are futures alone: those worlds
    /// are done early, and before that the host has lost patience with who waits.
    pub fn is_about(self, kind: Kind) -> bool {
        match kind {
            Kind::StreamRead | Kind::StreamWrite => self.is_future() != Some(true),
            Kind::FutureRead | Kind::FutureWrite => self.is_future() != Some(false),
            Kind::Import => self.is_future().is_none(),
        }
    }

    /// Whether an operation in it can be stopped like that.
    pub fn comes_to(self, stop: Stop) -> bool {
        stop != Stop::Forgotten || self == Scenario::Forgets
    }

    /// The small world that it is, if it is one.
    pub fn small(self) -> Option<Small> {
        match self {
            Scenario::Small(small) => Some(small),
            _ => None,
        }
    }

    /// Whether the next pair of ends is a future's; nothing where both are
    /// wanted.
    pub fn is_future(self) -> Option<bool> {
        match self {
            Scenario::Streams => Some(false),
            Scenario::Futures => Some(true),
            _ => None,
        }
    }
}
