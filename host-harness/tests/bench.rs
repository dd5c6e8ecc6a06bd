//! The command `bench`: what it prints, and bad input. Never how long anything takes.

use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_host-harness"))
        .arg("bench")
        .args(arguments)
        // The command takes care of it.
        .env("RUST_BACKTRACE", "1")
        .output()
        .expect("the harness starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_quick_run_of_one_row_prints_an_object_and_writes_a_page_and_a_picture() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let page = directory.path().join("page.html");
    let picture = directory.path().join("picture.svg");
    let paths = [&page, &picture].map(|path| path.display().to_string());
    let output = bench(&[
        "--quick",
        "--json",
        "--html",
        &paths[0],
        "--svg",
        &paths[1],
        "read/cancel",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    let text = String::from_utf8_lossy(&output.stdout);
    let [line] = text.lines().collect::<Vec<_>>()[..] else {
        panic!("expected one line: {text}")
    };
    let object: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(object["name"], "read/cancel");
    assert_eq!(object["unit"], "ns/read");
    for key in ["wit_async", "wit_bindgen", "floor", "speedup", "over_floor"] {
        let figure = object[key].as_f64().expect(key);
        assert!(figure > 0.0 && figure.is_finite(), "{key}: {figure}");
    }
    assert!(
        stderr(&output).contains("wasmtime 48."),
        "{}",
        stderr(&output)
    );

    let page = std::fs::read_to_string(page).expect("the page");
    assert!(page.contains("<svg") && page.contains("read/cancel"));
    let picture = std::fs::read_to_string(picture).expect("the picture");
    assert!(picture.starts_with("<svg") && picture.contains("read/cancel"));
}

#[test]
fn what_is_the_same_each_time_has_no_spread() {
    let output = bench(&["--quick", "--json", "component/size"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(object["unit"], "bytes");
    assert_eq!(object["spread"]["wit_async"], 0.0);
}

#[test]
fn a_filter_that_matches_nothing_is_an_error_and_nothing_is_built() {
    let output = bench(&["stream/u9"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("no benchmark matches `stream/u9`"), "{text}");
    assert!(!text.contains("building"), "{text}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_page_that_cannot_be_written_is_an_error_before_anything_runs() {
    let output = bench(&["--html", "/no/such/directory/page.html", "read/cancel"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(
        text.contains("could not write /no/such/directory/page.html"),
        "{text}"
    );
    assert!(!text.contains("building"), "{text}");
}

#[test]
fn a_picture_that_cannot_be_written_leaves_no_empty_page() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let page = directory.path().join("page.html");
    let path = page.display().to_string();
    let svg = "/no/such/directory/picture.svg";
    let output = bench(&["--html", &path, "--svg", svg, "read/cancel"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(svg), "{}", stderr(&output));
    assert!(!page.exists());
}

#[test]
fn an_unknown_option_is_bad_usage() {
    let output = bench(&["--slow"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn instructions_are_counted_and_are_the_same_each_time() {
    let count = || {
        let output = bench(&[
            "--instructions",
            "--json",
            "import/ready/host",
            "crate/build",
        ]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let first = count();
    // What is not done by guests is left out.
    let object: serde_json::Value = serde_json::from_str(&first).expect("one line of JSON");
    assert_eq!(object["unit"], "instr./call");
    assert!(object["wit_async"].as_f64() > object["floor"].as_f64());
    assert_eq!(count(), first);
}

#[test]
fn instructions_have_no_time_and_no_page() {
    let output = bench(&["--instructions", "--quick"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--quick"), "{}", stderr(&output));
}

#[test]
fn calls_and_allocations_stand_beside_the_times_and_alone_they_are_the_same() {
    let figures = |arguments: &[&str]| -> serde_json::Value {
        let output = bench(&[arguments, &["--json", "import/yields/host"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let first = text.lines().next().expect("a line");
        serde_json::from_str(first).expect("JSON")
    };
    let alone = figures(&["--counts"]);
    assert_eq!(alone["unit"], "per call");
    assert_eq!(alone.get("wit_async"), None);
    let beside = figures(&["--quick"]);
    assert_eq!(beside["unit"], "ns/call");
    assert!(beside["wit_async"].as_f64() > Some(0.0));
    for key in ["calls", "deliveries", "allocations", "context", "which"] {
        assert_eq!(alone[key], beside[key], "{key}");
        for runtime in ["wit_async", "wit_bindgen", "floor"] {
            assert!(!alone[key][runtime].is_null(), "{key} of {runtime}");
        }
    }
    // The floor calls, joins and drops the call, and no more.
    assert_eq!(alone["calls"]["floor"], 3.0);
    assert_eq!(alone["which"]["floor"]["waitable.join"], 1.0);
}

#[test]
fn a_count_has_no_time_and_no_page() {
    for other in ["--quick", "--instructions"] {
        let output = bench(&["--counts", other]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(other), "{}", stderr(&output));
    }
}

#[test]
fn what_runs_in_no_guest_cannot_be_counted() {
    for counts in ["--counts", "--instructions"] {
        let output = bench(&[counts, "component/size", "crate/build"]);
        assert_eq!(output.status.code(), Some(1));
        let text = stderr(&output);
        assert!(text.contains("none of these benchmarks"), "{text}");
        assert!(!text.contains("building"), "{text}");
    }
}

#[test]
fn a_page_and_a_picture_are_two_files() {
    for other in ["both", "./both"] {
        let output = bench(&["--html", "both", "--svg", other, "read/cancel"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("the same file"));
        assert!(!std::path::Path::new("both").exists());
    }
}

#[test]
fn the_real_job_is_timed_on_both_runtimes() {
    let output = bench(&["--quick", "--json", "gzip"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(object["unit"], "ns/byte");
    for key in ["wit_async", "wit_bindgen", "speedup"] {
        assert!(object[key].as_f64() > Some(0.0), "{key}: {object}");
    }
    assert_eq!(object.get("floor"), Some(&serde_json::Value::Null));
}
