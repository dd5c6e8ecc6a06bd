//! How far an operation is to get.

use crate::sim::stats::Stop;
use crate::sim::world::World;

/// What is to become of an operation.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    Finish,
    /// Stopped before it is polled.
    Unstarted(End),
    /// Stopped after so many turns, if it is not finished then.
    After(u32, End),
}

/// How an operation is stopped.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum End {
    Drop,
    Cancel,
    Forget,
}

impl Fate {
    pub fn pick(world: &World) -> Fate {
        if world.scenario().small().is_some() {
            return match world.pick(3) {
                0 => Fate::Finish,
                1 => Fate::After(0, End::Cancel),
                _ => Fate::After(0, End::Drop),
            };
        }
        let end = |world: &World| match world.pick(if world.forgets() { 7 } else { 6 }) {
            0..3 => End::Drop,
            3..6 => End::Cancel,
            _ => End::Forget,
        };
        match world.pick(8) {
            0..5 => Fate::Finish,
            5 => Fate::Unstarted(end(world)),
            _ => Fate::After(world.pick(3), end(world)),
        }
    }

    /// The same, of an operation that can only be dropped.
    pub fn dropped(self) -> Fate {
        match self {
            Fate::Finish => Fate::Finish,
            Fate::Unstarted(_) => Fate::Unstarted(End::Drop),
            Fate::After(turns, _) => Fate::After(turns, End::Drop),
        }
    }

    /// Whether an operation that did not finish is leaked.
    pub fn forgets(self) -> bool {
        matches!(
            self,
            Fate::Unstarted(End::Forget) | Fate::After(_, End::Forget)
        )
    }

    /// How an operation that did not finish is stopped: by the world if it was
    /// allowed to finish.
    pub fn stop(self) -> (Stop, End) {
        match self {
            Fate::Finish => (Stop::Closing, End::Drop),
            Fate::Unstarted(end) | Fate::After(_, end) => match end {
                End::Drop => (Stop::Dropped, end),
                End::Cancel => (Stop::Cancelled, end),
                End::Forget => (Stop::Forgotten, end),
            },
        }
    }
}
