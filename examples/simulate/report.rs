//! What came out of all runs, for readers and for programs.

use crate::host::Rules;
use crate::sim::run::Outcome;
use crate::sim::scenario::Scenario;
use crate::sim::stats::{COMBINATIONS, KINDS, Stats, combination, switched_on};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// A seed that failed.
pub struct Failed {
    pub seed: u64,
    pub scenario: Scenario,
    pub message: String,
    /// The shortest one that ends like that.
    pub trace: String,
}

/// How many of the operations of a kind have to block, as a share of those that start.
const LEAST_BLOCKED: f64 = 0.25;

/// What came out of all runs.
pub struct Report {
    pub runs: u64,
    /// Runs that could not be brought to their end.
    pub inconclusive: u64,
    pub failed: Option<Failed>,
    pub time: Duration,
    stats: Stats,
    scenarios: [u64; Scenario::ALL.len()],
    combinations: [u64; COMBINATIONS],
}

impl Report {
    /// Of no run yet.
    pub fn new() -> Report {
        Report {
            runs: 0,
            failed: None,
            time: Duration::ZERO,
            inconclusive: 0,
            stats: Stats::default(),
            scenarios: [0; Scenario::ALL.len()],
            combinations: [0; COMBINATIONS],
        }
    }

    /// Counts a run.
    pub fn add(&mut self, scenario: Scenario, outcome: &Outcome) {
        self.runs += 1;
        self.inconclusive += u64::from(outcome.inconclusive);
        self.stats.add(&outcome.stats);
        self.combinations[combination(outcome.rules)] += 1;
        let place = Scenario::ALL.iter().position(|each| *each == scenario);
        self.scenarios[place.expect("only these are run by seed")] += 1;
    }

    pub fn runs_per_second(&self) -> f64 {
        self.runs as f64 / self.time.as_secs_f64()
    }

    fn failures(&self) -> u64 {
        u64::from(self.failed.is_some())
    }

    fn scenarios(&self) -> impl Iterator<Item = (Scenario, u64)> {
        Scenario::ALL.into_iter().zip(self.scenarios)
    }

    fn combinations(&self) -> impl Iterator<Item = (Vec<&'static str>, u64)> {
        let counts = self.combinations.into_iter().enumerate();
        counts.map(|(combination, count)| (switched_on(combination), count))
    }

    /// What was not exercised often enough. If there is a `chosen` one, of the scenarios
    /// that one, and of the rest what can happen in it.
    pub fn rare(&self, least: u64, chosen: Option<Scenario>) -> Vec<String> {
        let cells = self.stats.rarer_than(least).into_iter();
        let cells = cells.filter(|(kind, _, stop, _)| {
            chosen.is_none_or(|chosen| chosen.is_about(*kind) && chosen.comes_to(*stop))
        });
        let cells = cells.map(|(kind, state, stop, count)| {
            format!("{kind:?} {state:?} {stop:?}: {count} of {least}")
        });
        let shares = KINDS
            .into_iter()
            .map(|kind| (kind, self.stats.blocked(kind)));
        let shares = shares
            .filter(|(kind, _)| chosen.is_none_or(|chosen| chosen.is_about(*kind)))
            .filter(|(_, share)| *share < LEAST_BLOCKED)
            .map(|(kind, share)| format!("{kind:?} that blocked: {share:.3}"));
        let scenarios = self
            .scenarios()
            .filter(|(scenario, _)| chosen.is_none_or(|chosen| chosen == *scenario))
            .filter(|(_, count)| *count < least)
            .map(|(scenario, count)| format!("scenario {}: {count} of {least}", scenario.name()));
        let combinations = self
            .combinations()
            .filter(|(_, count)| *count < least)
            .map(|(on, count)| format!("host with {}: {count} of {least}", with(&on)));
        let has_panics = chosen.is_none_or(|chosen| chosen == Scenario::Faults);
        let panics = self.stats.panics().filter(|_| has_panics);
        // Some are of calls that are rare themselves.
        let panics = panics
            .filter(|(_, panicked, _)| *panicked < least.div_ceil(10))
            .map(|(site, panicked, _)| {
                format!("panics of {site:?}: {panicked} of {}", least.div_ceil(10))
            });
        let ended = self.stats.end_too_often().map(|(site, panicked, ended)| {
            format!("panics of {site:?} that were survived: all but {ended} of {panicked}")
        });
        cells
            .chain(shares)
            .chain(panics)
            .chain(ended)
            .chain(scenarios)
            .chain(combinations)
            .collect()
    }

    /// For readers.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        if let Some(failed) = &self.failed {
            let (seed, name) = (failed.seed, failed.scenario.name());
            lines.push(format!(
                "seed {seed} of scenario {name} failed: {}\nsmall:\n{}\n\
                 replay it with: --replay {seed} --scenario {name}",
                failed.message, failed.trace,
            ));
        }
        let cells = self.stats.cells();
        lines.extend(
            cells.map(|(kind, state, stop, count)| format!("{kind:?} {state:?} {stop:?}: {count}")),
        );
        let shares = KINDS.map(|kind| format!("{kind:?} {:.2}", self.stats.blocked(kind)));
        lines.push(format!("share that blocked: {}", shares.join(", ")));
        let panics = self.stats.panics().filter(|(_, panicked, _)| *panicked > 0);
        let panics: Vec<String> = panics
            .map(|(site, panicked, ended)| format!("{site:?} {panicked} ({ended})"))
            .collect();
        if !panics.is_empty() {
            lines.push(format!(
                "panics that happened (those that ended an instance): {}",
                panics.join(", ")
            ));
        }
        let scenarios: Vec<String> = self
            .scenarios()
            .map(|(scenario, count)| format!("{} {count}", scenario.name()))
            .collect();
        lines.push(format!("scenarios: {}", scenarios.join(", ")));
        let counts = &self.combinations;
        lines.push(format!(
            "switches: {}; {} of {COMBINATIONS} combinations, {} to {} runs of each",
            Rules::SWITCHES.join(", "),
            counts.iter().filter(|count| **count > 0).count(),
            counts.iter().min().unwrap_or(&0),
            counts.iter().max().unwrap_or(&0),
        ));
        lines.push(format!(
            "runs={} failures={} seconds={:.2} inconclusive={} operations={} items={} \
             runs-per-second={:.0}",
            self.runs,
            self.failures(),
            self.time.as_secs_f64(),
            self.inconclusive,
            self.stats.operations(),
            self.stats.items,
            self.runs_per_second(),
        ));
        lines.join("\n")
    }

    /// For programs.
    pub fn json(&self, rare: &[String]) -> Value {
        let cells = self.stats.cells().map(|(kind, state, stop, count)| {
            json!({
                "operation": format!("{kind:?}"),
                "state": format!("{state:?}"),
                "stop": format!("{stop:?}"),
                "count": count,
            })
        });
        let blocked: Map<String, Value> = KINDS
            .into_iter()
            .map(|kind| (format!("{kind:?}"), json!(self.stats.blocked(kind))))
            .collect();
        let scenarios: Map<String, Value> = self
            .scenarios()
            .map(|(scenario, count)| (scenario.name().to_owned(), json!(count)))
            .collect();
        let combinations = self
            .combinations()
            .map(|(on, runs)| json!({ "on": on, "runs": runs }));
        let panics = self.stats.panics().map(|(site, panicked, ended)| {
            json!({ "site": format!("{site:?}"), "runs": panicked, "ended": ended })
        });
        let failure = self.failed.as_ref().map(|failed| {
            json!({
                "seed": failed.seed,
                "scenario": failed.scenario.name(),
                "message": failed.message,
                "trace": failed.trace,
            })
        });
        json!({
            "runs": self.runs,
            "failures": self.failures(),
            "seconds": self.time.as_secs_f64(),
            "runs_per_second": self.runs_per_second(),
            "inconclusive": self.inconclusive,
            "operations": self.stats.operations(),
            "items": self.stats.items,
            "counts": cells.collect::<Vec<_>>(),
            "blocked": blocked,
            "scenarios": scenarios,
            "panics": panics.collect::<Vec<_>>(),
            "switches": Rules::SWITCHES,
            "combinations": combinations.collect::<Vec<_>>(),
            "too_rare": rare,
            "failure": failure,
        })
    }
}

/// The switches of a combination, for a sentence.
fn with(on: &[&str]) -> String {
    match on {
        [] => "no switch on".to_owned(),
        on => on.join(", "),
    }
}
