//! Runs generated guests on a simulated host, each decision of which comes from a
//! seed.
//!
//! ```sh
//! cargo run --release --example simulate -- --runs 1000000 --seed 1
//! cargo run --release --example simulate -- --replay 4711
//! ```
//!
//! A failure ends the run with exit code 1: its seed is printed, and the shortest
//! trace that fails in the same way.

#[path = "../tests/host/mod.rs"]
mod host;
#[path = "../tests/sim/mod.rs"]
mod sim;

use serde_json::{Value, json};
use sim::choices::Choices;
use sim::explore::{explain as explain_small, explore};
use sim::heap::Counting;
use sim::run::{Outcome, run};
use sim::scenario::{Scenario, Small};
use sim::shrink::{sequence_of, shrink};
use sim::stats::{KINDS, Stats};
use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const USAGE: &str = "\
Usage: simulate [OPTIONS]

  --runs N         how many runs [default: 100000]
  --seed S         the first seed; the next run has the next one [default: 1]
  --scenario NAME  what programs do most [default: each in turn]: all, streams,
                   futures, imports, spawns, blocking, forgets, faults
  --least N        fail if something that can happen to an operation happened
                   less often, or if fewer than a tenth of a kind blocked
  --small          all schedules of the small worlds instead of seeds; of one with
                   --scenario small-stream, small-future, small-calls, small-cancelled,
                   small-host-reads, small-host-writes, small-wakes, small-limits
  --bound N        how many choices of a schedule count at most
  --replay SEED    one run, with everything that happens in it
  --json           print one JSON object; with --small, one for each world and a last one
  --help           print this";

/// What is asked for.
struct Arguments {
    runs: u64,
    seed: u64,
    scenario: Option<Scenario>,
    replay: Option<u64>,
    least: Option<u64>,
    small: bool,
    bound: Option<usize>,
    json: bool,
}

/// A seed that failed.
struct Failed {
    seed: u64,
    scenario: Scenario,
    message: String,
}

/// What came out of all runs.
#[derive(Default)]
struct Report {
    runs: u64,
    inconclusive: u64,
    stats: Stats,
    failed: Option<Failed>,
    time: Duration,
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("error: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    std::panic::set_hook(Box::new(panicked));
    if let Some(seed) = arguments.replay {
        return replay(seed, scenario(&arguments, seed));
    }
    if arguments.small {
        return small(&arguments);
    }
    let report = simulate(&arguments);
    let details = report.failed.as_ref().map(explain);
    if arguments.json {
        println!("{}", summary(&report, details.as_deref()));
    } else {
        if let (Some(failed), Some(details)) = (&report.failed, &details) {
            println!(
                "seed {} of scenario {} failed: {}\nsmall:\n{details}",
                failed.seed,
                failed.scenario.name(),
                failed.message,
            );
            println!(
                "replay it with: --replay {} --scenario {}",
                failed.seed,
                failed.scenario.name()
            );
        }
        for (kind, state, stop, count) in report.stats.all() {
            println!("{kind:?} {state:?} {stop:?}: {count}");
        }
        println!(
            "runs={} failures={} seconds={:.2} inconclusive={} operations={} items={} \
             runs-per-second={:.0}",
            report.runs,
            u64::from(report.failed.is_some()),
            report.time.as_secs_f64(),
            report.inconclusive,
            report.stats.operations(),
            report.stats.items,
            report.runs as f64 / report.time.as_secs_f64(),
        );
    }
    let rare = arguments
        .least
        .map_or_else(Vec::new, |least| rare(&report.stats, least));
    for line in &rare {
        eprintln!("too rare: {line}");
    }
    match (&report.failed, rare.is_empty()) {
        (None, true) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// What was not exercised often enough.
fn rare(stats: &Stats, least: u64) -> Vec<String> {
    let cells = stats.rarer_than(least).into_iter();
    let cells = cells.map(|(kind, state, stop, count)| {
        format!("{kind:?} {state:?} {stop:?}: {count} of {least}")
    });
    let shares = KINDS.into_iter().map(|kind| (kind, stats.blocked(kind)));
    let shares = shares
        .filter(|(_, share)| *share < 0.1)
        .map(|(kind, share)| format!("{kind:?} that blocked: {share:.3}"));
    cells.chain(shares).collect()
}

/// The seed of the run that goes on.
static SEED: AtomicU64 = AtomicU64::new(0);

/// A panic of a guest is reported with its run, unless that is the end of us.
fn panicked(info: &std::panic::PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or_default();
    let last_words = ["cannot unwind", "destructor during cleanup"];
    if last_words.iter().any(|words| message.contains(words)) {
        eprintln!("seed {}: {message}", SEED.load(Relaxed));
        eprintln!("trap before: {:?}", host::trap::caught());
        eprintln!("{}", std::backtrace::Backtrace::capture());
        if let Some(before) = BEFORE.take() {
            eprintln!("after: {before}");
        }
    } else if !message.starts_with(host::fault::MESSAGE) {
        BEFORE.set(Some(info.to_string()));
    }
}

thread_local! {
    /// The panic before.
    static BEFORE: Cell<Option<String>> = const { Cell::new(None) };
}

fn arguments() -> Result<Option<Arguments>, lexopt::Error> {
    use lexopt::prelude::*;

    let mut arguments = Arguments {
        runs: 100_000,
        seed: 1,
        scenario: None,
        replay: None,
        least: None,
        small: false,
        bound: None,
        json: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("runs") => arguments.runs = parser.value()?.parse()?,
            Long("seed") => arguments.seed = parser.value()?.parse()?,
            Long("replay") => arguments.replay = Some(parser.value()?.parse()?),
            Long("least") => arguments.least = Some(parser.value()?.parse()?),
            Long("small") => arguments.small = true,
            Long("bound") => arguments.bound = Some(parser.value()?.parse()?),
            Long("scenario") => {
                let name = parser.value()?.string()?;
                let found = Scenario::named(&name);
                arguments.scenario = Some(found.ok_or_else(|| {
                    lexopt::Error::from(format!("there is no scenario `{name}`"))
                })?);
            }
            Long("json") => arguments.json = true,
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    if arguments.runs == 0 {
        return Err("expected one run at least".into());
    }
    Ok(Some(arguments))
}

/// The scenario of a seed: the one that is asked for, or each in turn.
fn scenario(arguments: &Arguments, seed: u64) -> Scenario {
    let turn = (seed % Scenario::ALL.len() as u64) as usize;
    arguments.scenario.unwrap_or(Scenario::ALL[turn])
}

fn simulate(arguments: &Arguments) -> Report {
    let begin = Instant::now();
    let mut report = Report::default();
    let mut shown = begin;
    for seed in arguments.seed..arguments.seed.saturating_add(arguments.runs) {
        let scenario = scenario(arguments, seed);
        SEED.store(seed, Relaxed);
        let Outcome {
            inconclusive,
            failure,
            stats,
            ..
        } = run(Choices::of_seed(seed), scenario, false);
        report.runs += 1;
        report.stats.add(&stats);
        report.inconclusive += u64::from(inconclusive);
        if let Some(message) = failure {
            report.failed = Some(Failed {
                seed,
                scenario,
                message,
            });
            break;
        }
        if report.runs % 1024 == 0 && shown.elapsed() > Duration::from_secs(1) {
            shown = Instant::now();
            progress(&report, arguments.runs, begin);
        }
    }
    report.time = begin.elapsed();
    clear_line();
    report
}

fn clear_line() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}

/// A line on a terminal, now and then a line elsewhere.
fn progress(report: &Report, runs: u64, begin: Instant) {
    let seconds = begin.elapsed().as_secs_f64();
    let line = format!(
        "{} of {runs} runs, {:.0} per second",
        report.runs,
        report.runs as f64 / seconds
    );
    tell(&line, begin);
}

fn tell(line: &str, begin: Instant) {
    let seconds = begin.elapsed().as_secs_f64();
    let mut stderr = std::io::stderr();
    // Who does not want to see it need not.
    let _ = if stderr.is_terminal() {
        write!(stderr, "\r\x1b[K{line}")
    } else if (seconds as u64).is_multiple_of(10) {
        writeln!(stderr, "{line}")
    } else {
        Ok(())
    };
}

/// Looks at all schedules of the small worlds.
fn small(arguments: &Arguments) -> ExitCode {
    let begin = Instant::now();
    let (mut schedules, mut failures) = (0, 0);
    let chosen = arguments.scenario.and_then(Scenario::small);
    let worlds = Small::ALL.into_iter();
    for world in worlds.filter(|world| chosen.is_none_or(|chosen| chosen == *world)) {
        let bound = arguments.bound.unwrap_or(world.bound());
        let start = Instant::now();
        let mut shown = start;
        let explored = explore(world, bound, |explored| {
            if shown.elapsed() > Duration::from_secs(1) {
                shown = Instant::now();
                let line = format!("{}: {} schedules", world.name(), explored.schedules);
                tell(&line, start);
            }
        });
        schedules += explored.schedules;
        failures += u64::from(explored.failure.is_some());
        let seconds = start.elapsed().as_secs_f64();
        clear_line();
        let failure = explored
            .failure
            .map(|(choices, message)| (explain_small(world, choices).join("\n"), message));
        if arguments.json {
            let (trace, message) = failure.unzip();
            let line = json!({
                "world": world.name(),
                "schedules": explored.schedules,
                "states": explored.states,
                "deepest": explored.deepest,
                "cut": explored.cut,
                "inconclusive": explored.inconclusive,
                "seconds": seconds,
                "failure": message,
                "trace": trace,
            });
            println!("{line}");
            continue;
        }
        println!(
            "world={} schedules={} states={} deepest={} cut={} inconclusive={} seconds={seconds:.2}",
            world.name(),
            explored.schedules,
            explored.states,
            explored.deepest,
            explored.cut,
            explored.inconclusive,
        );
        if let Some((trace, message)) = failure {
            println!("{trace}\n=> {message}");
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    if arguments.json {
        println!(
            "{}",
            json!({ "runs": schedules, "failures": failures, "seconds": seconds })
        );
    } else {
        println!("runs={schedules} failures={failures} seconds={seconds:.2}");
    }
    match failures {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// The shortest trace that fails like a seed.
fn explain(failed: &Failed) -> String {
    let small = shrink(sequence_of(failed.seed, failed.scenario), failed.scenario);
    let outcome = run(Choices::given(small), failed.scenario, true);
    let message = outcome.failure.unwrap_or_default();
    format!("{}\n=> {message}", outcome.trace.join("\n"))
}

fn replay(seed: u64, scenario: Scenario) -> ExitCode {
    let outcome = run(Choices::of_seed(seed), scenario, true);
    println!("{}", outcome.trace.join("\n"));
    match outcome.failure {
        Some(message) => {
            println!("=> {message}");
            ExitCode::FAILURE
        }
        None if outcome.inconclusive => {
            println!("=> inconclusive");
            ExitCode::SUCCESS
        }
        None => {
            println!("=> all is well");
            ExitCode::SUCCESS
        }
    }
}

fn summary(report: &Report, details: Option<&str>) -> Value {
    let counts: Vec<Value> = report
        .stats
        .all()
        .map(|(kind, state, stop, count)| {
            json!({
                "operation": format!("{kind:?}"),
                "state": format!("{state:?}"),
                "stop": format!("{stop:?}"),
                "count": count,
            })
        })
        .collect();
    let blocked: serde_json::Map<String, Value> = KINDS
        .into_iter()
        .map(|kind| (format!("{kind:?}"), json!(report.stats.blocked(kind))))
        .collect();
    let failure = report.failed.as_ref().map(|failed| {
        json!({
            "seed": failed.seed,
            "scenario": failed.scenario.name(),
            "message": failed.message,
            "trace": details,
        })
    });
    json!({
        "runs": report.runs,
        "failures": u64::from(report.failed.is_some()),
        "seconds": report.time.as_secs_f64(),
        "inconclusive": report.inconclusive,
        "operations": report.stats.operations(),
        "items": report.stats.items,
        "counts": counts,
        "blocked": blocked,
        "failure": failure,
    })
}
