//! Runs native tests of the runtime in the scratch copy, some of them under Miri.
//!
//! Cargo builds the programs of the tests; each test then has a process of its own,
//! because what is broken may hang it or end it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::runner::{Outcomes, Runner};
use crate::scratch::Scratch;

/// How often a test is asked whether it has finished.
const GLANCE: Duration = Duration::from_millis(5);

/// How much longer a test takes under Miri.
const MIRI_TAKES: f64 = 20.0;

/// Cargo, and the programs that it builds.
pub struct Native {
    miri: bool,
    /// How long a test may take: not long, because a broken runtime often waits.
    timeout: Duration,
}

impl Native {
    /// Gives each test so many seconds.
    pub fn new(timeout: f64) -> Native {
        Native {
            miri: false,
            timeout: Duration::from_secs_f64(timeout),
        }
    }

    /// Gives each test so many seconds, as long as nobody looks at each of its steps.
    pub fn under_miri(timeout: f64) -> Native {
        Native {
            miri: true,
            timeout: Duration::from_secs_f64(timeout * MIRI_TAKES),
        }
    }

    /// Cargo, about to build programs of tests.
    fn cargo(&self, root: &Path, programs: &BTreeSet<&str>) -> Command {
        let mut cargo = Command::new("cargo");
        if self.miri {
            cargo.args(["+nightly", "miri"]);
            // As in `.ci/miri`.
            let flags = "-Zmiri-strict-provenance -Zmiri-symbolic-alignment-check";
            cargo.env("MIRIFLAGS", flags);
        }
        cargo
            .args(["test", "--package", "wit-async"])
            .args(["--no-default-features", "--features", "std,diagnostics"])
            .args(programs.iter().flat_map(|program| ["--test", program]))
            .current_dir(root)
            // The copy's own, and built again for every defect.
            .env("CARGO_TARGET_DIR", root.join("target"))
            .env("CARGO_INCREMENTAL", "1")
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null());
        cargo
    }

    /// Builds programs of tests; returns where they are.
    fn build(&self, root: &Path, programs: &BTreeSet<&str>) -> Result<BTreeMap<String, PathBuf>> {
        let output = self
            .cargo(root, programs)
            .args(["--no-run", "--message-format", "json-render-diagnostics"])
            .output()
            .context("could not run cargo")?;
        if !output.status.success() {
            bail!(
                "it does not compile:\n{}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let built = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|message| {
                let name = message["target"]["name"].as_str()?;
                let file = message["executable"].as_str()?;
                Some((name.to_owned(), PathBuf::from(file)))
            })
            .collect();
        Ok(built)
    }

    /// Runs one test: `None` if its program has none of this name.
    fn test(
        &self,
        mut program: Command,
        path: &str,
        root: &Path,
    ) -> Result<Option<Option<String>>> {
        let file = root.join("target/test-output.txt");
        let output = File::create(&file).with_context(|| file.display().to_string())?;
        let mut child = program
            // Said at once: a process that is ended says nothing later.
            .args(["--exact", "--nocapture", path])
            .stdout(output.try_clone()?)
            .stderr(output)
            // So that it is ended with all that it has started.
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not run {path}"))?;
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if start.elapsed() > self.timeout {
                let group = format!("-{}", child.id());
                Command::new("kill")
                    .args(["-KILL", "--", &group])
                    .status()?;
                child.wait()?;
                break None;
            }
            thread::sleep(GLANCE);
        };
        let output = fs::read(&file).with_context(|| file.display().to_string())?;
        let output = String::from_utf8_lossy(&output);
        Ok(verdict(status, self.timeout, &output))
    }
}

impl Runner for Native {
    fn control(&self) -> &'static str {
        match self.miri {
            // What Miri sees may be in every task.
            true => "native::task::backpressure_has_no_bounds",
            false => "native::task::a_task_that_finishes_at_once_calls_nothing",
        }
    }

    fn run(&self, scratch: &Scratch, names: &[&str]) -> Result<Outcomes> {
        let names: BTreeSet<(&str, &str)> = names
            .iter()
            .filter_map(|name| name.split_once("::"))
            .collect();
        let root = scratch.root();
        let programs = names.iter().map(|(program, _)| *program).collect();
        let files = self.build(root, &programs)?;
        let mut outcomes = Outcomes::new();
        for (program, path) in names {
            let command = match (self.miri, files.get(program)) {
                (true, _) => {
                    let mut cargo = self.cargo(root, &BTreeSet::from([program]));
                    cargo.arg("--");
                    cargo
                }
                (false, Some(file)) => {
                    let mut command = Command::new(file);
                    command.current_dir(root).env_remove("RUST_BACKTRACE");
                    command.stdin(Stdio::null());
                    command
                }
                (false, None) => bail!("cargo built {program}, but did not say where it is"),
            };
            if let Some(outcome) = self.test(command, path, root)? {
                outcomes.insert(format!("{program}::{path}"), outcome);
            }
        }
        Ok(outcomes)
    }
}

/// What became of a test, whose process has ended or (`None`) had to be ended.
fn verdict(status: Option<ExitStatus>, timeout: Duration, output: &str) -> Option<Option<String>> {
    let mut panics = panics(output);
    let found_by_miri = output
        .lines()
        .filter_map(|line| Some(line[line.find(MIRI_SAYS)?..].to_owned()));
    panics.extend(found_by_miri);
    // Those before the last one were caught; those in a destructor follow from it.
    let said = panics
        .iter()
        .rfind(|panic| !panic.starts_with("panic in a "))
        .or(panics.last())
        .map_or("", String::as_str);
    let found = match status {
        Some(_) if output.contains("running 0 tests") => return None,
        Some(status) if status.success() => return Some(None),
        // The code of a test program that has counted its failures.
        Some(status) if status.code() == Some(101) => said.to_owned(),
        Some(status) => format!("did not finish, {status}: {said}"),
        None => format!("did not finish in {} s", timeout.as_secs_f64()),
    };
    let texts: Vec<&str> = [found.as_str()]
        .into_iter()
        .chain(panics.iter().map(String::as_str))
        .collect();
    Some(Some(texts.join("\n")))
}

/// How what Miri has found begins, behind the name of the test.
const MIRI_SAYS: &str = "Undefined Behavior: ";

/// What each panic says.
fn panics(output: &str) -> Vec<String> {
    let is_over = |line: &str| {
        ["note: ", "stack backtrace:", "thread "]
            .iter()
            .any(|begin| line.starts_with(begin))
    };
    // Behind this is where it was, then what it says.
    let panics = output.split("panicked at ").skip(1).map(|panic| {
        let said = panic.lines().skip(1);
        let lines: Vec<&str> = said
            .take_while(|line| !line.is_empty() && !is_over(line))
            .collect();
        lines.join("\n")
    });
    panics.collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn found(status: Option<i32>, output: &str) -> Option<Option<String>> {
        let first = |text: String| text.lines().next().unwrap_or_default().to_owned();
        let verdict = verdict(
            status.map(ExitStatus::from_raw),
            Duration::from_secs(5),
            output,
        );
        verdict.map(|outcome| outcome.map(first))
    }

    #[test]
    fn the_last_panic_is_why() {
        let output = "\nrunning 1 test\n\nthread 'a' panicked at tests/a.rs:1:2:\ncaught\n\
                      \nthread 'a' panicked at tests/a.rs:3:4:\nleft == right\n  left: 1\n";
        let failed = found(Some(101 << 8), output);
        assert_eq!(failed, Some(Some("left == right".to_owned())));
    }

    #[test]
    fn a_test_that_is_not_there_has_no_outcome() {
        assert_eq!(found(Some(0), "\nrunning 0 tests\n"), None);
        assert_eq!(found(Some(0), "\nrunning 1 test\n"), Some(None));
    }

    #[test]
    fn a_process_that_was_ended_did_not_finish() {
        let late = found(None, "\nrunning 1 test\n");
        assert_eq!(late, Some(Some("did not finish in 5 s".to_owned())));
        let output = "thread 'a' panicked at a.rs:1:2:\ntrap: no\nnote: run with\n\n\
                      thread 'a' panicked at b.rs:3:4:\npanic in a destructor during cleanup\n\
                      thread caused non-unwinding panic. aborting.\n";
        let aborted = found(Some(6), output).flatten().expect("it did not pass");
        assert!(
            aborted.starts_with("did not finish, signal: 6"),
            "{aborted}"
        );
        assert!(aborted.ends_with(": trap: no"), "{aborted}");
    }

    #[test]
    fn what_miri_finds_is_why() {
        let output = "\nrunning 1 test\ntest a::b ... error: Undefined Behavior: trying to\n";
        let failed = found(Some(1 << 8), output).flatten();
        let expected = "did not finish, exit status: 1: Undefined Behavior: trying to";
        assert_eq!(failed.as_deref(), Some(expected));
    }
}
