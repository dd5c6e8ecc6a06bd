//! What a run prints: for people, or one JSON object per line.

use std::io::{self, ErrorKind, Write as _};
use std::time::Duration;

use serde::Serialize;

use crate::discover::Scenario;
use crate::verdict::{Outcome, Verdict};

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Like a Rust test run.
    Human,
    /// One JSON object per line.
    Json,
}

/// Prints a line of results on standard output.
///
/// Ends the process with exit code 1 where nobody reads any more (`… | head`),
/// or where standard output cannot be written: what is not seen is no result.
pub fn print(line: &str) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        if error.kind() != ErrorKind::BrokenPipe {
            eprintln!("error: could not write to standard output: {error}");
        }
        std::process::exit(1);
    }
}

/// What came out of all scenarios.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// How many were as they should be.
    pub passed: usize,
    /// How many were not.
    pub failed: usize,
    /// How many the filter left out.
    pub skipped: usize,
    /// From the first to the last.
    pub seconds: f64,
}

impl Summary {
    /// Counts one more.
    pub fn add(&mut self, outcome: &Outcome) {
        if outcome.passed() {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }

    /// Whether all passed, and there was one.
    pub fn success(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }

    /// The last line of a run.
    pub fn line(&self, format: Format) -> String {
        match format {
            Format::Json => json(self),
            Format::Human => format!(
                "scenario result: {}. {} passed; {} failed; {} skipped by the filter; finished in {}",
                if self.success() { "ok" } else { "FAILED" },
                self.passed,
                self.failed,
                self.skipped,
                human(Duration::from_secs_f64(self.seconds)),
            ),
        }
    }
}

/// The line of one scenario.
pub fn line(outcome: &Outcome, format: Format) -> String {
    match format {
        Format::Json => json(outcome),
        Format::Human => {
            let verdict = if outcome.passed() { "ok" } else { "FAILED" };
            format!(
                "scenario {} ... {verdict} ({})",
                outcome.name,
                human(outcome.time)
            )
        }
    }
}

/// The failures of a run, each with all that is known.
pub fn failures(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        if let Verdict::Failed { failure } = &outcome.verdict {
            text.push_str(&format!("\n---- {} ----\n", outcome.name));
            text.push_str(&failure.describe(&outcome.guests));
        }
    }
    text
}

/// A scenario in a list.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    description: &'a str,
    guests: Vec<&'a str>,
    #[serde(rename = "async")]
    is_async: bool,
}

/// The list of scenarios.
pub fn list(scenarios: &[&Scenario], format: Format) -> String {
    let width = scenarios
        .iter()
        .map(|scenario| scenario.name.len())
        .max()
        .unwrap_or(0);
    let lines: Vec<String> = scenarios
        .iter()
        .map(|scenario| match format {
            Format::Human => format!("{:width$}  {}", scenario.name, scenario.description),
            Format::Json => json(&Listed {
                name: &scenario.name,
                description: &scenario.description,
                guests: scenario
                    .composition
                    .guests
                    .iter()
                    .map(|guest| guest.name.as_str())
                    .collect(),
                is_async: scenario.is_async,
            }),
        })
        .collect();
    lines.join("\n")
}

/// Milliseconds where that is readable.
fn human(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}

fn json(value: &impl Serialize) -> String {
    // These types have string keys and finite numbers: nothing can fail.
    serde_json::to_string(value)
        .unwrap_or_else(|error| format!("{{\"error\":{:?}}}", error.to_string()))
}
