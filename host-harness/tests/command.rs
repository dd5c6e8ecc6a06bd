//! The command line: exit codes, what goes to standard output, bad input.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn guests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-tests/misbehaving")
}

fn harness(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_host-harness"))
        .args(arguments)
        .output()
        .expect("the harness starts")
}

/// Runs a command of the harness on the guests that misbehave.
fn misbehaving(command: &str, arguments: &[&str]) -> Output {
    let workspace = guests().display().to_string();
    harness(&[&[command, "--workspace", &workspace], arguments].concat())
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn tells(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "expected `{part}` in\n{text}");
    }
}

#[test]
fn a_scenario_that_passes_ends_in_success() {
    let output = misbehaving("run", &["behaves"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    tells(
        &stdout(&output),
        &[
            "scenario misbehaving/behaves ... ok (",
            "ok. 1 passed; 0 failed",
        ],
    );
}

#[test]
fn a_scenario_that_fails_ends_in_failure_and_is_explained() {
    let output = misbehaving("run", &["misbehaving/panics", "misbehaving/behaves"]);
    assert_eq!(output.status.code(), Some(1));
    tells(
        &stdout(&output),
        &[
            "scenario misbehaving/panics ... FAILED (",
            "scenario misbehaving/behaves ... ok (",
            "---- misbehaving/panics ----",
            "one is not two",
            "FAILED. 1 passed; 2 failed",
        ],
    );
}

#[test]
fn json_has_an_object_per_line_and_last_a_summary() {
    let output = misbehaving(
        "run",
        &["--json", "misbehaving/panics", "misbehaving/behaves"],
    );
    let objects: Vec<serde_json::Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let [scenarios @ .., summary] = objects.as_slice() else {
        panic!("no object")
    };
    assert_eq!(scenarios.len(), 3);
    assert_eq!(summary["passed"], 1);
    assert_eq!(summary["failed"], 2);
    assert!(
        summary["skipped"]
            .as_u64()
            .is_some_and(|skipped| skipped > 10),
        "{summary}"
    );
    let find = |name: &str| {
        let found = scenarios.iter().find(|object| object["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {scenarios:?}"))
    };
    assert_eq!(find("misbehaving/behaves")["verdict"], "passed");
    let panics = find("misbehaving/panics");
    assert_eq!(panics["verdict"], "failed");
    assert!(
        panics["failure"]["found"]
            .as_str()
            .is_some_and(|found| found.contains("a panic"))
    );
    assert_eq!(panics["failure"]["log"][0], "about to panic");
}

#[test]
fn a_filter_that_matches_nothing_fails_and_offers_near_names() {
    for command in ["run", "list"] {
        let output = misbehaving(command, &["behavs"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(stdout(&output), "");
        tells(
            &stderr(&output),
            &["no scenario matches `behavs`", "misbehaving/behaves"],
        );
    }
}

#[test]
fn a_list_has_names_and_descriptions() {
    let output = misbehaving("list", &["synchronously"]);
    let expected = "misbehaving/panics-synchronously  Panics in a synchronous function.\n";
    assert_eq!(stdout(&output), expected);
    let output = misbehaving("list", &["--json", "synchronously"]);
    let object: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("one object");
    assert_eq!(object["name"], "misbehaving/panics-synchronously");
    assert_eq!(object["description"], "Panics in a synchronous function.");
    assert_eq!(object["async"], false);
}

#[test]
fn a_bad_timeout_is_refused() {
    for timeout in ["0", "-1", "soon", "NaN", "inf", "1e9", ""] {
        let output = harness(&["run", &format!("--timeout={timeout}")]);
        assert_eq!(output.status.code(), Some(2), "{timeout}");
        tells(&stderr(&output), &["--timeout", "seconds"]);
    }
}

#[test]
fn a_timeout_is_kept() {
    let output = misbehaving("run", &["--timeout", "0.3", "misbehaving/loops"]);
    assert_eq!(output.status.code(), Some(1));
    tells(&stdout(&output), &["still running after 300ms"]);
}

#[test]
fn a_file_that_is_no_component_is_described() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("notes.txt");
    std::fs::write(&file, "these are notes").expect("written");
    let path = file.display().to_string();
    let output = harness(&["run", "--component", &path]);
    assert_eq!(output.status.code(), Some(1));
    tells(
        &stderr(&output),
        &["notes.txt", "expected a WebAssembly component", "these ar"],
    );

    std::fs::write(&file, b"\0asm\x0d\0\x01\0and then no sections").expect("written");
    let output = harness(&["run", "--component", &path]);
    tells(&stderr(&output), &["notes.txt", "no valid component"]);

    let output = harness(&["run", "--component", &format!("{path}.missing")]);
    tells(
        &stderr(&output),
        &["could not read the component", "notes.txt.missing"],
    );
}

#[test]
fn a_component_can_be_run_by_its_file() {
    // Builds it, so that there is a file.
    assert!(misbehaving("list", &["behaves"]).status.code().is_some());
    let target = guests().join("../target/wasm32-wasip2/release");
    let component = |name: &str| target.join(name).display().to_string();
    let output = harness(&[
        "run",
        "--component",
        &component("misbehaving_ill.wasm"),
        "behaves",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    let output = harness(&["run", "--component", &component("misbehaving_bare.wasm")]);
    assert_eq!(output.status.code(), Some(1));
    tells(
        &stderr(&output),
        &[
            "misbehaving_bare.wasm",
            "expected an export of `test:harness/accounting`",
            "found exports of test:misbehaving/scenarios-bare@0.1.0",
        ],
    );
}
