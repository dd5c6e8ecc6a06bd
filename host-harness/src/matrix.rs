//! Payload × direction × operation × timing, as it was really exercised.
//!
//! A direction is who reads or writes, which is part of the operation, and who
//! is at the other end: another guest, or the host. What a guest does alone has
//! no direction and fills no cell.
//!
//! The runtimes of all guests record what became of each operation. Here that
//! becomes a table in which an empty cell is an error, unless it is known to
//! be impossible, with the reason.

mod payload;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::accounting::{Kind, Timing, Traced};
use crate::compose::Variant;
use crate::report::{self, Format};
use payload::Class;

/// Who is at the other end.
const PEERS: [Variant; 2] = [Variant::Guest, Variant::Host];

/// The operations on streams and futures.
const KINDS: [Kind; 4] = [
    Kind::StreamRead,
    Kind::StreamWrite,
    Kind::FutureRead,
    Kind::FutureWrite,
];

/// What can become of them, with the heading of the column.
const TIMINGS: [(Timing, &str, &str); 10] = [
    (Timing::AtOnce, "at", "once"),
    (Timing::Blocked, "after", "waiting"),
    (Timing::Partial, "in", "part"),
    (Timing::ZeroLength, "zero", "length"),
    (Timing::DroppedBefore, "dropped", "before"),
    (Timing::DroppedDuring, "dropped", "during"),
    (Timing::DroppedAfter, "dropped", "after"),
    (Timing::CancelledBeforeStart, "cancel", "unstarted"),
    (Timing::CancelledInFlight, "cancel", "in flight"),
    (Timing::CancelledAfterFinish, "cancel", "finished"),
];

/// What can become of a call of an import.
const CALLS: [(Timing, &str, &str); 6] = [
    (Timing::AtOnce, "at", "once"),
    (Timing::Blocked, "after", "waiting"),
    (Timing::CancelledBeforeStart, "cancel", "unstarted"),
    (Timing::CancelledStarting, "cancel", "starting"),
    (Timing::CancelledStarted, "cancel", "started"),
    (Timing::CancelledReturned, "cancel", "returned"),
];

/// How many problems are spelled out below the table, which shows them all.
const SHOWN: usize = 40;

/// Why there can be nothing in a cell.
fn impossible(class: Class, kind: Kind, peer: Variant, timing: Timing) -> Option<&'static str> {
    let future = matches!(kind, Kind::FutureRead | Kind::FutureWrite);
    match (kind, timing) {
        (Kind::StreamRead | Kind::StreamWrite, _) if class == Class::Char => {
            Some("validation rejects `stream<char>`")
        }
        (_, Timing::Partial) if future => Some("a future has one value"),
        (_, Timing::ZeroLength) if future => Some("a future has one value"),
        (
            Kind::FutureRead,
            Timing::DroppedBefore | Timing::DroppedDuring | Timing::DroppedAfter,
        ) => Some("a future is written before its writable end may go away"),
        (Kind::FutureWrite, Timing::DroppedAfter) => {
            Some("a write that is told so uses the writable end up")
        }
        (Kind::StreamRead, Timing::ZeroLength) if class.is_zero_sized() => {
            Some("a vector of zero-sized items always has room")
        }
        (Kind::StreamRead | Kind::FutureRead, Timing::AtOnce)
            if peer == Variant::Host && class.is_lowered_later() =>
        {
            Some("the host lowers what takes memory or handles in a turn of its own")
        }
        _ => None,
    }
}

/// The same for calls of imports.
fn impossible_call(peer: Variant, timing: Timing) -> Option<&'static str> {
    match (peer, timing) {
        (Variant::Host, Timing::CancelledStarting) => {
            Some("the host admits each call at once: it has no backpressure")
        }
        (_, Timing::CancelledBeforeStart) => {
            Some("a generated function that is called, but not polled, has not reached the runtime")
        }
        _ => None,
    }
}

/// Prints what the runtimes of all guests recorded. Returns whether every
/// cell that can be filled is filled, and no other.
pub fn print(traces: &[Traced], format: Format) -> bool {
    let matrix = Matrix::new(traces);
    match format {
        Format::Human => report::print(&matrix.table()),
        Format::Json => report::print(&matrix.json()),
    }
    matrix.complete()
}

/// One cell of the table.
#[derive(Clone, Debug, Serialize)]
struct Cell {
    /// Nothing for calls of imports.
    payload: Option<&'static str>,
    operation: Kind,
    peer: Variant,
    timing: Timing,
    count: u64,
    /// Why it has to be empty.
    impossible: Option<&'static str>,
}

impl Cell {
    /// What is wrong with it.
    fn problem(&self) -> Option<String> {
        let of = self
            .payload
            .map(|payload| format!(" of {payload}"))
            .unwrap_or_default();
        let what = format!(
            "{}{of}, with the {} at the other end, {}",
            name(self.operation),
            self.peer,
            name(self.timing)
        );
        match (self.count, self.impossible) {
            (0, None) => Some(format!(
                "{what}: no scenario exercised it; add one, or say in `impossible` why there is none"
            )),
            (count, Some(reason)) if count > 0 => Some(format!(
                "{what}: exercised {count} times, though `impossible` says: {reason}"
            )),
            _ => None,
        }
    }

    fn show(&self) -> String {
        match (self.count, self.impossible) {
            (0, None) => "EMPTY".to_owned(),
            (0, Some(_)) => "-".to_owned(),
            (count, _) => count.to_string(),
        }
    }
}

/// The name that a value has in WIT.
fn name(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        other => format!("{other:?}"),
    }
}

/// The whole table.
struct Matrix {
    /// Row by row.
    cells: Vec<Cell>,
    calls: Vec<Cell>,
    /// What was recorded of payloads that are in no class.
    others: BTreeMap<String, u64>,
}

impl Matrix {
    fn new(traces: &[Traced]) -> Matrix {
        let mut counts = BTreeMap::new();
        let mut others = BTreeMap::new();
        for traced in traces {
            let Some(peer) = traced.peer else { continue };
            for operation in &traced.operations {
                let class = match operation.kind {
                    Kind::Subtask => None,
                    _ => match Class::of(&operation.payload) {
                        Some(class) => Some(class),
                        None => {
                            *others.entry(operation.payload.clone()).or_insert(0) +=
                                operation.count;
                            continue;
                        }
                    },
                };
                *counts
                    .entry((class, operation.kind, peer, operation.timing))
                    .or_insert(0) += operation.count;
            }
        }
        let count = |class, kind, peer, timing| {
            let found = counts.get(&(class, kind, peer, timing));
            found.copied().unwrap_or(0)
        };
        let mut cells = Vec::new();
        for class in Class::ALL {
            for kind in KINDS {
                for peer in PEERS {
                    cells.extend(TIMINGS.map(|(timing, ..)| Cell {
                        payload: Some(class.name()),
                        operation: kind,
                        peer,
                        timing,
                        count: count(Some(class), kind, peer, timing),
                        impossible: impossible(class, kind, peer, timing),
                    }));
                }
            }
        }
        let mut calls = Vec::new();
        for peer in PEERS {
            calls.extend(CALLS.map(|(timing, ..)| Cell {
                payload: None,
                operation: Kind::Subtask,
                peer,
                timing,
                count: count(None, Kind::Subtask, peer, timing),
                impossible: impossible_call(peer, timing),
            }));
        }
        Matrix {
            cells,
            calls,
            others,
        }
    }

    fn problems(&self) -> Vec<String> {
        self.cells
            .iter()
            .chain(&self.calls)
            .filter_map(Cell::problem)
            .collect()
    }

    fn complete(&self) -> bool {
        self.problems().is_empty()
    }

    fn table(&self) -> String {
        let mut table = String::new();
        heading(&mut table, "payload", &TIMINGS);
        for cells in self.cells.chunks(TIMINGS.len()) {
            row(&mut table, cells);
        }
        table.push('\n');
        heading(&mut table, "import", &CALLS);
        for calls in self.calls.chunks(CALLS.len()) {
            row(&mut table, calls);
        }

        table.push_str("\n- cannot happen:\n");
        let cells = self.cells.iter().chain(&self.calls);
        let mut reasons: Vec<&str> = cells.filter_map(|cell| cell.impossible).collect();
        reasons.sort_unstable();
        reasons.dedup();
        for reason in reasons {
            let _ = writeln!(table, "  {reason}");
        }
        if !self.others.is_empty() {
            let _ = writeln!(table, "\nOperations whose payload is in no class:");
            for (payload, count) in &self.others {
                let _ = writeln!(table, "  {payload}: {count}");
            }
        }
        let problems = self.problems();
        if !problems.is_empty() {
            let _ = writeln!(
                table,
                "\n{} cells are not as they should be:",
                problems.len()
            );
            for problem in problems.iter().take(SHOWN) {
                let _ = writeln!(table, "  {problem}");
            }
            if problems.len() > SHOWN {
                let _ = writeln!(table, "  … and {} more", problems.len() - SHOWN);
            }
        }
        table
    }

    fn json(&self) -> String {
        let cells: Vec<&Cell> = self.cells.iter().chain(&self.calls).collect();
        serde_json::json!({
            "matrix": cells,
            "others": self.others,
            "problems": self.problems(),
        })
        .to_string()
    }
}

fn heading(table: &mut String, first: &str, columns: &[(Timing, &str, &str)]) {
    let upper: String = columns
        .iter()
        .map(|(_, upper, _)| format!("{upper:>10}"))
        .collect();
    let lower: String = columns
        .iter()
        .map(|(_, _, lower)| format!("{lower:>10}"))
        .collect();
    let _ = writeln!(table, "{:<36}{upper}\n{first:<36}{lower}", "");
}

/// The cells of one row share payload, operation and peer.
fn row(table: &mut String, cells: &[Cell]) {
    let Some(first) = cells.first() else {
        return;
    };
    let payload = first.payload.unwrap_or("all");
    let counts: String = cells
        .iter()
        .map(|cell| format!("{:>10}", cell.show()))
        .collect();
    let _ = writeln!(
        table,
        "{payload:<17}{:<13}{:<6}{counts}",
        name(first.operation),
        first.peer.to_string()
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounting::Operation;

    /// One operation with a peer.
    fn traced(peer: Option<Variant>, kind: Kind, timing: Timing, payload: &str) -> Traced {
        Traced {
            scenario: "s".to_owned(),
            guest: "g".to_owned(),
            peer,
            operations: vec![Operation {
                kind,
                timing,
                payload: payload.to_owned(),
                count: 1,
            }],
        }
    }

    /// One operation for each cell that can be filled.
    fn everything() -> Vec<Traced> {
        let mut all = Vec::new();
        for peer in PEERS {
            for class in Class::ALL {
                for kind in KINDS {
                    for (timing, ..) in TIMINGS {
                        if impossible(class, kind, peer, timing).is_none() {
                            all.push(traced(Some(peer), kind, timing, class.example()));
                        }
                    }
                }
            }
            for (timing, ..) in CALLS {
                if impossible_call(peer, timing).is_none() {
                    all.push(traced(Some(peer), Kind::Subtask, timing, "anything"));
                }
            }
        }
        all
    }

    #[test]
    fn a_full_table_is_complete() {
        let matrix = Matrix::new(&everything());
        assert_eq!(matrix.problems(), Vec::<String>::new());
        assert!(matrix.others.is_empty());
        assert!(!matrix.table().contains("EMPTY"));
    }

    #[test]
    fn each_missing_operation_is_an_empty_cell() {
        let all = everything();
        for missing in 0..all.len() {
            let mut rest = all.clone();
            let removed = rest.remove(missing);
            let matrix = Matrix::new(&rest);
            let problems = matrix.problems();
            assert_eq!(problems.len(), 1, "without {removed:?}: {problems:?}");
            let timing = name(removed.operations[0].timing);
            assert!(problems[0].contains(&timing), "{problems:?}");
            assert!(matrix.table().contains("EMPTY"));
        }
    }

    #[test]
    fn what_a_guest_does_alone_fills_no_cell() {
        let mut all = everything();
        all[0].peer = None;
        let problems = Matrix::new(&all).problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    #[test]
    fn what_cannot_happen_must_not_happen() {
        let mut all = everything();
        let peer = Some(Variant::Host);
        all.push(traced(peer, Kind::FutureRead, Timing::Partial, "u8"));
        let problems = Matrix::new(&all).problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].contains("a future has one value"),
            "{problems:?}"
        );
    }

    #[test]
    fn counts_add_up_and_unknown_payloads_are_listed() {
        let read = |payload| {
            let peer = Some(Variant::Guest);
            traced(peer, Kind::StreamRead, Timing::Partial, payload)
        };
        let matrix = Matrix::new(&[read("u8"), read("u8"), read("guest::Strange")]);
        let cell = matrix.cells.iter().find(|cell| {
            (cell.payload, cell.operation, cell.peer, cell.timing)
                == (
                    Some("u8"),
                    Kind::StreamRead,
                    Variant::Guest,
                    Timing::Partial,
                )
        });
        assert_eq!(cell.map(|cell| cell.count), Some(2));
        assert_eq!(matrix.others.get("guest::Strange"), Some(&1));
        assert!(!matrix.complete());
    }
}
