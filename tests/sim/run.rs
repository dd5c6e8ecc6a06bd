//! One run: a world that lives, closes, and is looked at.

use super::choices::Choices;
use super::program;
use super::stats::Stats;
use super::world::World;
use crate::host::{observe, observed, resource, trap};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What came out of a run.
pub struct Outcome {
    /// It could not be brought to its end: threads wait for each other that have
    /// one stack here.
    pub inconclusive: bool,
    /// What went wrong, if anything did.
    pub failure: Option<String>,
    pub stats: Stats,
    /// Every decision, if it was kept.
    pub taken: Vec<(u32, u32)>,
    /// What happened, if it was traced.
    pub trace: Vec<String>,
}

/// Runs a world to its end.
pub fn run(choices: Choices, traced: bool) -> Outcome {
    trap::catch_traps(true);
    observe();
    let mut choices = choices;
    let instances = 1 + choices.pick(2) as usize;
    program::clear_shelves(instances);
    let before = resource::tokens_alive();
    let world = World::new(choices, instances, traced);
    let lived = catch_unwind(AssertUnwindSafe(|| {
        world.live();
        let residue = match world.failure() {
            None => world.residue(),
            Some(_) => None,
        };
        residue.into_iter().for_each(|what| world.fail(what));
    }));
    if let Err(panic) = lived {
        world.fail(format!("the simulation panicked: {}", trap::text(&*panic)));
    }
    let channels = observed();
    let mut failure = world.failure();
    if failure.is_none()
        && let Err(what) = world.ledger.check(&channels)
    {
        failure = Some(what);
    }
    let inconclusive = world.is_inconclusive();
    let trace = if traced { world.traced() } else { Vec::new() };
    let stats = world.stats.take();
    let taken = if failure.is_some() {
        // What is left of the guests is not to be touched again.
        world.abandon().taken()
    } else {
        world.end().taken()
    };
    trap::catch_traps(false);
    resource::reset_tokens(before);
    Outcome {
        inconclusive,
        failure: failure.filter(|_| !inconclusive),
        stats,
        taken,
        trace,
    }
}
