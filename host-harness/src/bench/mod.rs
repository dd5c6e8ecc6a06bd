//! Times the same guests on three runtimes, in one run.
//!
//! ```text
//! rows ─► guests ─► samples ─► rounds ─► stats ─► report, html, overview
//! what    build,    one call   A B C     medians   for people, as
//! to do   compose   is timed   A B C …   ratios    JSON, as a page, as a picture
//! ```
//!
//! The guests are in `guest-tests/bench`: their runner calls a peer, and each of its
//! functions does its work as often as it is told, so that a call from the host is timed
//! that lasts some milliseconds. In each round each runtime has its turn; what changes
//! with the machine from one moment to the next hits all of them.
//!
//! Beside the times stand figures that need no clock: `counted` has what the runner
//! calls and allocates for each time that a figure is of, exactly.

mod counted;
mod counts;
mod guests;
mod gzip;
mod host;
mod html;
mod machine;
mod overview;
mod peer;
mod plot;
mod report;
mod rounds;
mod rows;
mod samples;
mod stats;
mod whole;

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use self::guests::Guests;
use self::machine::Machine;
pub use self::report::Line;
pub use self::rounds::{Effort, What};
pub use self::rows::{Row, Runtime, rows};
pub use self::stats::{Measured, Series};
use crate::filter::Filter;
use crate::progress::Progress;
use crate::report::print;

/// The wit-bindgen that is compared with.
const WIT_BINDGEN: &str = "0.63.0";

/// What `bench` is told.
#[derive(clap::Args, Clone, Debug)]
pub struct BenchArgs {
    /// Parts of the names of the benchmarks to run; all of them without any
    pub filter: Vec<String>,
    /// Print one JSON object per benchmark and line
    #[arg(long)]
    pub json: bool,
    /// Write a page with plots, too
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write one picture of all benchmarks, as SVG, too
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Shorter samples, and as few rounds as there may be
    #[arg(long)]
    pub quick: bool,
    /// Count the instructions of the guests instead of timing them: exact, and the same on
    /// each machine. What guests cause in the host is not in them
    #[arg(long, conflicts_with_all = ["quick", "html", "svg"])]
    pub instructions: bool,
    /// Count the host calls and the heap allocations of the guests and time nothing: exact,
    /// for each time that a figure is of, in steady state. Those of the runner alone are
    /// counted, not those of its peer. With `--json` also which calls these are
    #[arg(long, conflicts_with_all = ["quick", "html", "svg", "instructions"])]
    pub counts: bool,
}

/// Runs benchmarks, and prints what they came to. Returns whether there were any.
///
/// # Errors
///
/// When guests cannot be built or trap, when those of different runtimes did different
/// things, or when a page or picture cannot be written.
pub fn run(arguments: BenchArgs) -> Result<bool> {
    let rows = rows();
    let filter = Filter::new(arguments.filter);
    let names = rows.iter().map(|row| row.name.as_str());
    let vain = filter.vain(names.clone());
    if !vain.is_empty() {
        eprintln!("error: {}", vain.none_of("benchmark", "", names));
        return Ok(false);
    }
    let wanted: Vec<&Row> = rows
        .iter()
        .filter(|row| filter.matches(&row.name))
        .filter(|row| !(arguments.instructions || arguments.counts) || row.runs_in_guests())
        .collect();
    if wanted.is_empty() {
        eprintln!("error: none of these benchmarks runs in guests, and there only is counted");
        return Ok(false);
    }
    // Before minutes of work, not behind them.
    if is_same_file(&arguments.html, &arguments.svg) {
        eprintln!("error: the page and the picture would be the same file");
        return Ok(false);
    }
    check_writable(&[&arguments.html, &arguments.svg])?;

    let progress = Progress::shown();
    let effort = match () {
        () if arguments.instructions => Effort::exact(What::Instructions),
        () if arguments.counts => Effort::exact(What::Counts),
        () if arguments.quick => Effort::QUICK,
        () => Effort::FULL,
    };
    let measured = measure(&wanted, &effort, &progress);
    progress.finish();
    let (machine, lines) = measured?;
    if arguments.json {
        progress.say(&machine.to_string());
        for line in &lines {
            print(&line.json());
        }
    } else {
        print(&format!("{machine}\n"));
        print(&report::table(&lines));
    }
    let pages = [
        arguments
            .html
            .map(|path| (path, html::page(&machine, &lines))),
        arguments
            .svg
            .map(|path| (path, overview::overview(&lines).to_string())),
    ];
    for (path, content) in pages.into_iter().flatten() {
        std::fs::write(&path, content)
            .with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(true)
}

/// Whether the two are one file, by whatever path.
fn is_same_file(one: &Option<PathBuf>, other: &Option<PathBuf>) -> bool {
    let place = |path: &Path| {
        // The file itself need not be there yet.
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new(".")).canonicalize().ok();
        parent.zip(path.file_name().map(ToOwned::to_owned))
    };
    match (one, other) {
        (Some(one), Some(other)) => {
            one == other || place(one).is_some_and(|at| Some(at) == place(other))
        }
        _ => false,
    }
}

/// Makes sure that these files can be written. What was not there before is not there behind
/// an error.
fn check_writable(paths: &[&Option<PathBuf>]) -> Result<()> {
    let mut made: Vec<&Path> = Vec::new();
    for path in paths.iter().filter_map(|path| path.as_deref()) {
        let is_new = !path.exists();
        match File::options().append(true).create(true).open(path) {
            Ok(_) if is_new => made.push(path),
            Ok(_) => {}
            Err(error) => {
                for path in made {
                    // It is empty; the error that follows is the one to tell.
                    let _ = std::fs::remove_file(path);
                }
                return Err(error).with_context(|| format!("could not write {}", path.display()));
            }
        }
    }
    Ok(())
}

/// Builds what is needed, and times it.
fn measure(wanted: &[&Row], effort: &Effort, progress: &Progress) -> Result<(Machine, Vec<Line>)> {
    let guests = Guests::build(wanted, effort.what, progress)?;
    let mut machine = Machine::look(effort);
    let mut lines = Vec::new();
    for (index, row) in wanted.iter().enumerate() {
        let place = format!("{} ({} of {})", row.name, index + 1, wanted.len());
        progress.phase(&place);
        let mut line = Line::new(row, effort.what);
        if effort.what != What::Instructions && row.runs_in_guests() {
            line.counted = Some(counted::count(row, &guests)?);
        }
        if effort.what != What::Counts {
            line.measured = rounds::measure(row, &guests, effort, |round| {
                progress.step(format!("{place}: round {round} of {}", effort.rounds));
            })?;
        }
        lines.push(line);
    }
    if effort.what == What::All {
        machine.host_share = Some(rounds::host_share(&guests, effort)?);
    }
    Ok((machine, lines))
}
