//! Running the job in a directory of its own, and looking at what it left.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

pub(crate) fn gzip(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-harness"));
    command
        .args(["demo", "gzip"])
        .current_dir(directory)
        .stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the harness starts")
}

/// Runs it and gives the summary.
#[track_caller]
pub(crate) fn done(directory: &Path, arguments: &[impl AsRef<OsStr>]) -> Value {
    let output = run(gzip(directory).args(arguments).arg("--json"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    quiet(&output);
    serde_json::from_slice(&output.stdout).expect("a JSON object")
}

/// Where there is no terminal it says what it builds, and nothing else.
#[track_caller]
pub(crate) fn quiet(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    let rest: Vec<&str> = said
        .lines()
        .filter(|line| !line.starts_with("building the 3 guests in "))
        .collect();
    assert_eq!(rest, [""; 0]);
}

/// Runs it, and demands that it fails with such a message and leaves everything
/// in the directory as it was.
#[track_caller]
pub(crate) fn refused(directory: &Path, arguments: &[&str], parts: &[&str]) {
    let before = contents(directory);
    let output = run(gzip(directory).args(arguments));
    failed(&output, parts);
    assert_eq!(contents(directory), before, "something was left or lost");
}

#[track_caller]
pub(crate) fn failed(output: &Output, parts: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    for part in parts {
        assert!(said.contains(part), "expected {part:?} in: {said}");
    }
}

/// The names in a directory, with the size of each file.
pub(crate) fn contents(directory: &Path) -> BTreeSet<(String, u64)> {
    let entries = fs::read_dir(directory).expect("the directory");
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let size = entry.metadata().expect("its size").len();
            (entry.file_name().to_string_lossy().into_owned(), size)
        })
        .collect()
}

pub(crate) fn names(directory: &Path) -> Vec<String> {
    contents(directory)
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

/// Text-like bytes: words of a small vocabulary in no order.
pub(crate) fn words(length: usize) -> Vec<u8> {
    const WORDS: [&str; 8] = [
        "stream ",
        "future ",
        "waitable ",
        "subtask ",
        "lift ",
        "lower ",
        "callback\n",
        "the ",
    ];
    let mut random = Random(1);
    let mut text = Vec::with_capacity(length + 16);
    while text.len() < length {
        text.extend_from_slice(WORDS[(random.next() % 8) as usize].as_bytes());
    }
    text.truncate(length);
    text
}

pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut random = Random(7);
    (0..length).map(|_| random.next() as u8).collect()
}

/// splitmix64: the same bytes in every run.
pub(crate) struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[track_caller]
pub(crate) fn unpacks_to(packed: &Path, original: &[u8]) {
    let bytes = fs::read(packed).expect("the output");
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(bytes.as_slice())
        .read_to_end(&mut unpacked)
        .expect("a gzip file");
    assert!(
        unpacked == original,
        "{} unpacks to other bytes",
        packed.display()
    );

    // The other implementation, where there is one.
    let system = Command::new("gzip").arg("-dc").arg(packed).output();
    if let Ok(system) = system {
        let said = String::from_utf8_lossy(&system.stderr);
        assert!(system.status.success(), "gzip -dc: {said}");
        assert!(system.stdout == original, "gzip -dc gives other bytes");
        let test = Command::new("gzip")
            .arg("-t")
            .arg(packed)
            .status()
            .expect("gzip starts");
        assert!(test.success(), "gzip -t: {test}");
    }
}

/// Compresses these bytes and checks everything that can be.
#[track_caller]
pub(crate) fn compresses(original: &[u8]) -> u64 {
    let directory = directory();
    let file = directory.path().join("data");
    fs::write(&file, original).expect("the input");
    let summary = done(directory.path(), &["data"]);

    let packed = directory.path().join("data.gz");
    unpacks_to(&packed, original);
    assert_eq!(names(directory.path()), ["data", "data.gz"]);
    assert_eq!(
        fs::read(&file).expect("the input"),
        original,
        "the input is untouched"
    );

    let size = fs::metadata(&packed).expect("the output").len();
    assert_eq!(summary["bytes_in"], original.len() as u64);
    assert_eq!(summary["bytes_out"], size);
    assert_eq!(summary["left_behind"], serde_json::json!([]));
    for guest in ["reader", "compressor", "writer"] {
        let peak = summary["peak_memory"][guest].as_u64().expect("a size");
        assert!(
            (64 << 10..=8 << 20).contains(&peak),
            "{guest}: {peak} bytes"
        );
    }
    size
}
