//! What a run is about: which things programs do more often than others.

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
}

/// What a program does next.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Thing {
    Yield,
    Pair,
    Operate,
    Drop,
    Call,
    Spawn,
    Join,
    /// Waits until another task tells something.
    Hear,
    /// Tells those who wait.
    Tell,
    Shelve,
    Block,
    Pressure,
}

impl Scenario {
    /// All of them.
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
        }
    }

    /// The scenario of a name.
    pub fn named(name: &str) -> Option<Scenario> {
        Scenario::ALL.into_iter().find(|each| each.name() == name)
    }

    /// What programs do, as often as it is named.
    pub fn things(self) -> &'static [Thing] {
        use Thing::*;
        match self {
            Scenario::All | Scenario::Forgets | Scenario::Faults => &[
                Yield, Pair, Operate, Operate, Operate, Operate, Operate, Operate, Drop, Call,
                Call, Spawn, Join, Hear, Tell, Shelve, Block, Pressure,
            ],
            Scenario::Streams | Scenario::Futures => {
                &[Yield, Pair, Operate, Operate, Operate, Drop, Call, Shelve]
            }
            Scenario::Imports => &[Yield, Call, Call, Call, Operate, Pressure, Drop],
            Scenario::Spawns => &[
                Yield, Pair, Operate, Operate, Spawn, Spawn, Join, Hear, Tell, Shelve, Drop,
            ],
            Scenario::Blocking => &[Yield, Pair, Operate, Operate, Block, Block, Call, Spawn],
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
