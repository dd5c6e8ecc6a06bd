//! Runs by seed.

use crate::arguments::{Seeds, turn};
use crate::host::fault::Site;
use crate::print::{clear_line, complain, say, tell};
use crate::report::{Failed, Report};
use crate::sim::choices::Choices;
use crate::sim::run::{Outcome, run, run_with};
use crate::sim::scenario::Scenario;
use crate::sim::shrink::{sequence_of, shrink};
use crate::{planted, watch};
use serde_json::json;
use std::time::{Duration, Instant};

/// Runs them, and prints what came out. Returns whether all is well.
pub fn run_all(seeds: &Seeds, json: bool) -> bool {
    let report = simulate(seeds);
    watch::end();
    let rare = seeds
        .least
        .map_or_else(Vec::new, |least| report.rare(least, seeds.scenario));
    let is_well = report.failed.is_none() && rare.is_empty() && report.inconclusive == 0;
    let text = match json {
        true => report.json(&rare).to_string(),
        false => report.text(),
    };
    if report.inconclusive > 0 {
        complain(&format!(
            "{} runs could not be brought to their end",
            report.inconclusive
        ));
    }
    for line in &rare {
        complain(&format!("too rare: {line}"));
    }
    say(&text, u8::from(!is_well));
    is_well
}

fn simulate(seeds: &Seeds) -> Report {
    let begin = Instant::now();
    let mut report = Report::new();
    let mut shown = begin;
    for seed in seeds.first..=seeds.last {
        let scenario = turn(seeds.scenario, seed);
        watch::begin(seed, scenario);
        if report.runs == 0 {
            planted::happens();
        }
        let outcome = run(Choices::of_seed(seed), scenario, false);
        report.add(scenario, &outcome);
        if let Some(message) = outcome.failure {
            report.time = begin.elapsed();
            // Before it is made small, which may take a while, or fail worse.
            complain(&format!(
                "seed {seed} of scenario {}: {message}",
                scenario.name()
            ));
            report.failed = Some(explain(seed, scenario, message));
            return report;
        }
        if report.runs.is_multiple_of(1024) && shown.elapsed() > Duration::from_secs(1) {
            shown = Instant::now();
            report.time = begin.elapsed();
            let line = format!(
                "{} of {} runs, {:.0} per second",
                report.runs,
                u128::from(seeds.last - seeds.first) + 1,
                report.runs_per_second()
            );
            tell(&line, begin);
        }
    }
    report.time = begin.elapsed();
    clear_line();
    report
}

/// The shortest trace that fails like a seed.
fn explain(seed: u64, scenario: Scenario, message: String) -> Failed {
    let small = shrink(sequence_of(seed, scenario), scenario, watch::again);
    let outcome = run(Choices::given(small), scenario, true);
    let same = outcome.failure.unwrap_or_default();
    Failed {
        seed,
        scenario,
        message,
        trace: format!("{}\n=> {same}", outcome.trace.join("\n")),
    }
}

/// Runs one of them again, and prints all that happens. Returns whether all is well.
pub fn replay(seed: u64, scenario: Scenario, fault: Option<(Site, u32)>, json: bool) -> bool {
    watch::begin(seed, scenario);
    planted::happens();
    let Outcome {
        inconclusive,
        failure,
        trace,
        ..
    } = run_with(Choices::of_seed(seed), scenario, fault, true);
    watch::end();
    let trace = trace.join("\n");
    let text = if json {
        json!({
            "seed": seed,
            "scenario": scenario.name(),
            "failure": failure,
            "inconclusive": inconclusive,
            "trace": trace,
        })
        .to_string()
    } else {
        let end = match &failure {
            Some(message) => message,
            None if inconclusive => "inconclusive",
            None => "all is well",
        };
        format!("{trace}\n=> {end}")
    };
    let is_well = failure.is_none() && !inconclusive;
    say(&text, u8::from(!is_well));
    is_well
}
