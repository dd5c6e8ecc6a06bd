//! Breaks the runtime on purpose, one defect at a time, and demands that the
//! scenarios notice.
//!
//! ```text
//! NAME.toml ─► text there once? ─► scratch copy, broken ─► host-harness ─► named scenarios red?
//! ```
//!
//! A scenario that is red already proves nothing, so the named scenarios first run
//! in the copy as it is; and one that is named by no defect runs beside them and has
//! to pass, so that a runtime that does not compile does not count as noticed.

mod defect;
mod harness;
mod scratch;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::Parser;

use defect::{Defect, Red};
use harness::{Harness, Outcomes};
use scratch::Scratch;

/// Passes whatever is broken: it exports a function that waits for nothing.
const CONTROL: &str = "smoke/synchronous";

/// Breaks the runtime on purpose and demands that scenarios notice.
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
    /// How long a scenario may take
    #[arg(long, value_name = "SECONDS", default_value = "5")]
    timeout: f64,
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
    let harness = match arguments.harness {
        Some(program) => Harness::at(program, arguments.timeout),
        None => Harness::build(&root, arguments.timeout)?,
    };
    let place = arguments
        .scratch
        .unwrap_or_else(|| root.join("target/defects/tree"));
    sound(&root, &place, &harness, &chosen)?;
    let mut failed = 0;
    for defect in &chosen {
        let start = Instant::now();
        let reds = noticed(&root, &place, &harness, defect);
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

/// Demands that all scenarios pass as long as nothing is broken.
fn sound(root: &Path, place: &Path, harness: &Harness, chosen: &[&Defect]) -> Result<()> {
    let reds: Vec<&Red> = chosen.iter().flat_map(|defect| &defect.red).collect();
    let themes = chosen.iter().flat_map(|defect| defect.themes()).collect();
    let start = Instant::now();
    let outcomes = scenarios(root, place, harness, &reds, themes, None)?;
    let names: BTreeSet<&str> = reds
        .iter()
        .map(|red| red.scenario.as_str())
        .chain([CONTROL])
        .collect();
    let mut problems = Vec::new();
    for name in &names {
        match outcomes.get(*name) {
            Some(None) => {}
            Some(Some(failure)) => problems.push(format!("{name} fails: {}", first_line(failure))),
            None => problems.push(format!(
                "{name} did not run: its guest does not compile, or has no such function"
            )),
        }
    }
    if !problems.is_empty() {
        bail!(
            "nothing is broken yet, but\n    {}",
            problems.join("\n    ")
        );
    }
    println!(
        "nothing broken ... {} scenarios pass ({:.1} s)",
        names.len(),
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Demands that all scenarios of a defect go red; returns how each of them did.
fn noticed(root: &Path, place: &Path, harness: &Harness, defect: &Defect) -> Result<String> {
    let reds: Vec<&Red> = defect.red.iter().collect();
    let outcomes = scenarios(
        root,
        place,
        harness,
        &reds,
        defect.themes().collect(),
        Some(defect),
    )?;
    match outcomes.get(CONTROL) {
        Some(None) => {}
        Some(Some(failure)) => bail!("{CONTROL} has to pass, but: {failure}"),
        None => bail!("{CONTROL} did not run: the defect does not compile"),
    }
    let mut shown = Vec::new();
    let mut problems = Vec::new();
    for Red {
        scenario,
        failure: expected,
    } in reds
    {
        match (outcomes.get(scenario), expected) {
            (Some(Some(found)), Some(expected)) if !found.contains(expected.as_str()) => {
                problems.push(format!(
                    "{scenario} is red, but not with `{expected}`:\n{found}"
                ));
            }
            (Some(Some(found)), _) => {
                shown.push(format!("    red {scenario}: {}", first_line(found)))
            }
            (Some(None), _) => problems.push(format!(
                "{scenario} passes although {}. {}",
                defect.title, defect.why
            )),
            (None, _) => problems.push(format!(
                "{scenario} did not run: the defect does not compile there"
            )),
        }
    }
    if !problems.is_empty() {
        bail!("{}", problems.join("\n    "));
    }
    Ok(shown.join("\n"))
}

/// Runs some scenarios in the copy, which has `defect`.
fn scenarios(
    root: &Path,
    place: &Path,
    harness: &Harness,
    reds: &[&Red],
    mut themes: BTreeSet<&str>,
    defect: Option<&Defect>,
) -> Result<Outcomes> {
    let scratch = Scratch::mirror(root, place)?;
    themes.extend(CONTROL.split('/').next());
    scratch.narrow(root, &themes)?;
    if let Some(defect) = defect {
        scratch.write(&defect.file, &defect.applied(root)?)?;
    }
    let names: Vec<&str> = reds
        .iter()
        .map(|red| red.scenario.as_str())
        .chain([CONTROL])
        .collect();
    harness.run(&scratch.guests(), &names)
}

/// What was found, as far as it fits a line.
fn first_line(text: &str) -> String {
    const WIDTH: usize = 160;
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(WIDTH)
        .collect()
}
