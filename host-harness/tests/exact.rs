//! What operations cost, counted on wasm: the same as on the host of the native tests.

#[path = "../../tests/exact/figures.rs"]
mod figures;

use std::collections::BTreeMap;
use std::process::Command;

use figures::{FIGURES, Figure, Path};
use serde_json::Value;

/// After so many operations a task lets others have their turn: the host calls it back,
/// and it asks whether there are events.
const TURN: f64 = 128.0;

/// What the counting of all rows came to, by their names.
fn count() -> BTreeMap<String, Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-harness"));
    command.args(["bench", "--counts", "--json"]);
    command.args(FIGURES.iter().map(|figure| figure.row));
    let output = command.output().expect("the harness starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines()
        .map(|line| {
            let object: Value = serde_json::from_str(line).expect("JSON");
            let name = object["name"].as_str().expect("a name").to_owned();
            (name, object)
        })
        .collect()
}

/// How many operations a task completes in one time: each of them can be the last of a
/// turn.
fn operations(figure: &Figure) -> f64 {
    let completes = |name: &str| {
        let verb = name.rsplit('.').next();
        matches!(verb, Some("import" | "read" | "write"))
    };
    let calls = figure.calls.iter().chain(figure.besides);
    let calls = calls.filter(|(name, _)| completes(name));
    f64::from(calls.map(|(_, count)| count).sum::<u32>())
}

#[test]
fn operations_cost_what_they_should() {
    let counted = count();
    for figure in FIGURES {
        let row = &counted[figure.row];
        let said = format!("{}, {:?}: {row}", figure.operation, figure.path);
        let mut calls: BTreeMap<&str, f64> = BTreeMap::new();
        for (name, count) in figure.calls.iter().chain(figure.besides) {
            *calls.entry(name).or_default() += f64::from(*count);
        }
        let which = row["which"]["wit_async"].as_object().expect("calls");
        let mut which: BTreeMap<&str, f64> = which
            .iter()
            .map(|(name, count)| (name.as_str(), count.as_f64().expect("a number")))
            .collect();
        let of = |key: &str| row[key]["wit_async"].as_f64().expect("a number");
        let mut deliveries = of("deliveries");
        if figure.path == Path::Ready {
            // Turns end, and nothing else adds to what an operation costs.
            let turns = operations(figure) / TURN;
            assert_eq!(deliveries, turns, "{said}");
            deliveries = 0.0;
            if let Some(asked) = which.remove("waitable-set.poll") {
                assert_eq!(asked, turns, "{said}");
            }
        }
        assert_eq!(which, calls, "{said}");
        assert_eq!(of("allocations"), f64::from(figure.allocations), "{said}");
        assert_eq!(deliveries, f64::from(figure.deliveries), "{said}");
    }
}
