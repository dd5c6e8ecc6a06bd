//! The command line of the harness.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use host_harness::bench::{self, BenchArgs};
use host_harness::demo::gzip::{self, GzipArgs};
use host_harness::discover::Scenario;
use host_harness::filter::Filter;
use host_harness::host::Limits;
use host_harness::matrix;
use host_harness::progress::Progress;
use host_harness::report::{self, Format, Summary};
use host_harness::suite::{self, Suite};

/// Builds, composes and runs guests of wit-async on wasmtime.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows the scenarios, with a one-line description each
    List {
        /// Part of the names of the scenarios to show
        filter: Option<String>,
        #[command(flatten)]
        source: Source,
        /// Print one JSON object per scenario and line
        #[arg(long)]
        json: bool,
    },
    /// Builds what is stale, composes, runs, and reports
    Run(Run),
    /// Times the same guests on wit-async, on wit-bindgen, and without a runtime
    Bench(BenchArgs),
    /// Does a real job with a few guests
    #[command(subcommand)]
    Demo(Demo),
}

#[derive(Subcommand)]
enum Demo {
    /// Compresses a file: one guest reads it, one compresses, one writes
    Gzip(GzipArgs),
}

/// Where the guests come from.
#[derive(Args)]
struct Source {
    /// A workspace of guests, instead of those of this repository
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Build and look at the guests of this theme only, a folder of the workspace;
    /// may be given several times
    #[arg(long, value_name = "NAME", requires = "workspace")]
    theme: Vec<String>,
    /// A component, instead of a workspace
    #[arg(long, value_name = "FILE", conflicts_with = "workspace")]
    component: Option<PathBuf>,
}

#[derive(Args)]
struct Run {
    /// Parts of the names of the scenarios to run; all of them without any
    filter: Vec<String>,
    #[command(flatten)]
    source: Source,
    /// Print one JSON object per scenario and line, and last a summary
    #[arg(long)]
    json: bool,
    /// How long a scenario may take
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,
    /// How many scenarios run at once [default: one per processor]
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
    /// Print which payloads, directions, operations and timings were exercised
    #[arg(long)]
    matrix: bool,
}

/// A positive number of seconds that is no more than a day.
fn seconds(text: &str) -> Result<Duration, String> {
    const DAY: f64 = 86_400.0;
    let seconds: f64 = text
        .trim_end_matches('s')
        .parse()
        .map_err(|_| "expected a number of seconds, such as 30 or 0.5".to_owned())?;
    if seconds > 0.0 && seconds <= DAY {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(format!("expected more than 0 and at most {DAY} seconds"))
    }
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::List {
            filter,
            source,
            json,
        } => list(filter, &source, format(json)),
        Command::Run(arguments) => run(arguments),
        Command::Bench(arguments) => {
            // With it, wasmtime captures backtraces where guests are timed.
            for name in ["RUST_BACKTRACE", "RUST_LIB_BACKTRACE"] {
                // SAFETY: Nothing else runs yet in this process: it has one thread.
                unsafe { std::env::remove_var(name) };
            }
            bench::run(arguments)
        }
        Command::Demo(Demo::Gzip(arguments)) => gzip::run(&arguments).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn format(json: bool) -> Format {
    if json { Format::Json } else { Format::Human }
}

impl Source {
    fn suite(&self, progress: &Progress) -> Result<Suite> {
        match (&self.workspace, &self.component) {
            (_, Some(component)) => Suite::of_component(component),
            (Some(workspace), None) => {
                Suite::build(std::slice::from_ref(workspace), &self.theme, progress)
            }
            (None, None) => Suite::build(&suite::workspaces()?, &[], progress),
        }
    }
}

/// Scenarios that match, or the complaint that none does.
fn matching<'a>(suite: &'a Suite, filter: &Filter) -> Vec<&'a Scenario> {
    suite
        .scenarios
        .iter()
        .filter(|scenario| filter.matches(&scenario.name))
        .collect()
}

fn list(filter: Option<String>, source: &Source, format: Format) -> Result<bool> {
    let progress = Progress::shown();
    let suite = source.suite(&progress)?;
    progress.finish();
    let filter = Filter::new(filter.into_iter().collect());
    let scenarios = matching(&suite, &filter);
    for problem in &suite.problems {
        eprintln!("{}: {}", problem.name, problem.message);
    }
    if scenarios.is_empty() {
        let names = suite
            .scenarios
            .iter()
            .map(|scenario| scenario.name.as_str());
        eprintln!("error: {}", filter.nothing(names));
        return Ok(false);
    }
    report::print(&report::list(&scenarios, format));
    Ok(suite.problems.is_empty())
}

fn run(arguments: Run) -> Result<bool> {
    let progress = Progress::shown();
    let suite = arguments.source.suite(&progress)?;
    let filter = Filter::new(arguments.filter);
    let scenarios = matching(&suite, &filter);
    let problems: Vec<_> = suite
        .problems
        .iter()
        .filter(|problem| filter.matches(&problem.name))
        .collect();
    let names = suite
        .scenarios
        .iter()
        .map(|scenario| scenario.name.as_str());
    let of_problems = suite.problems.iter().map(|problem| problem.name.as_str());
    let vain = filter.vain(names.clone().chain(of_problems));
    if !vain.is_empty() || (scenarios.is_empty() && problems.is_empty()) {
        progress.finish();
        for problem in &suite.problems {
            eprintln!("{}: {}", problem.name, problem.message);
        }
        eprintln!("error: {}", vain.nothing(names));
        if arguments.json {
            let summary = Summary {
                skipped: suite.scenarios.len() + suite.problems.len(),
                ..Summary::default()
            };
            report::print(&summary.line(Format::Json));
        }
        return Ok(false);
    }

    // One of their scenarios may be what the filter was about.
    let others = suite.problems.iter();
    for problem in others.filter(|problem| !filter.matches(&problem.name)) {
        let message = problem.message.lines().next().unwrap_or_default();
        progress.say(&format!(
            "note: left out by the filter: {}: {message}",
            problem.name
        ));
    }

    let format = format(arguments.json);
    let limits = Limits {
        deadline: arguments.timeout,
        ..Limits::default()
    };
    let threads = arguments
        .threads
        .or_else(|| std::thread::available_parallelism().ok());
    let threads = threads.map_or(1, std::num::NonZeroUsize::get);
    let start = Instant::now();
    let mut summary = Summary {
        skipped: suite.scenarios.len() - scenarios.len() + suite.problems.len() - problems.len(),
        ..Summary::default()
    };
    let mut outcomes = Vec::new();
    let total = scenarios.len();
    let mut done = |outcome| {
        summary.add(&outcome);
        progress.result(&report::line(&outcome, format));
        progress.step(format!("{} of {total} scenarios", outcomes.len() + 1));
        outcomes.push(outcome);
    };
    problems
        .iter()
        .map(|problem| problem.outcome())
        .for_each(&mut done);
    suite.run_all(&scenarios, &limits, threads, &mut done);
    progress.finish();

    summary.seconds = start.elapsed().as_secs_f64();
    if format == Format::Human {
        report::print(&report::failures(&outcomes));
    }
    let traces: Vec<_> = outcomes
        .iter()
        .flat_map(|outcome| outcome.trace.clone())
        .collect();
    let covered = !arguments.matrix || matrix::print(&traces, format);
    report::print(&summary.line(format));
    Ok(summary.success() && covered)
}
