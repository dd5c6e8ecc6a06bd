//! What is asked for on the command line.

use crate::host::fault::Site;
use crate::sim::scenario::{Scenario, Small};
use lexopt::prelude::*;
use lexopt::{Error, Parser};
use std::str::FromStr;
use std::time::Duration;

/// What `--help` prints.
pub fn usage() -> String {
    let scenarios = Scenario::ALL.map(Scenario::name);
    let worlds = Small::ALL.map(Small::name);
    let sites = Site::ALL.map(|site| format!("{site:?}"));
    format!(
        "\
Usage: simulate [OPTIONS]
       simulate --small [OPTIONS]
       simulate --replay SEED [OPTIONS]

Runs generated guests on a simulated host, each decision of which comes from a seed.

  --runs N         how many runs [default: {RUNS}]
  --seed S         the first seed; the next run has the next one [default: 1]
  --scenario NAME  what programs do most [default: each in turn]:
                   {}
  --least N        fail if something that can happen to an operation, a scenario, or a
                   way to set the host's switches happened less often, or if fewer than
                   a quarter of a kind of operation blocked

  --small          all schedules of the small worlds instead of seeds; of one with
                   --scenario NAME:
                   {}
  --bound N        how many decisions of the host a schedule has at most (the order of
                   events, codes, amounts, what its ends do); then it does the first
                   thing that it can do. What guests choose is never bounded
                   [default: no bound]

  --replay SEED    one run, with everything that happens in it; --scenario NAME if it
                   was of one
  --fault SITE:N   with --replay, of scenario `faults`: foreign code panics at call N of
                   this site, instead of where the seed says:
                   {}

  --patience S     how many seconds a run may take [default: {PATIENCE}]
  --json           print one JSON object
  --help           print this

The exit code is 1 if a run failed, was inconclusive (a blocked thread waited for one
that could go on), took too long, or something was too rare; 2 if the arguments make no
sense. A process that dies says in which run.",
        listed(&scenarios),
        listed(&worlds),
        listed(&sites.each_ref().map(String::as_str)),
    )
}

const RUNS: u64 = 100_000;
const PATIENCE: u64 = 60;

/// Names in a column, a few in each line.
fn listed(names: &[&str]) -> String {
    let lines: Vec<String> = names.chunks(4).map(|names| names.join(", ")).collect();
    lines.join(",\n                   ")
}

/// What is asked for.
pub struct Arguments {
    pub mode: Mode,
    pub patience: Duration,
    pub json: bool,
}

/// What is run.
pub enum Mode {
    Seeds(Seeds),
    Small {
        world: Option<Small>,
        bound: usize,
    },
    Replay {
        seed: u64,
        scenario: Scenario,
        /// Where foreign code panics, if not where the seed says.
        fault: Option<(Site, u32)>,
    },
    /// The usage is printed, and nothing is run.
    Help,
}

/// Runs by seed.
pub struct Seeds {
    pub first: u64,
    pub last: u64,
    /// Each in turn without one.
    pub scenario: Option<Scenario>,
    pub least: Option<u64>,
}

/// The options as they are given.
#[derive(Default)]
struct Given {
    runs: Option<u64>,
    seed: Option<u64>,
    scenario: Option<Scenario>,
    least: Option<u64>,
    small: Option<()>,
    bound: Option<usize>,
    replay: Option<u64>,
    fault: Option<(Site, u32)>,
    patience: Option<u64>,
    json: Option<()>,
    help: Option<()>,
}

/// Reads the arguments of this process.
///
/// # Errors
///
/// When one of them is unknown, has a value that it cannot have, or does not go
/// together with another one.
pub fn arguments() -> Result<Arguments, Error> {
    let given = Given::parse(&mut Parser::from_env())?;
    Ok(Arguments {
        patience: Duration::from_secs(given.patience.unwrap_or(PATIENCE)),
        json: given.json.is_some(),
        mode: given.mode()?,
    })
}

impl Given {
    fn parse(parser: &mut Parser) -> Result<Given, Error> {
        let mut given = Given::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("runs") => once(&mut given.runs, "--runs", at_least(1, parser, "--runs")?)?,
                Long("seed") => once(&mut given.seed, "--seed", value(parser, "--seed")?)?,
                Long("replay") => once(&mut given.replay, "--replay", value(parser, "--replay")?)?,
                Long("fault") => {
                    let text = parser.value()?.string()?;
                    once(&mut given.fault, "--fault", fault(&text)?)?;
                }
                Long("least") => {
                    once(&mut given.least, "--least", at_least(1, parser, "--least")?)?;
                }
                Long("bound") => once(&mut given.bound, "--bound", value(parser, "--bound")?)?,
                Long("patience") => {
                    let seconds = at_least(1, parser, "--patience")?;
                    once(&mut given.patience, "--patience", seconds)?;
                }
                Long("scenario") => {
                    let name = parser.value()?.string()?;
                    once(&mut given.scenario, "--scenario", named(&name)?)?;
                }
                Long("small") => once(&mut given.small, "--small", ())?,
                Long("json") => once(&mut given.json, "--json", ())?,
                Short('h') | Long("help") => given.help = Some(()),
                other => return Err(other.unexpected()),
            }
        }
        Ok(given)
    }

    fn mode(self) -> Result<Mode, Error> {
        if self.help.is_some() {
            return Ok(Mode::Help);
        }
        let [runs, seed, least, small, bound] = [
            ("--runs", self.runs.is_some()),
            ("--seed", self.seed.is_some()),
            ("--least", self.least.is_some()),
            ("--small", self.small.is_some()),
            ("--bound", self.bound.is_some()),
        ];
        let world = self.scenario.and_then(Scenario::small);
        if let (Some(world), None) = (world, self.small) {
            return Err(format!("--scenario {} needs --small", world.name()).into());
        }
        if let Some(seed_of_run) = self.replay {
            alone("--replay", &[runs, seed, least, small, bound])?;
            let scenario = turn(self.scenario, seed_of_run);
            if self.fault.is_some() && scenario != Scenario::Faults {
                return Err(format!(
                    "--fault needs a run of scenario {}",
                    Scenario::Faults.name()
                )
                .into());
            }
            return Ok(Mode::Replay {
                seed: seed_of_run,
                scenario,
                fault: self.fault,
            });
        }
        if self.fault.is_some() {
            return Err("--fault needs --replay".into());
        }
        if self.small.is_some() {
            alone("--small", &[runs, seed, least])?;
            if let (Some(scenario), None) = (self.scenario, world) {
                let name = scenario.name();
                return Err(format!("--scenario {name} is not one of those of --small").into());
            }
            return Ok(Mode::Small {
                world,
                bound: self.bound.unwrap_or(Small::BOUND),
            });
        }
        if self.bound.is_some() {
            return Err("--bound needs --small".into());
        }
        let (first, runs) = (self.seed.unwrap_or(1), self.runs.unwrap_or(RUNS));
        let last = first.checked_add(runs - 1).ok_or_else(|| {
            format!(
                "--seed {first} --runs {runs}: the last seed is {}",
                u64::MAX
            )
        })?;
        Ok(Mode::Seeds(Seeds {
            first,
            last,
            scenario: self.scenario,
            least: self.least,
        }))
    }
}

/// The scenario of a seed: the one that is asked for, or each in turn.
pub fn turn(scenario: Option<Scenario>, seed: u64) -> Scenario {
    let turn = (seed % Scenario::ALL.len() as u64) as usize;
    scenario.unwrap_or(Scenario::ALL[turn])
}

/// Notes what is given, unless it was given before.
fn once<T>(place: &mut Option<T>, name: &str, value: T) -> Result<(), Error> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("{name} is given twice").into()),
    }
}

/// Demands that none of the others is given.
fn alone(name: &str, others: &[(&str, bool)]) -> Result<(), Error> {
    match others.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((other, _)) => Err(format!("{name} and {other} do not go together").into()),
    }
}

fn value<T: FromStr>(parser: &mut Parser, name: &str) -> Result<T, Error> {
    let text = parser.value()?.string()?;
    let number = text.parse();
    number.map_err(|_| {
        let most = u64::MAX;
        format!("{name}: expected a number from 0 to {most}, found `{text}`").into()
    })
}

fn at_least(least: u64, parser: &mut Parser, name: &str) -> Result<u64, Error> {
    let number = value(parser, name)?;
    if number < least {
        return Err(format!("{name}: expected {least} or more, found {number}").into());
    }
    Ok(number)
}

/// A call of foreign code, as `SITE:N`.
fn fault(text: &str) -> Result<(Site, u32), Error> {
    let parse = || {
        let (name, call) = text.split_once(':')?;
        let mut sites = Site::ALL.into_iter();
        let site = sites.find(|site| format!("{site:?}").eq_ignore_ascii_case(name))?;
        Some((site, call.parse().ok()?))
    };
    parse().ok_or_else(|| {
        format!("--fault: expected a site of --help and a number, as in Lift:0, found `{text}`")
            .into()
    })
}

fn named(name: &str) -> Result<Scenario, Error> {
    Scenario::named(name).ok_or_else(|| {
        let scenarios = Scenario::ALL.map(Scenario::name).join(", ");
        let worlds = Small::ALL.map(Small::name).join(", ");
        format!(
            "--scenario: there is no `{name}`; there are {scenarios}, and with --small {worlds}"
        )
        .into()
    })
}
