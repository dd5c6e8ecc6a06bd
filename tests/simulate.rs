//! The command of the simulation: what it says to arguments that make no sense, to who
//! does not listen, and of a run that fails, dies or hangs.

#![cfg(all(feature = "async", feature = "std", unix, not(miri)))]

use serde_json::Value;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The example, which cargo builds beside the tests.
fn simulate(arguments: &str) -> Command {
    let mut path = std::env::current_exe().expect("this test is a file");
    path.pop();
    path.set_file_name("examples");
    let program: PathBuf = path.join("simulate");
    assert!(
        program.exists(),
        "{} is not there: cargo build --example simulate",
        program.display()
    );
    let mut command = Command::new(program);
    command
        .args(arguments.split_whitespace())
        .env_remove("RUST_BACKTRACE");
    command
}

fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
    (status.code(), text(stdout), text(stderr))
}

/// The one object that it prints.
fn object(arguments: &str) -> Value {
    let (code, stdout, stderr) = output(&mut simulate(arguments));
    assert_eq!(code, Some(0), "{stderr}");
    serde_json::from_str(&stdout).expect("one object")
}

#[test]
fn arguments_that_make_no_sense_are_named() {
    for (arguments, named) in [
        ("--runs 0", "--runs: expected 1 or more, found 0"),
        ("--runs many", "--runs: expected a number"),
        ("--runs 1 --runs 2", "--runs is given twice"),
        (
            "--seed 18446744073709551615 --runs 2",
            "the last seed is 18446744073709551615",
        ),
        ("--scenario none", "there is no `none`"),
        (
            "--scenario small-calls",
            "--scenario small-calls needs --small",
        ),
        (
            "--small --scenario all",
            "--scenario all is not one of those of --small",
        ),
        ("--bound 3", "--bound needs --small"),
        (
            "--small --least 3",
            "--small and --least do not go together",
        ),
        ("--small --seed 3", "--small and --seed do not go together"),
        (
            "--replay 3 --runs 4",
            "--replay and --runs do not go together",
        ),
        (
            "--replay 3 --small",
            "--replay and --small do not go together",
        ),
        ("--fault Lift:0", "--fault needs --replay"),
        (
            "--replay 3 --scenario all --fault Lift:0",
            "--fault needs a run of scenario faults",
        ),
        (
            "--replay 3 --scenario faults --fault Nowhere:0",
            "--fault: expected a site of --help",
        ),
        ("--replay", "missing argument"),
        ("--nonsense", "--nonsense"),
        ("nonsense", "nonsense"),
    ] {
        let (code, stdout, stderr) = output(&mut simulate(arguments));
        assert_eq!(
            (code, stdout.as_str()),
            (Some(2), ""),
            "{arguments}: {stderr}"
        );
        assert!(stderr.contains(named), "{arguments}: {stderr}");
    }
}

#[test]
fn the_last_seed_is_a_seed() {
    let report = object("--json --seed 18446744073709551615 --runs 1");
    assert_eq!(report["runs"], 1);
}

#[test]
fn one_object_tells_what_was_run_and_what_was_not() {
    let report = object("--json --runs 64 --scenario streams");
    assert_eq!(report["runs"], 64);
    assert_eq!(report["scenarios"]["streams"], 64);
    assert_eq!(report["scenarios"]["futures"], 0);
    let sum = |list: &str, key: &str| -> u64 {
        let list = report[list].as_array().expect("a list");
        list.iter().filter_map(|each| each[key].as_u64()).sum()
    };
    assert_eq!(sum("combinations", "runs"), 64);
    assert_eq!(
        sum("counts", "count"),
        report["operations"].as_u64().unwrap_or(0)
    );
    let counts = report["counts"].as_array().expect("a list");
    assert!(
        counts.iter().any(|cell| cell["count"] == 0),
        "no future was read"
    );
    let switches = report["switches"].as_array().expect("a list").len();
    let combinations = report["combinations"].as_array().expect("a list");
    assert_eq!(combinations.len(), 1 << switches);
    let of_faults = object("--json --runs 300 --scenario faults");
    let panics = of_faults["panics"].as_array().expect("a list");
    assert!(panics.iter().any(|site| site["runs"].as_u64() > Some(0)));
    for site in panics {
        assert!(site["ended"].as_u64() <= site["runs"].as_u64(), "{site}");
    }
}

#[test]
fn what_was_not_run_is_too_rare() {
    let (code, _, stderr) = output(&mut simulate("--runs 7 --least 1"));
    assert_eq!(code, Some(1));
    for what in ["scenario ", "host with ", "panics of "] {
        let line = format!("too rare: {what}");
        assert!(stderr.contains(&line), "{line}:\n{stderr}");
    }
}

#[test]
fn a_replay_is_one_object() {
    let replay = object("--json --replay 11");
    assert_eq!(replay["seed"], 11);
    assert_eq!(replay["failure"], Value::Null);
    assert!(
        replay["trace"]
            .as_str()
            .is_some_and(|trace| trace.contains("world: "))
    );
}

#[test]
fn who_does_not_listen_is_not_talked_to() {
    for arguments in [
        "--runs 8",
        "--replay 11",
        "--small --scenario small-future",
        "--help",
    ] {
        let mut command = simulate(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        drop(child.stdout.take());
        let mut stderr = String::new();
        let mut pipe = child.stderr.take().expect("it is a pipe");
        pipe.read_to_string(&mut stderr).expect("it is text");
        let status = child.wait().expect("it ends");
        assert_eq!(
            (status.code(), stderr.as_str()),
            (Some(0), ""),
            "{arguments}"
        );
    }
}

#[test]
fn a_run_that_dies_or_hangs_is_named() {
    for (planted, arguments, what) in [
        ("abort", "--seed 77", "aborted"),
        ("panic", "--seed 77", "aborted"),
        ("segfault", "--seed 77", "ended by SIGSEGV"),
        ("overflow", "--seed 77", "ended by SIGSEGV"),
        ("abort", "--replay 77", "aborted"),
        ("hang", "--seed 77 --patience 1", "takes more than 1 s"),
    ] {
        let mut command = simulate(arguments);
        let (code, _, stderr) = output(command.env("WIT_ASYNC_PLANT", planted));
        assert_ne!(code, Some(0), "{planted}");
        let line = format!("seed 77 of scenario blocking: {what}");
        assert!(stderr.contains(&line), "{planted}: {stderr}");
        assert!(
            stderr.contains("--replay 77 --scenario blocking"),
            "{planted}: {stderr}"
        );
    }
}

#[test]
fn a_run_that_fails_is_named_and_made_small() {
    let mut command = simulate("--json --runs 500 --scenario streams");
    let (code, stdout, stderr) = output(command.env("WIT_ASYNC_PLANT", "item"));
    assert_eq!(code, Some(1), "{stderr}");
    let report: Value = serde_json::from_str(&stdout).expect("one object");
    assert_eq!(report["failures"], 1);
    let failure = &report["failure"];
    let seed = failure["seed"].as_u64().expect("a seed");
    assert_eq!(report["runs"], seed, "the runs until then");
    assert!(
        failure["message"]
            .as_str()
            .is_some_and(|message| message.contains("4294967295"))
    );
    let small = failure["trace"].as_str().expect("a trace");

    let again = format!("--json --replay {seed} --scenario streams");
    let (code, stdout, _) = output(simulate(&again).env("WIT_ASYNC_PLANT", "item"));
    assert_eq!(code, Some(1));
    let replay: Value = serde_json::from_str(&stdout).expect("one object");
    assert_eq!(replay["failure"], failure["message"]);
    let whole = replay["trace"].as_str().expect("a trace");
    assert!(
        small.lines().count() < whole.lines().count(),
        "{small}\nof\n{whole}"
    );
}
