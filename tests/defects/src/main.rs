//! Breaks the runtime on purpose, one defect at a time, and demands that those who
//! are named notice: native tests, and scenarios.
//!
//! ```text
//!                                                         ┌► cargo test ───┐
//! NAME.toml ─► text there once? ─► scratch copy, broken ──┤                ├─► all red?
//!                                                         └► host-harness ─┘
//! ```
//!
//! What is red already proves nothing, so all who are named first run in the copy as
//! it is; and one of each sort that is named by no defect runs beside them and has to
//! pass, so that a runtime that does not compile does not count as noticed.

mod check;
mod defect;
mod harness;
#[cfg(test)]
mod list;
mod native;
mod runner;
mod scratch;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::Parser;

use check::Check;
use defect::{Defect, Kind};
use harness::Harness;
use native::Native;

/// Breaks the runtime on purpose and demands that tests and scenarios notice.
#[derive(Parser)]
struct Arguments {
    /// The defects to try; all of them without any
    names: Vec<String>,
    /// Try only so many of them, picked by chance
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Picks the same sample again
    #[arg(long, requires = "sample")]
    seed: Option<u64>,
    /// Show the defects instead of trying them
    #[arg(long)]
    list: bool,
    /// A harness that was built before
    #[arg(long, value_name = "FILE")]
    harness: Option<PathBuf>,
    /// Where to keep the copy [default: target/defects/tree]
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// How long a test or a scenario may take
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    timeout: f64,
}

/// A time that is not nothing, in seconds.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|error| format!("{error}"))?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() => Ok(seconds),
        Ok(_) => Err("nothing is done in no time".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<bool> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here
        .join("../..")
        .canonicalize()
        .context("could not find the repository")?;
    let defects = defect::load(here)?;
    let gone: Vec<_> = defects
        .iter()
        .filter_map(|defect| defect.applied(&root).err())
        .collect();
    for error in &gone {
        eprintln!("error: {error:#}");
    }
    let chosen = choose(&defects, &arguments)?;
    if arguments.list {
        let width = chosen
            .iter()
            .map(|defect| defect.name.len())
            .max()
            .unwrap_or(0);
        for defect in &chosen {
            println!("{:width$}  {}", defect.name, defect.title);
        }
        return Ok(gone.is_empty());
    }
    if !gone.is_empty() {
        bail!(
            "{} of {} defects have lost their text",
            gone.len(),
            defects.len()
        );
    }

    let start = Instant::now();
    let scenarios = chosen
        .iter()
        .flat_map(|defect| &defect.red)
        .any(|red| red.kind == Kind::Scenario);
    let harness = match arguments.harness {
        _ if !scenarios => None,
        Some(program) => Some(Harness::at(program, arguments.timeout)),
        None => Some(Harness::build(&root, arguments.timeout)?),
    };
    let check = Check {
        place: arguments
            .scratch
            .unwrap_or_else(|| root.join("target/defects/tree")),
        root,
        harness,
        native: Native::new(arguments.timeout),
        miri: Native::under_miri(arguments.timeout),
    };
    let passed = check.sound(&chosen)?;
    println!(
        "nothing broken ... {passed} tests and scenarios pass ({:.1} s)",
        start.elapsed().as_secs_f64()
    );
    let mut failed = 0;
    for defect in &chosen {
        let start = Instant::now();
        let reds = check.noticed(defect);
        let time = start.elapsed().as_secs_f64();
        match reds {
            Ok(reds) => println!("defect {} ... noticed ({time:.1} s)\n{reds}", defect.name),
            Err(error) => {
                failed += 1;
                println!(
                    "defect {} ... FAILED ({time:.1} s)\n    {error:#}",
                    defect.name
                );
            }
        }
    }
    println!(
        "defect result: {}. {} passed; {failed} failed; finished in {:.0} s",
        if failed == 0 { "ok" } else { "FAILED" },
        chosen.len() - failed,
        start.elapsed().as_secs_f64()
    );
    Ok(failed == 0)
}

/// The defects that were asked for.
fn choose<'a>(defects: &'a [Defect], arguments: &Arguments) -> Result<Vec<&'a Defect>> {
    let names: Vec<&str> = defects.iter().map(|defect| defect.name.as_str()).collect();
    for name in &arguments.names {
        if !names.contains(&name.as_str()) {
            bail!(
                "there is no defect `{name}`; there are: {}",
                names.join(", ")
            );
        }
    }
    let wanted =
        |defect: &&Defect| arguments.names.is_empty() || arguments.names.contains(&defect.name);
    let mut chosen: Vec<&Defect> = defects.iter().filter(wanted).collect();
    if let Some(size) = arguments.sample {
        let seed = match arguments.seed {
            Some(seed) => seed,
            None => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        };
        chosen.sort_by_key(|defect| {
            let mut hasher = DefaultHasher::new();
            (seed, &defect.name).hash(&mut hasher);
            hasher.finish()
        });
        chosen.truncate(size);
        eprintln!(
            "a sample of {}; `--sample {size} --seed {seed}` picks it again",
            chosen.len()
        );
    }
    if chosen.is_empty() {
        bail!("no defect was chosen");
    }
    Ok(chosen)
}
