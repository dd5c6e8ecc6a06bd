//! The list of what broke other runtimes, in the README, against the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::defect::{self, Defect, Kind};

/// What is in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// For each breakage, who notices it.
fn reds(defects: &[Defect]) -> BTreeMap<&str, BTreeSet<&str>> {
    let reds = defects.iter().map(|Defect { name, red, .. }| {
        let names = red.iter().map(|red| red.name.as_str()).collect();
        (name.as_str(), names)
    });
    reds.collect()
}

/// What a row says is so: each test notices one of the breakages, and each breakage is
/// noticed by one of the tests. Nothing if it names no breakage.
fn check(
    reds: &BTreeMap<&str, BTreeSet<&str>>,
    what: &str,
    noticed_by: &str,
    breakages: &str,
) -> bool {
    let tests = quoted(noticed_by);
    let found: Vec<_> = quoted(breakages)
        .into_iter()
        .filter_map(|name| reds.get(name))
        .collect();
    if found.is_empty() {
        return false;
    }
    for test in &tests {
        let named = found.iter().any(|named| named.contains(test));
        assert!(named, "{breakages} does not name {test}");
    }
    for named in found {
        let noticed = tests.iter().any(|test| named.contains(test));
        assert!(noticed, "{what} lists nobody who notices {breakages}");
    }
    true
}

fn cells(row: &str) -> Vec<&str> {
    row.split('|').map(str::trim).collect()
}

#[test]
fn who_is_on_the_list_notices_what_is_beside_it() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let defects = defect::load(here).expect("defects that can be read");
    let reds = reds(&defects);
    let readme = fs::read_to_string(here.join("README.md")).expect("a README");
    let mut slugs = BTreeSet::new();
    for row in readme.lines().filter(|line| line.starts_with("| `")) {
        let &["", scenario, noticed_by, breakage, ""] = &cells(row)[..] else {
            panic!("a row has three cells: {row}");
        };
        assert!(slugs.insert(quoted(scenario)[0]), "twice: {scenario}");
        if !check(&reds, scenario, noticed_by, breakage) {
            // Why there is none.
            assert!(breakage.contains(": "), "{scenario}: {breakage} is no file");
        }
    }
    assert!(slugs.len() >= 42, "{} scenarios", slugs.len());
}

#[test]
fn who_would_notice_that_a_promise_is_broken_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let defects = defect::load(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("defects");
    let reds = reds(&defects);
    let promises = fs::read_to_string(root.join("src/promises.md")).expect("the promises");
    let functions = functions(&root.join("wit"));
    let mut rows = 0;
    for row in promises.lines().filter(|line| line.starts_with("| ")) {
        let &["", promise, tests, breakages, scenarios, other, ""] = &cells(row)[..] else {
            panic!("a row has five cells: {row}");
        };
        if promise == "Promise" {
            continue;
        }
        rows += 1;
        // Or why there is none.
        let is_noticed = check(&reds, promise, tests, breakages);
        assert!(
            is_noticed || breakages.starts_with("none: "),
            "{promise}: no breakage"
        );
        assert!(!scenarios.is_empty() && !other.is_empty(), "{promise}");
        for scenario in quoted(scenarios).into_iter().chain(quoted(other)) {
            let function = scenario.rsplit('/').next().unwrap_or_default();
            let is_there = function.is_empty() || functions.contains(function);
            assert!(is_there, "{promise}: there is no scenario {scenario}");
        }
    }
    assert!(rows >= 40, "{rows} promises");
}

#[test]
fn what_shows_who_owns_a_resource_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("src/resources.md")).expect("the page");
    let functions = functions(&root.join("wit"));
    let harness = root.join("host-harness");
    let drivers = sources(&harness.join("src/driven"));
    let tests = sources(&harness.join("tests"));
    let is_there = |name: &str| match name.rsplit_once('/') {
        // A group of scenarios, or those whose names begin alike.
        Some((group, "")) => root
            .join("guest-tests")
            .join(group.split('/').next().unwrap_or(group))
            .is_dir(),
        Some((_, start)) if start.ends_with('-') => {
            functions.iter().any(|function| function.starts_with(start))
        }
        Some((_, function)) => {
            functions.contains(function) || drivers.contains(&format!("\"{function}\""))
        }
        None => tests.contains(&format!("fn {name}(")),
    };
    let mut rows = 0;
    for row in text.lines().filter(|line| line.starts_with("| ")) {
        let &["", rule, scenarios, outcome, other, ""] = &cells(row)[..] else {
            panic!("a row has four cells: {row}");
        };
        if rule == "Rule" {
            continue;
        }
        rows += 1;
        assert!(!outcome.is_empty() && !other.is_empty(), "{rule}");
        let named = quoted(scenarios);
        assert!(!named.is_empty(), "{rule}: nothing shows it");
        for name in named {
            assert!(is_there(name), "{rule}: there is no {name}");
        }
    }
    assert!(rows >= 50, "{rows} rules");
}

/// All Rust below a directory, in one text.
fn sources(directory: &Path) -> String {
    let mut text = String::new();
    for file in fs::read_dir(directory).expect("a directory") {
        let file = file.expect("a file").path();
        if file.is_dir() {
            text += &sources(&file);
        } else if file.extension().is_some_and(|extension| extension == "rs") {
            text += &fs::read_to_string(&file).expect("text");
        }
    }
    text
}

/// The functions of all interfaces.
fn functions(wit: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for theme in fs::read_dir(wit).expect("a directory") {
        for file in fs::read_dir(theme.expect("a theme").path()).expect("a directory") {
            let file = file.expect("a file").path();
            if file.is_dir() {
                continue;
            }
            let text = fs::read_to_string(file).expect("text");
            let lines = text.lines().filter_map(|line| line.split_once(": "));
            names.extend(lines.map(|(name, _)| name.trim().to_owned()));
        }
    }
    names
}

#[test]
fn tests_that_are_named_are_there() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let defects = defect::load(here).expect("defects that can be read");
    let reds = defects.iter().flat_map(|defect| &defect.red);
    for red in reds.filter(|red| red.kind != Kind::Scenario) {
        let (module, name) = red.name.rsplit_once("::").expect("a program and a path");
        let file = here
            .join("..")
            .join(module.replace("::", "/"))
            .with_extension("rs");
        let text = fs::read_to_string(&file).unwrap_or_default();
        // The tests by seed are made by a macro, from their names and scenarios.
        let places = [format!("fn {name}("), format!(" {name}: Scenario::")];
        assert!(
            places.iter().any(|place| text.contains(place)),
            "{} is not in {}",
            red.name,
            file.display()
        );
    }
}
