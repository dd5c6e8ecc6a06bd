//! What became of a scenario, and why.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use wasmtime::Trap;

use crate::accounting::Traced;
use crate::backtrace;
use crate::driven::Unmet;
use crate::host::{Limits, State};
use crate::leaks::Remains;
use crate::ledger::Kind;

/// The result of one scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The scenario.
    pub name: String,
    /// The guest that exports it, and its peers.
    pub guests: Vec<String>,
    /// Whether it passed, and if not, why.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How long it took, without building and compiling.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub time: Duration,
    /// Entries that wasmtime left in the store's table, where that was looked
    /// at: one per call between guests that returned at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_entries: Option<usize>,
    /// What must be destroyed exactly once, by its kind: how many there were, and how many
    /// were destroyed when the store was gone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ledger: BTreeMap<String, Kind>,
    /// What the guests recorded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<Traced>,
}

/// Passed or failed.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed {
        /// What was wrong.
        failure: Box<Failure>,
    },
}

impl Ended {
    /// How a scenario ended whose driver gave up.
    pub fn driven(error: wasmtime::Error) -> Ended {
        match error.downcast_ref::<Trap>() {
            Some(_) => Ended::Trap(error),
            None => Ended::Driver(error),
        }
    }
}

impl Outcome {
    /// Whether it passed.
    pub fn passed(&self) -> bool {
        matches!(self.verdict, Verdict::Passed)
    }
}

/// Why a scenario failed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Failure {
    /// What should have happened.
    pub expected: String,
    /// What happened.
    pub found: String,
    /// The trap and its backtrace.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trap: String,
    /// What the guest reported.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// What the guest wrote.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stdout: String,
    /// What the guest wrote.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stderr: String,
}

fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

/// How a scenario ended that did not return, or whose guests went on.
#[derive(Debug)]
pub enum Ended {
    /// The component does not have the function after all.
    Missing(String),
    /// Guest code trapped, or the host refused something.
    Trap(wasmtime::Error),
    /// What drives it found something else than what it expects.
    Driver(wasmtime::Error),
    /// Its time was over while it waited or yielded.
    Deadline,
    /// It returned, but a task went on and on.
    Background(Duration),
}

/// What is expected of a scenario that announced it.
const LEAVES_A_TASK: &str =
    "that it returns and leaves a task that waits for ever, as the scenario announced";

/// How far a scenario came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The guests are made.
    Instantiation,
    /// The function runs.
    Scenario,
    /// The function returned, other tasks may go on.
    Aftermath,
    /// The guests are asked for their counts.
    Accounting,
}

impl Stage {
    fn describe(self) -> &'static str {
        match self {
            Stage::Instantiation => " while the guests were instantiated",
            Stage::Scenario => "",
            Stage::Aftermath => " after the scenario had returned, in a task that went on",
            Stage::Accounting => " while the guests were asked for their counts",
        }
    }
}

/// Judges a scenario that returned.
///
/// # Errors
///
/// When it should have trapped, or left something behind.
pub fn returned(remains: &Remains, state: &State) -> Result<(), Box<Failure>> {
    if let Some(message) = &state.expected_trap {
        let expected = format!("a trap with `{message}`, as the scenario announced");
        return Err(Failure::boxed(expected, "it returned without a trap"));
    }
    if state.leaves_a_task {
        return Err(Failure::boxed(LEAVES_A_TASK, "no task was left"));
    }
    let leaks = remains.leaks(state.leaked_blocks);
    if leaks.is_empty() {
        return Ok(());
    }
    let found = format!("leaks\n{}", leaks.join("\n"));
    Err(Failure::boxed(
        "nothing left behind when the scenario has ended",
        found,
    ))
}

/// Judges the books when the store is gone.
///
/// # Errors
///
/// When they do not balance.
pub fn store_dropped(imbalance: &[String]) -> Result<(), Box<Failure>> {
    if imbalance.is_empty() {
        return Ok(());
    }
    let found = imbalance.join("\n");
    Err(Failure::boxed(
        "what was made destroyed exactly once when the store is gone",
        found,
    ))
}

/// Judges a scenario that did not return.
///
/// # Errors
///
/// Unless it trapped with what it had announced.
pub fn ended(
    ended: Ended,
    stage: Stage,
    limits: &Limits,
    state: &State,
) -> Result<(), Box<Failure>> {
    let expected = match &state.expected_trap {
        Some(message) => format!("a trap with `{message}`, as the scenario announced"),
        None if state.leaves_a_task => LEAVES_A_TASK.to_owned(),
        None => "that it returns".to_owned(),
    };
    let found = match &ended {
        Ended::Background(_) if state.leaves_a_task && !state.busy() => return Ok(()),
        Ended::Missing(function) => format!("the component does not export `{function}`"),
        Ended::Deadline if state.busy() => format!(
            "it was still running{} after {:?}, the deadline: it yields, but does not end",
            stage.describe(),
            limits.deadline,
        ),
        Ended::Deadline => format!(
            "a deadlock, or a wait for something slow{}: no guest code ran any more when its {:?} \
             were over",
            stage.describe(),
            limits.deadline,
        ),
        Ended::Background(patience) => format!(
            "it returned, but {:.1} s later a task that it started was still {}",
            patience.as_secs_f64(),
            if state.busy() {
                "running"
            } else {
                "waiting, and nothing had woken it"
            },
        ),
        Ended::Trap(error) | Ended::Driver(error) => {
            // Without the backtrace: a name in it is no message.
            let text = format!("{}\n{}", backtrace::causes(error), stderr(state));
            let is_other = error.downcast_ref::<Trap>() == Some(&Trap::Interrupt)
                || error.downcast_ref::<Unmet>().is_some();
            match &state.expected_trap {
                Some(message) if text.contains(message.as_str()) && !is_other => return Ok(()),
                _ if matches!(ended, Ended::Driver(_)) => {
                    format!("its driver says: {}", backtrace::causes(error))
                }
                _ => format!("{}{}", cause(error, limits, state), stage.describe()),
            }
        }
    };
    let mut failure = Failure::boxed(expected, found);
    if let Ended::Trap(error) = ended {
        failure.trap = backtrace::describe(&error);
    }
    Err(failure)
}

/// Why guest code trapped, in one line.
fn cause(error: &wasmtime::Error, limits: &Limits, state: &State) -> String {
    match error.downcast_ref::<Trap>() {
        Some(Trap::AsyncDeadlock) => {
            return "a deadlock: every task waits, and nothing is left that could wake one"
                .to_owned();
        }
        Some(Trap::Interrupt) => {
            return format!(
                "it was still running after {:?}, the deadline",
                limits.deadline
            );
        }
        _ => {}
    }
    if let Some(refused) = state.memory.refused {
        return format!(
            "it ran out of memory: it asked for {refused} bytes, the limit is {}",
            state.memory.limit(),
        );
    }
    let stderr = stderr(state);
    if let Some((_, panic)) = stderr.split_once("panicked at ") {
        return format!(
            "a panic at {}",
            panic.split("\nnote:").next().unwrap_or(panic).trim()
        );
    }
    format!("a trap: {}", error.root_cause())
}

fn stderr(state: &State) -> String {
    String::from_utf8_lossy(&state.stderr.contents()).into_owned()
}

impl Failure {
    /// With nothing but what was expected and what was found.
    pub fn new(expected: impl Into<String>, found: impl Into<String>) -> Failure {
        Failure {
            expected: expected.into(),
            found: found.into(),
            ..Failure::default()
        }
    }

    /// The same, for a `Result` that is small when all is well.
    pub fn boxed(expected: impl Into<String>, found: impl Into<String>) -> Box<Failure> {
        Box::new(Failure::new(expected, found))
    }

    /// Adds what the guests wrote and reported.
    pub fn add_output(&mut self, state: &State) {
        self.log = state.log.clone();
        self.stdout = String::from_utf8_lossy(&state.stdout.contents()).into_owned();
        self.stderr = stderr(state);
    }

    /// The whole story, for a person.
    pub fn describe(&self, guests: &[String]) -> String {
        let mut text = String::new();
        let mut line = |label: &str, body: &str| {
            let body = body.trim();
            if body.is_empty() {
                return;
            }
            let body = body.replace('\n', "\n            ");
            text.push_str(&format!("  {label:<9} {body}\n"));
        };
        line("guest", &guests.join(", with "));
        line("expected", &self.expected);
        line("found", &self.found);
        // Before the trap: a panic's message says more than `unreachable`.
        line("stderr", &self.stderr);
        line("stdout", &self.stdout);
        line("log", &self.log.join("\n"));
        line("trap", &self.trap);
        text
    }
}
