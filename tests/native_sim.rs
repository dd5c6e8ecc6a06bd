//! A few seeds of the simulation, so that every test run has some. Miri looks at
//! some too.
//!
//! Which ones, two variables tell: `WIT_ASYNC_SEEDS`, how many of each scenario, and
//! `WIT_ASYNC_FIRST_SEED`, the first of them. Many more are run by
//! `cargo run --release --example simulate`.

#![cfg(all(feature = "async", feature = "std"))]

mod host;
mod sim;

use host::fault::{self, Site};
use sim::choices::{Choices, next_sequence};
use sim::run::{run, run_with};
use sim::scenario::Scenario;
use sim::stats::Stats;
use std::io::Write;

// Miri knows more of what goes through its own allocator: sizes and alignments too.
#[cfg(not(miri))]
#[global_allocator]
static ALLOCATOR: sim::heap::Counting = sim::heap::Counting;

/// How many runs foreign code panics in.
const CORPUS: u64 = 1000;

/// How many seeds of each scenario, unless `WIT_ASYNC_SEEDS` says it.
const SEEDS: u64 = if cfg!(miri) { 3 } else { 3000 };

/// The number in a variable of the environment; under Miri `-Zmiri-env-set` sets one.
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|error| panic!("expected a number in {variable}={text}: {error}")))
}

#[track_caller]
fn passes(seed: u64, scenario: Scenario) -> Stats {
    if cfg!(miri) {
        // Past the capturing of output: what Miri finds ends the process.
        let _ = writeln!(std::io::stderr(), "seed {seed} of {}", scenario.name());
    }
    let outcome = run(Choices::of_seed(seed), scenario, false);
    if let Some(failure) = outcome.failure {
        let trace = run(Choices::of_seed(seed), scenario, true).trace;
        panic!(
            "{}\n{failure}\nreplay it with: cargo run --release --example simulate -- --replay \
             {seed} --scenario {}",
            trace.join("\n"),
            scenario.name()
        );
    }
    assert!(!outcome.inconclusive, "seed {seed} of {}", scenario.name());
    outcome.stats
}

fn seeds(scenario: Scenario) -> Stats {
    let first = number("WIT_ASYNC_FIRST_SEED").unwrap_or(1);
    let count = number("WIT_ASYNC_SEEDS").unwrap_or(SEEDS);
    let mut stats = Stats::default();
    (first..first + count).for_each(|seed| stats.add(&passes(seed, scenario)));
    println!("{count} seeds of {} from {first}", scenario.name());
    stats
}

/// Leaves panics that are planned out of the output, which whoever captures it would
/// keep in memory.
fn do_not_print_what_is_planned() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let message = info.payload_as_str().unwrap_or_default();
        if !message.starts_with(fault::MESSAGE) {
            hook(info);
        }
    }));
}

#[test]
fn everything() {
    seeds(Scenario::All);
}

#[test]
fn streams() {
    seeds(Scenario::Streams);
}

#[test]
fn futures() {
    seeds(Scenario::Futures);
}

#[test]
fn imports() {
    seeds(Scenario::Imports);
}

#[test]
fn spawns() {
    seeds(Scenario::Spawns);
}

#[test]
fn blocking() {
    let stats = seeds(Scenario::Blocking);
    // Synchronous code runs in the middle of what is blocked.
    assert!(cfg!(miri) || stats.interruptions > SEEDS / 10);
}

#[test]
#[cfg_attr(miri, ignore = "leaks on purpose")]
fn forgets() {
    seeds(Scenario::Forgets);
}

/// Here a panic may leave an end open, which then leaks.
#[test]
#[cfg_attr(miri, ignore = "leaks on purpose")]
fn faults() {
    do_not_print_what_is_planned();
    let stats = seeds(Scenario::Faults);
    // Most programs survive: a run that ends early tells less.
    assert!(stats.ended < SEEDS / 10 + 10, "{} ended", stats.ended);
}

/// In the first runs, every call of foreign code panics once: of what bindings
/// provide, of wakers, of destructors.
#[test]
#[cfg_attr(miri, ignore = "takes hours")]
fn every_call_of_foreign_code_panics_once() {
    do_not_print_what_is_planned();
    let mut fired = [0; Site::ALL.len()];
    for seed in 1..=CORPUS {
        for site in Site::ALL {
            for call in 0.. {
                let choices = Choices::of_seed(seed);
                let outcome = run_with(choices, Scenario::Faults, Some((site, call)), false);
                assert_eq!(
                    outcome.failure, None,
                    "seed {seed}, call {call} of {site:?}"
                );
                if !fault::has_fired() {
                    break;
                }
                fired[site as usize] += 1;
            }
        }
    }
    println!("{:?}: {fired:?} panics", Site::ALL);
    assert!(fired.iter().all(|fired| *fired > CORPUS / 20), "{fired:?}");
}

/// A run that is replayed by its choices is the same run.
#[test]
fn a_run_repeats_itself() {
    for seed in 1..SEEDS.min(50) {
        let once = run(Choices::of_seed(seed).kept(), Scenario::All, true);
        let sequence = once.taken.iter().map(|(choice, _)| *choice).collect();
        let again = run(Choices::given(sequence).kept(), Scenario::All, true);
        assert_eq!(once.failure, again.failure, "seed {seed}");
        // The replay may close earlier: it knows that no more choices come.
        let same = once.taken.iter().zip(&again.taken);
        assert!(same.take(once.taken.len() / 2).all(|(a, b)| a == b));
    }
}

/// All sequences whose choices differ in the first few places.
#[test]
fn the_first_choices_are_counted_through() {
    let mut sequence = Some(Vec::new());
    let (mut runs, bound) = (0, if cfg!(miri) { 5 } else { 20_000 });
    while let Some(choices) = sequence.take()
        && runs < bound
    {
        let outcome = run(Choices::given(choices).kept(), Scenario::All, false);
        assert_eq!(outcome.failure, None, "after {runs} runs");
        runs += 1;
        let mut taken = outcome.taken;
        taken.truncate(12);
        sequence = next_sequence(taken);
    }
    println!("{runs} sequences");
}
