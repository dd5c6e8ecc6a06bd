//! Runs scenarios of the scratch copy with the harness of this repository.

use std::collections::BTreeSet;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::runner::{Outcomes, Runner};
use crate::scratch::Scratch;

/// The program `host-harness`.
pub struct Harness {
    program: PathBuf,
    /// Seconds per scenario: short, because a broken runtime often waits.
    timeout: f64,
}

impl Harness {
    /// Builds the harness, and finds it where cargo says that it is.
    ///
    /// # Errors
    ///
    /// When it cannot be built.
    pub fn build(root: &Path, timeout: f64) -> Result<Harness> {
        let output = Command::new("cargo")
            .args([
                "build",
                "--release",
                "--package",
                "host-harness",
                "--bin",
                "host-harness",
            ])
            .args(["--message-format", "json-render-diagnostics"])
            .current_dir(root)
            .stderr(Stdio::inherit())
            .output()
            .context("could not run cargo")?;
        if !output.status.success() {
            bail!("could not build the harness");
        }
        let program = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .context("cargo built the harness, but did not say where it is")?;
        Ok(Harness { program, timeout })
    }

    /// Takes a harness that was built before.
    pub fn at(program: PathBuf, timeout: f64) -> Harness {
        Harness { program, timeout }
    }
}

impl Runner for Harness {
    /// It exports a function that waits for nothing.
    fn control(&self) -> &'static str {
        "smoke/synchronous"
    }

    /// Builds the guests of `names` and runs every scenario whose name contains one
    /// of them.
    fn run(&self, scratch: &Scratch, names: &[&str]) -> Result<Outcomes> {
        let themes = themes(names);
        scratch.narrow(&themes)?;
        let output = Command::new(&self.program)
            .args([
                "run",
                "--json",
                "--timeout",
                &self.timeout.to_string(),
                "--workspace",
            ])
            .arg(scratch.guests())
            .args(themes.iter().flat_map(|theme| ["--theme", theme]))
            .args(names)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("could not run {}", self.program.display()))?;
        let outcomes: Outcomes = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|outcome| Some((outcome["name"].as_str()?.to_owned(), failure(&outcome))))
            .collect();
        if outcomes.is_empty() {
            bail!(
                "the harness ran no scenario ({}):\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(outcomes)
    }
}

/// The themes of some scenarios: no others have to be built.
fn themes<'a>(names: &[&'a str]) -> BTreeSet<&'a str> {
    let themes = names.iter().filter_map(|name| name.split_once('/'));
    themes.map(|(theme, _)| theme).collect()
}

/// All texts of a failure; the first line is what was found.
fn failure(outcome: &Value) -> Option<String> {
    if outcome["verdict"] == "passed" {
        return None;
    }
    let failure = &outcome["failure"];
    let found = failure["found"].as_str().unwrap_or_default();
    let found = found.split_whitespace().collect::<Vec<_>>().join(" ");
    let log = failure["log"].as_array().into_iter().flatten();
    let others = ["expected", "stderr", "trap"].map(|name| &failure[name]);
    let others = others.into_iter().chain(log).filter_map(Value::as_str);
    let texts: Vec<&str> = iter::once(found.as_str()).chain(others).collect();
    Some(texts.join("\n"))
}
