//! The table of handles (canonical-abi.md §1.1, §2.2).

use super::raw::{KINDS, Kind, call};
use super::row::{Row, row};
use crate::host::{Host, Side, Site, Type};
use wit_async::native::Host as _;

/// In [`populated`].
const SET: u32 = 3;
const ERROR_CONTEXT: u32 = 4;
const HOLE: u32 = 5;

/// Fills the table: both ends of a stream are 1 and 2.
fn populated(host: &Host) {
    host.unit_stream_new();
    assert_eq!(host.waitable_set_new(), SET);
    assert_eq!(host.error_context_new("text"), ERROR_CONTEXT);
    let hole = host.waitable_set_new();
    assert_eq!(hole, HOLE);
    host.waitable_set_drop(hole);
}

pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for built_in in Site::NoEntry.reached_by() {
        for index in [0, HOLE, 99] {
            // To join set 0 is to join none.
            if index > 0 || built_in != "waitable.join to a set" {
                let what = format!("handle {index} names nothing");
                rows.push(row(Site::NoEntry, built_in, what, move |host| {
                    populated(host);
                    call(host, built_in, index);
                }));
            }
        }
    }
    full(&mut rows);
    of_another_kind(&mut rows);
    other_ends(&mut rows);
    rows
}

/// One handle too many: a table as large as it may be would be no test.
fn full(rows: &mut Vec<Row>) {
    for built_in in Site::TableFull.reached_by() {
        let object = match built_in {
            "waitable-set.new" => "waitable set with members []",
            "stream.new" => "Readable end of a stream, Idle",
            "future.new" => "Readable end of a future, Idle",
            "error-context.new" => "error context \"text\"",
            _ => "subtask, Starting",
        };
        let what = format!("{object} is one more than 2");
        rows.push(row(Site::TableFull, built_in, what, move |host| {
            host.table().borrow_mut().limit = 2;
            host.waitable_set_new();
            let freed = host.waitable_set_new();
            host.waitable_set_drop(freed);
            host.waitable_set_new();
            call(host, built_in, 0);
        }));
    }
}

fn of_another_kind(rows: &mut Vec<Row>) {
    let set = "handle 3 is a waitable set with members []";
    let error_context = "handle 4 is a error context \"text\"";
    let ill = [
        (Site::NoSet, ERROR_CONTEXT, error_context),
        (Site::NoWaitable, SET, set),
        (Site::NoWaitable, ERROR_CONTEXT, error_context),
        (Site::NoSubtask, SET, set),
        (Site::NoResource, SET, set),
        (Site::NoErrorContext, SET, set),
    ];
    for (site, index, what) in ill {
        rows.extend(site.reached_by().map(|built_in| {
            row(site, built_in, what, move |host| {
                populated(host);
                call(host, built_in, index);
            })
        }));
    }
}

/// An end of another kind, or for another type.
fn other_ends(rows: &mut Vec<Row>) {
    for kind in KINDS {
        let built_ins = || [kind.copies(), kind.cancels(), kind.drops()];
        for built_in in built_ins() {
            rows.push(not_this_end(built_in.clone(), kind, kind.other()));
            let of_other_channel = Kind::new(!kind.is_future, kind.side);
            rows.push(not_this_end(built_in, kind, of_other_channel));
        }
        for built_in in built_ins() {
            let what = format!("handle {} is of Word, not Unit", kind.index());
            rows.push(row(Site::OtherType, built_in.clone(), what, move |host| {
                let (end, _) = kind.pair(host, Type::Word);
                call(host, &built_in, end);
            }));
        }
    }
    for (built_in, is_future) in [("lift of a stream", false), ("lift of a future", true)] {
        let readable = Kind::new(is_future, Side::Readable);
        rows.push(row(
            Site::OtherType,
            built_in,
            "handle 1 is of Word, not Unit",
            move |host| {
                let (end, _) = readable.pair(host, Type::Word);
                call(host, built_in, end);
            },
        ));
        rows.push(not_this_end(built_in.into(), readable, readable.other()));
        let of_other_channel = Kind::new(!is_future, Side::Readable);
        rows.push(not_this_end(built_in.into(), readable, of_other_channel));
    }
}

/// `built_in` is for ends of kind `wanted`, and gets one of kind `found`.
fn not_this_end(built_in: String, wanted: Kind, found: Kind) -> Row {
    let what = format!(
        "handle {} is a {:?} end of a {}, Idle, not the end to {}",
        found.index(),
        found.side,
        if found.is_future { "future" } else { "stream" },
        wanted.side.verb()
    );
    row(Site::NoSuchEnd, built_in.clone(), what, move |host| {
        let (end, _) = found.pair(host, Type::Unit);
        call(host, &built_in, end);
    })
}
