//! One run: a world that lives, closes, and is looked at.

use super::choices::Choices;
use super::heap;
use super::program;
use super::scenario::Scenario;
use super::stats::Stats;
use super::world::World;
use crate::host::{Rules, fault, observe, observed, resource, trap};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What came out of a run.
pub struct Outcome {
    /// It could not be brought to its end: a thread waits for one that is ready to go
    /// on, and has one stack with it here. Nothing went wrong before.
    pub inconclusive: bool,
    /// A panic that was planned, and that no program survived, ended an instance.
    /// Nothing went wrong before.
    pub ended: bool,
    /// Something stays on the heap for a reason.
    pub leaked: bool,
    /// What went wrong, if anything did.
    pub failure: Option<String>,
    pub stats: Stats,
    /// On which host it was.
    pub rules: Rules,
    /// What the host has done, by [bit](super::seen::Seen::bit).
    pub seen: u32,
    /// Every decision, if it was kept.
    pub taken: Vec<(u32, u32)>,
    /// What happened, if it was traced.
    pub trace: Vec<String>,
}

/// Makes what this thread keeps from run to run.
fn warm_up() {
    thread_local! {
        static WARM: Cell<bool> = const { Cell::new(false) };
    }
    if !WARM.replace(true) {
        for scenario in Scenario::ALL {
            drop(live(Choices::of_seed(0), scenario, None, false));
        }
    }
}

/// Runs a world to its end, and looks whether memory is left.
pub fn run(choices: Choices, scenario: Scenario, traced: bool) -> Outcome {
    run_with(choices, scenario, None, traced)
}

/// The same, with a panic at the given call of foreign code.
pub fn run_with(
    choices: Choices,
    scenario: Scenario,
    fault: Option<(fault::Site, u32)>,
    traced: bool,
) -> Outcome {
    if cfg!(miri) {
        // Which looks for leaks by itself.
        return live(choices, scenario, fault, traced);
    }
    warm_up();
    let before = heap::live() - choices.bytes() as isize;
    let mut outcome = live(choices, scenario, fault, traced);
    let (taken, trace) = (outcome.taken.capacity(), outcome.trace.capacity());
    let kept = taken * size_of::<(u32, u32)>()
        + trace * size_of::<String>()
        + outcome.trace.iter().map(String::capacity).sum::<usize>();
    let left = heap::live() - before - kept as isize;
    if outcome.failure.is_none()
        && !outcome.inconclusive
        && !outcome.ended
        && !outcome.leaked
        && left != 0
    {
        outcome.failure = Some(format!("{left} bytes are left on the heap"));
    }
    outcome
}

fn live(
    choices: Choices,
    scenario: Scenario,
    fault: Option<(fault::Site, u32)>,
    traced: bool,
) -> Outcome {
    trap::catch_traps(true);
    observe();
    let mut choices = choices;
    let instances = match scenario.small() {
        Some(_) => 1,
        None => 1 + choices.pick(2) as usize,
    };
    program::clear_shelves(instances);
    let before = resource::tokens_alive();
    let mut planned = String::new();
    if scenario == Scenario::Faults {
        let site = fault::Site::ALL[choices.pick(fault::Site::ALL.len() as u32) as usize];
        // The same choices are left if another one is asked for.
        let drawn = (site, choices.pick(12));
        let fault = fault.unwrap_or(drawn);
        fault::plan(Some(fault));
        planned = format!("planned: {fault:?}");
    } else {
        fault::plan(None);
    }
    let world = World::new(choices, instances, scenario, traced);
    world.trace(|| planned);
    let lived = catch_unwind(AssertUnwindSafe(|| {
        if let Some(small) = scenario.small() {
            program::begin(&world, small);
        }
        world.live();
        let residue = match world.failure() {
            None if world.has_ended() => None,
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
    // Where an instance has ended nobody closes the books.
    if failure.is_none()
        && !world.has_ended()
        && let Err(what) = world.ledger.check(&channels)
    {
        failure = Some(what);
    }
    let (inconclusive, ended) = (world.is_inconclusive(), world.has_ended());
    let trace = if traced { world.traced() } else { Vec::new() };
    let leaked = world.leaks.left_memory();
    let mut stats = world.stats.take();
    stats.items = world.ledger.items();
    let (rules, seen) = (world.rules(), world.seen());
    if let Some(site) = fault::fired() {
        stats.panicked(site, ended);
    }
    let taken = if failure.is_some() || ended {
        // What is left of the guests is not to be touched again.
        world.abandon().taken()
    } else {
        program::clear_shelves(0);
        world.end().taken()
    };
    trap::catch_traps(false);
    resource::reset_tokens(before);
    Outcome {
        inconclusive,
        ended,
        leaked,
        failure: failure.filter(|_| !inconclusive),
        stats,
        rules,
        seen,
        taken,
        trace,
    }
}
