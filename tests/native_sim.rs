//! A few seeds of the simulation, so that every test run has some. Miri looks at
//! some too.
//!
//! Which ones, two variables tell: `WIT_ASYNC_SEEDS`, how many of each scenario, and
//! `WIT_ASYNC_FIRST_SEED`, the first of them. Many more are run by
//! `cargo run --release --example simulate`.

#![cfg(all(feature = "async", feature = "std"))]

mod host;
mod sim;

use host::Rules;
use host::fault::{self, Site};
use sim::choices::{Choices, next_sequence};
use sim::explore::explore;
use sim::plant::plant;
use sim::run::{run, run_with};
use sim::scenario::{Scenario, Small};
use sim::seen::Seen;
use sim::shrink::{kind, sequence_of, shrink};
use sim::stats::{COMBINATIONS, Stats, combination, switched_on};
use std::collections::BTreeSet;
use std::io::Write;

// Miri knows more of what goes through its own allocator: sizes and alignments too.
#[cfg(not(miri))]
#[global_allocator]
static ALLOCATOR: sim::heap::Counting = sim::heap::Counting;

/// How many runs foreign code panics in, at each of its calls.
const CORPUS: u64 = if cfg!(debug_assertions) { 100 } else { 1000 };

/// How many seeds of each scenario, unless `WIT_ASYNC_SEEDS` says it.
const SEEDS: u64 = match (cfg!(miri), cfg!(debug_assertions)) {
    (true, _) => 3,
    // What breaks the runtime on purpose does not optimise, and does not wait long.
    (false, true) => 600,
    (false, false) => 3000,
};

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
        let name = scenario.name();
        // First what is wrong: who looks for it reads as far as the first empty line.
        panic!(
            "seed {seed} of {name}: {failure}\n{}\n\n{}",
            again(seed, scenario, None),
            trace.join("\n"),
        );
    }
    assert!(!outcome.inconclusive, "seed {seed} of {}", scenario.name());
    outcome.stats
}

/// How to run it again.
fn again(seed: u64, scenario: Scenario, fault: Option<(Site, u32)>) -> String {
    // There worlds are smaller.
    if cfg!(miri) {
        return "tests/miri.md tells how to run it again".to_owned();
    }
    let fault = fault.map(|(site, call)| format!(" --fault {site:?}:{call}"));
    format!(
        "replay it with: cargo run --release --example simulate -- --replay {seed} --scenario {}{}",
        scenario.name(),
        fault.unwrap_or_default()
    )
}

fn seeds(scenario: Scenario) -> (u64, Stats) {
    if scenario == Scenario::Faults {
        do_not_print_what_is_planned();
    }
    let first = number("WIT_ASYNC_FIRST_SEED").unwrap_or(1);
    let count = number("WIT_ASYNC_SEEDS").unwrap_or(SEEDS);
    let mut stats = Stats::default();
    (first..first + count).for_each(|seed| stats.add(&passes(seed, scenario)));
    println!("{count} seeds of {} from {first}", scenario.name());
    (count, stats)
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

/// A test for each scenario that is run by seeds, and which ones these are.
macro_rules! test_seeds {
    ($($(#[$attribute:meta])* $test:ident: $scenario:expr,)*) => {
        $(
            #[test]
            $(#[$attribute])*
            fn $test() {
                let (count, stats) = seeds($scenario);
                check($scenario, count, &stats);
            }
        )*

        const TESTED: &[Scenario] = &[$($scenario),*];
    };
}

test_seeds! {
    everything: Scenario::All,
    streams: Scenario::Streams,
    futures: Scenario::Futures,
    imports: Scenario::Imports,
    spawns: Scenario::Spawns,
    blocking: Scenario::Blocking,
    #[cfg_attr(miri, ignore = "leaks on purpose")]
    forgets: Scenario::Forgets,
    // Here a panic may leave an end open, which then leaks.
    #[cfg_attr(miri, ignore = "leaks on purpose")]
    faults: Scenario::Faults,
}

/// What so many runs of a scenario have to have in them; a few need not.
fn check(scenario: Scenario, count: u64, stats: &Stats) {
    match scenario {
        // Synchronous code runs in the middle of what is blocked.
        Scenario::Blocking => {
            let few = cfg!(miri) || count < 100;
            assert!(few || stats.interruptions > count / 10);
        }
        Scenario::Faults => survives(stats),
        _ => {}
    }
}

/// Most programs survive a panic wherever it comes from: a run that ends tells less.
fn survives(stats: &Stats) {
    for (site, panicked, ended) in stats.panics() {
        println!("{site:?}: {panicked} panics, of which {ended} ended the run");
    }
    let too_many: Vec<_> = stats.end_too_often().collect();
    assert!(too_many.is_empty(), "{too_many:?}");
}

#[test]
fn a_run_of_each_scenario_is_among_the_tests() {
    assert_eq!(TESTED, Scenario::ALL);
}

/// In the first runs, every call of foreign code panics once: of what bindings
/// provide, of wakers, of destructors.
#[test]
#[cfg_attr(miri, ignore = "takes hours")]
fn every_call_of_foreign_code_panics_once() {
    do_not_print_what_is_planned();
    let mut fired = [0; Site::ALL.len()];
    let first = number("WIT_ASYNC_FIRST_SEED").unwrap_or(1);
    let corpus = number("WIT_ASYNC_SEEDS").unwrap_or(CORPUS);
    for seed in first..first + corpus {
        for site in Site::ALL {
            for call in 0.. {
                let (choices, fault) = (Choices::of_seed(seed), Some((site, call)));
                let outcome = run_with(choices, Scenario::Faults, fault, false);
                if let Some(failure) = outcome.failure {
                    let again = again(seed, Scenario::Faults, fault);
                    panic!("seed {seed}, call {call} of {site:?}: {failure}\n{again}");
                }
                assert!(
                    !outcome.inconclusive,
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
    let few = corpus < CORPUS;
    assert!(
        few || fired.iter().all(|fired| *fired > corpus / 20),
        "{fired:?}"
    );
}

/// The host does everything that hosts do, and on every host that there can be.
#[test]
#[cfg_attr(miri, ignore = "takes hours")]
fn the_host_does_all_that_hosts_do() {
    let mut seen = [0_u32; Seen::ALL.len()];
    let mut hosts = BTreeSet::new();
    // As many as there are hosts, and more, whatever the profile.
    for seed in 1..=4000 {
        let outcome = run(Choices::of_seed(seed), Scenario::All, false);
        if let Some(failure) = outcome.failure {
            panic!(
                "seed {seed}: {failure}\n{}",
                again(seed, Scenario::All, None)
            );
        }
        assert!(!outcome.inconclusive, "seed {seed}");
        hosts.insert(outcome.rules.named());
        for what in Seen::ALL {
            seen[what as usize] += u32::from(outcome.seen & what.bit() != 0);
        }
    }
    let seen = Seen::ALL.map(|what| (what, seen[what as usize]));
    println!("{} hosts, {seen:?}", hosts.len());
    assert!(seen.iter().all(|(_, runs)| *runs > 10), "{seen:?}");
    assert_eq!(hosts.len(), 1 << Rules::SWITCHES.len());
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
        let outcome = run(Choices::given(choices.clone()).kept(), Scenario::All, false);
        assert_eq!(outcome.failure, None, "the same each time: {choices:?}");
        assert!(!outcome.inconclusive, "after {runs} runs");
        runs += 1;
        let mut taken = outcome.taken;
        taken.truncate(12);
        sequence = next_sequence(taken);
    }
    println!("{runs} sequences");
}

/// The first seed in which the planted failure is seen.
fn planted(scenario: Scenario) -> u64 {
    plant(true);
    let mut seeds = 1..SEEDS;
    let found = seeds.find(|seed| {
        run(Choices::of_seed(*seed), scenario, false)
            .failure
            .is_some()
    });
    found.expect("three items go through some channel")
}

/// A seed that fails does so again, at the same place, in the same way.
#[test]
fn a_run_that_fails_is_the_same_when_it_is_replayed() {
    let seed = planted(Scenario::All);
    let [once, again] = [(); 2].map(|()| run(Choices::of_seed(seed).kept(), Scenario::All, true));
    assert!(once.failure.is_some(), "the failure is planted");
    assert_eq!(once.failure, again.failure);
    assert_eq!(once.taken, again.taken);
    assert_eq!(once.trace, again.trace);
    plant(false);
    let without = run(Choices::of_seed(seed), Scenario::All, false);
    assert_eq!(without.failure, None, "nothing else is wrong with it");
}

/// What is left of a run that was made small fails in the same way, and nothing of it
/// can be left out.
#[test]
fn a_run_that_was_made_small_fails_alike() {
    let scenario = Scenario::Streams;
    let seed = planted(scenario);
    let sequence = sequence_of(seed, scenario);
    let mut tries = 0;
    let small = shrink(sequence.clone(), scenario, || tries += 1);
    assert!(
        tries > small.len(),
        "each choice was tried: {tries} of {small:?}"
    );
    assert!(
        small.len() < sequence.len() / 2,
        "{small:?} of {sequence:?}"
    );
    let failure = |choices: &[u32]| run(Choices::given(choices.to_vec()), scenario, false).failure;
    let [large, wanted] = [&sequence, &small].map(|choices| failure(choices).as_deref().map(kind));
    assert!(wanted.is_some(), "the small one fails");
    assert_eq!(large, wanted);
    for left_out in 0..small.len() {
        let mut smaller = small.clone();
        smaller.remove(left_out);
        assert_ne!(
            failure(&smaller).as_deref().map(kind),
            wanted,
            "without {left_out}"
        );
    }
    plant(false);
    assert_eq!(failure(&small), None, "nothing else is wrong with it");
}

/// Among all schedules of a small world is the one that fails.
#[test]
#[cfg_attr(miri, ignore = "takes hours")]
fn all_schedules_are_looked_at_until_one_fails() {
    plant(true);
    let explored = explore(Small::Stream, Small::BOUND, |_| {});
    let (choices, message) = explored.failure.expect("three items go through the stream");
    let scenario = Scenario::Small(Small::Stream);
    let again = run(Choices::given(choices), scenario, false);
    assert_eq!(again.failure, Some(message));
}

/// A bound takes decisions from the host and no choice from the guests.
#[test]
#[cfg_attr(miri, ignore = "takes hours")]
fn a_bound_is_for_the_host_alone() {
    let whole = explore(Small::Future, Small::BOUND, |_| {});
    assert_eq!((whole.cut, whole.failure), (0, None));
    let mut before = 0;
    for bound in 0..3 {
        let cut = explore(Small::Future, bound, |_| {});
        assert_eq!(cut.failure, None);
        assert!(cut.cut > 0, "bound {bound}");
        // Both tasks choose, whatever the host may decide.
        assert!(
            cut.schedules >= 4,
            "bound {bound}: {} schedules",
            cut.schedules
        );
        assert!(before < cut.schedules && cut.schedules < whole.schedules);
        before = cut.schedules;
    }
}

/// Hosts differ in all ways in which they can.
#[test]
#[cfg_attr(miri, ignore = "takes hours")]
fn every_way_to_set_the_switches_is_run() {
    let mut runs = [0; COMBINATIONS];
    for seed in 1..=10 * COMBINATIONS as u64 {
        runs[combination(run(Choices::of_seed(seed), Scenario::All, false).rules)] += 1;
    }
    for (combination, runs) in runs.into_iter().enumerate() {
        assert!(runs > 0, "no host with {:?}", switched_on(combination));
    }
}
