//! The list of what broke other runtimes, in the README, against the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::defect::{self, Defect, Kind};

/// What is in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn who_is_on_the_list_notices_what_is_beside_it() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let defects = defect::load(here).expect("defects that can be read");
    let reds: BTreeMap<&str, BTreeSet<&str>> = defects
        .iter()
        .map(|Defect { name, red, .. }| {
            let names = red.iter().map(|red| red.name.as_str()).collect();
            (name.as_str(), names)
        })
        .collect();
    let readme = fs::read_to_string(here.join("README.md")).expect("a README");
    let mut slugs = BTreeSet::new();
    for row in readme.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let &["", scenario, noticed_by, breakage, ""] = &cells[..] else {
            panic!("a row has three cells: {row}");
        };
        assert!(slugs.insert(quoted(scenario)[0]), "twice: {scenario}");
        let tests = quoted(noticed_by);
        let found: Vec<_> = quoted(breakage)
            .into_iter()
            .filter_map(|name| reds.get(name))
            .collect();
        if found.is_empty() {
            // Why there is none.
            assert!(breakage.contains(": "), "{scenario}: {breakage} is no file");
            continue;
        }
        for test in &tests {
            let named = found.iter().any(|named| named.contains(test));
            assert!(named, "{breakage} does not name {test}");
        }
        for named in found {
            let noticed = tests.iter().any(|test| named.contains(test));
            assert!(noticed, "{scenario} lists nobody who notices {breakage}");
        }
    }
    assert!(slugs.len() >= 42, "{} scenarios", slugs.len());
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
