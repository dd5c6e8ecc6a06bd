//! What is wrong with the input of `generate!` is said in the generator's words and at
//! the generator's places: both macros get the same faulty inputs, and the compiler
//! must have the same to say about them.

use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// Inputs that the generator refuses, each for another reason.
const FAULTY: &[&str] = &[
    "",
    "bogus",
    "5",
    "\"w\" in",
    "\"w\" in \"nowhere\"",
    "in \"nowhere\"",
    "{ world }",
    "{ world: }",
    "{ world: \"w\", bogus: 1 }",
    "{ world: \"a\", world: \"b\" }",
    "{ world: \"w\" }, more",
    "{ path: 5 }",
    "{ path: \"nowhere\" }",
    "{ skip: [5] }",
    "{ async: true }",
    "{ ownership: Borrowing }",
    "{ ownership: Renting }",
    "{ inline: \"package a:b; world w {\", path: [] }",
    "{ inline: \"package a:b; world w { import f: func(x: nope); }\", path: [] }",
    "{ inline: \"package a:b; world w {}\", path: [] world: \"w\" }",
    "{ inline: \"package a:b; world w {}\", path: [], world: \"other\" }",
    "{ inline: \"package a:b; world w {}\", path: [], with: { \"x:y/z\": foo } }",
];

const MANIFEST: &str = r#"
[package]
name = "faulty"
version = "0.0.0"
edition = "2024"

[dependencies]
# The macros are called by names of the same length, so that columns agree.
ours = { package = "wit-async", path = "ROOT" }
them = { package = "wit-bindgen-rust-macro", version = "=0.63.0" }

[workspace]
"#;

#[test]
fn errors_are_the_generators() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("errors");
    fs::create_dir_all(directory.join("src")).unwrap();
    let manifest = MANIFEST.replace("ROOT", root.to_str().unwrap());
    fs::write(directory.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), directory.join("Cargo.lock")).unwrap();

    let ours = errors(&directory, "ours");
    let theirs = errors(&directory, "them");
    for (line, input) in FAULTY.iter().enumerate() {
        let of = |errors: &[Error]| -> Vec<Error> {
            errors
                .iter()
                .filter(|error| error.line == line as u64 + 1)
                .cloned()
                .collect()
        };
        assert!(
            !of(&theirs).is_empty(),
            "the generator takes `generate!({input})`"
        );
        assert_eq!(of(&ours), of(&theirs), "for `generate!({input})`");
    }
}

/// An error, and where it is in the crate that calls the macro.
#[derive(Clone, Debug, PartialEq)]
struct Error {
    message: String,
    line: u64,
    columns: (u64, u64),
}

/// Compiles a crate with one call per line and returns what the compiler says.
fn errors(directory: &Path, name: &str) -> Vec<Error> {
    let calls = FAULTY
        .iter()
        .enumerate()
        .map(|(number, input)| format!("mod m{number} {{ {name}::generate!({input}); }}\n"));
    fs::write(directory.join("src/lib.rs"), calls.collect::<String>()).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env::var_os("CARGO").unwrap())
        .args([
            "check",
            // The generator is built for that profile anyway.
            "--release",
            "--quiet",
            "--message-format",
            "json",
            "--target-dir",
        ])
        .arg(target)
        .current_dir(directory)
        .output()
        .unwrap();
    let errors: Vec<Error> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|message| message["reason"] == "compiler-message")
        .filter_map(|message| error(&message["message"]))
        .collect();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        !errors.is_empty(),
        "cargo reports no error of the compiler: {complaints}"
    );
    errors
}

fn error(message: &Value) -> Option<Error> {
    let mut span = message["spans"]
        .as_array()?
        .iter()
        .find(|span| span["is_primary"] == true)?;
    // A place inside of a macro is not one that the user sees.
    while span["file_name"] != "src/lib.rs" {
        span = &span["expansion"]["span"];
        if span.is_null() {
            return None;
        }
    }
    Some(Error {
        message: message["message"].as_str()?.to_owned(),
        line: span["line_start"].as_u64()?,
        columns: (span["column_start"].as_u64()?, span["column_end"].as_u64()?),
    })
}
