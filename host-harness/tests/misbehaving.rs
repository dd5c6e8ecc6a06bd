//! Guests that misbehave: each scenario fails with its cause, and the others
//! go on.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use host_harness::host::Limits;
use host_harness::progress::Progress;
use host_harness::suite::Suite;
use host_harness::verdict::{Failure, Outcome, Verdict};

/// Long enough for what ends by itself, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// For what never ends by itself.
const SHORT: Duration = Duration::from_millis(700);

static SUITE: LazyLock<Suite> = LazyLock::new(|| {
    Suite::build(&[workspace()], &[], &Progress::hidden()).expect("the workspace builds")
});

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-tests/misbehaving")
}

fn run(name: &str, deadline: Duration) -> Outcome {
    let name = format!("misbehaving/{name}");
    let scenario = SUITE
        .scenarios
        .iter()
        .find(|scenario| scenario.name == name);
    let scenario = scenario.unwrap_or_else(|| panic!("no scenario {name}"));
    SUITE.run(
        scenario,
        &Limits {
            deadline,
            ..Limits::default()
        },
    )
}

#[track_caller]
fn failure(outcome: &Outcome) -> &Failure {
    match &outcome.verdict {
        Verdict::Failed { failure } => failure,
        Verdict::Passed => panic!("{} passed", outcome.name),
    }
}

/// Where the guest's source says `code`, as a backtrace names the place.
fn place(code: &str) -> String {
    let source = std::fs::read_to_string(workspace().join("ill/src/lib.rs")).expect("the source");
    let line = source.lines().position(|line| line.contains(code));
    format!("ill/src/lib.rs:{}", line.expect("the code is there") + 1)
}

/// Demands that the scenario fails, that what was found says `found`, and that
/// the whole report names the guest and says all of `told`.
#[track_caller]
fn fails(name: &str, deadline: Duration, found: &str, told: &[&str]) {
    let start = Instant::now();
    let outcome = run(name, deadline);
    let failure = failure(&outcome);
    let text = failure.describe(&outcome.guests);
    assert!(
        failure.found.contains(found),
        "expected `{found}` in\n{text}"
    );
    for told in told.iter().chain(&["misbehaving-ill"]) {
        assert!(text.contains(told), "expected `{told}` in\n{text}");
    }
    let took = start.elapsed();
    assert!(took < PATIENCE * 3, "took {took:?}");
}

#[test]
fn a_panic_is_told_with_message_place_log_and_backtrace() {
    let told = [
        "one is not two",
        "about to panic",
        "wasm `unreachable` instruction executed",
        &place("assert_eq!(left, 2"),
    ];
    fails("panics", PATIENCE, "a panic at ", &told);
    let outcome = run("panics", PATIENCE);
    let text = failure(&outcome).describe(&outcome.guests);
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("no `{part}` in\n{text}"))
    };
    assert!(
        at("one is not two") < at("unreachable"),
        "the message comes first:\n{text}"
    );
}

#[test]
fn a_panic_in_a_synchronous_function_is_told() {
    fails(
        "panics-synchronously",
        PATIENCE,
        "a panic at",
        &["without waiting", "lib.rs:"],
    );
}

#[test]
fn a_trap_without_a_message_is_told_with_its_place() {
    fails(
        "traps",
        PATIENCE,
        "a trap: wasm trap: wasm `unreachable`",
        &[&place("wasm32::unreachable()")],
    );
}

#[test]
fn a_loop_ends_at_the_deadline_with_its_place() {
    fails(
        "loops",
        SHORT,
        "still running after 700ms, the deadline",
        &["ill/src/lib.rs"],
    );
}

#[test]
fn a_loop_of_yields_ends_at_the_deadline() {
    fails(
        "yields-for-ever",
        SHORT,
        "still running after 700ms, the deadline",
        &[],
    );
}

#[test]
fn exhausted_memory_is_told_with_the_limit() {
    let told = [
        "the limit is 536870912",
        "memory allocation of 16777216 bytes failed",
    ];
    fails("exhausts-memory", PATIENCE, "it ran out of memory", &told);
}

#[test]
fn a_deadlock_is_told_at_once() {
    for name in ["deadlocks", "deadlocks-on-itself"] {
        let start = Instant::now();
        fails(
            name,
            PATIENCE,
            "a deadlock: every task waits",
            &["deadlock detected"],
        );
        assert!(start.elapsed() < PATIENCE, "{name} waited for the deadline");
    }
}

#[test]
fn a_wait_for_the_host_ends_at_the_deadline() {
    fails(
        "sleeps",
        SHORT,
        "no guest code ran any more when its 700ms were over",
        &[],
    );
}

#[test]
fn a_task_that_never_ends_is_told() {
    fails(
        "goes-on-behind",
        SHORT,
        "a task that it started was still waiting",
        &[],
    );
}

#[test]
fn a_leaked_end_is_told() {
    let told = [
        "in the runtime of misbehaving-ill: 1 stream or future ends",
        "handle tables",
    ];
    fails("leaks-an-end", PATIENCE, "leaks", &told);
}

#[test]
fn what_is_destroyed_twice_is_told() {
    let outcome = run("destroys-twice", PATIENCE);
    assert_eq!(failure(&outcome).found, "leaks\nnumber 1 destroyed twice");
    let told = ["nothing left behind when the scenario has ended"];
    fails(
        "destroys-twice",
        PATIENCE,
        "number 1 destroyed twice",
        &told,
    );
}

#[test]
fn what_is_never_destroyed_is_told_with_its_kind() {
    let outcome = run("never-destroys", PATIENCE);
    assert_eq!(
        failure(&outcome).found,
        "leaks\n1 of 2 `coin` never destroyed\n1 of 1 `purse` never destroyed",
    );
    let coin = &outcome.ledger["coin"];
    assert_eq!((coin.made, coin.destroyed), (2, 1));
}

#[test]
fn what_is_destroyed_and_never_was_is_told() {
    let told = ["number 77 destroyed, which was never made"];
    fails("destroys-what-never-was", PATIENCE, "leaks", &told);
}

#[test]
fn what_std_keeps_of_standard_output_is_told() {
    let told = [
        "entries (std keeps its handles",
        "guest_support::log",
        "on standard output",
    ];
    fails("prints", PATIENCE, "leaks", &told);
}

#[test]
fn a_trap_that_does_not_come_is_told() {
    let told = ["a trap with `something dreadful`"];
    fails(
        "announces-a-trap-in-vain",
        PATIENCE,
        "it returned without a trap",
        &told,
    );
}

#[test]
fn another_trap_than_the_announced_one_is_told() {
    let told = ["a trap with `something dreadful`", "something harmless"];
    fails("announces-another-trap", PATIENCE, "a panic at", &told);
}

#[test]
fn a_name_in_the_backtrace_is_no_message() {
    let told = ["announces_a_name_cabi"];
    fails("announces-a-name", PATIENCE, "a trap: wasm trap", &told);
}

#[test]
fn the_deadline_is_no_announced_trap() {
    fails(
        "announces-a-trap-and-loops",
        SHORT,
        "still running after 700ms",
        &["a trap with"],
    );
}

#[test]
fn a_task_that_is_not_left_is_told() {
    let told = ["leaves a task that waits for ever"];
    fails(
        "announces-a-task-in-vain",
        PATIENCE,
        "no task was left",
        &told,
    );
}

#[test]
fn a_task_that_goes_on_is_none_that_waits_for_ever() {
    let told = ["leaves a task that waits for ever"];
    fails(
        "announces-a-task-that-yields",
        PATIENCE,
        "still running",
        &told,
    );
}

#[test]
fn the_others_go_on() {
    let all: Vec<_> = SUITE.scenarios.iter().collect();
    let mut outcomes = Vec::new();
    let limits = Limits {
        deadline: SHORT,
        ..Limits::default()
    };
    SUITE.run_all(&all, &limits, 2, |outcome| outcomes.push(outcome));
    assert_eq!(outcomes.len(), all.len());
    let passed: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.passed())
        .map(|outcome| outcome.name.as_str())
        .collect();
    assert_eq!(passed, ["misbehaving/behaves"]);
}

#[track_caller]
fn problem(name: &str, told: &[&str]) {
    let problems: Vec<_> = SUITE
        .problems
        .iter()
        .filter(|problem| problem.name == name)
        .collect();
    let [problem] = problems.as_slice() else {
        panic!("expected one problem `{name}`, found {:#?}", SUITE.problems);
    };
    for told in told {
        assert!(
            problem.message.contains(told),
            "expected `{told}` in\n{}",
            problem.message
        );
    }
    assert!(!problem.outcome().passed());
}

#[test]
fn a_component_without_accounting_is_told_with_file_export_and_what_was_found() {
    problem(
        "bare/misbehaving-bare",
        &[
            "misbehaving_bare.wasm",
            "`test:harness/accounting`",
            "found exports of test:misbehaving/scenarios-bare@0.1.0",
        ],
    );
}

#[test]
fn an_import_that_nobody_exports_is_told() {
    problem(
        "lonely/misbehaving-lonely",
        &[
            "misbehaving_lonely.wasm",
            "test:misbehaving/nobody@0.1.0",
            "no guest in the folder `lonely`",
        ],
    );
}

#[test]
fn a_scenario_without_a_doc_comment_is_told() {
    problem(
        "misbehaving/undocumented/nameless",
        &["doc comment", "`nameless`"],
    );
}

#[test]
fn a_guest_that_does_not_compile_is_told_with_the_compiler_s_error() {
    let broken = workspace().join("broken");
    let suite = Suite::build(&[broken], &[], &Progress::hidden()).expect("cargo itself works");
    assert!(suite.scenarios.is_empty());
    let [problem] = suite.problems.as_slice() else {
        panic!("expected one problem, found {:#?}", suite.problems);
    };
    for told in [
        "does not compile",
        "error[E0308]",
        "src/lib.rs:5",
        "expected `u32`, found `&str`",
    ] {
        assert!(
            problem.message.contains(told),
            "expected `{told}` in\n{}",
            problem.message
        );
    }
}

#[test]
fn a_workspace_that_is_none_is_told() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let error = |path: &Path| {
        let built = Suite::build(&[path.to_owned()], &[], &Progress::hidden());
        built.map(|_| ()).expect_err("no workspace").to_string()
    };
    assert!(error(directory.path()).contains("has no Cargo.toml"));
    std::fs::write(directory.path().join("Cargo.toml"), "[workspace]\n").expect("written");
    assert!(error(directory.path()).contains("has no such guest"));
}
