//! The host of the native tests: that it traps where the canonical ABI does.
//! A host that lets everything pass would make the other tests worthless.
//!
//! Each place where it traps is a [`Site`]. Each site has rows here, by what can
//! come to it: a row breaks one rule, and says what the trap has to say.

mod copies;
mod handles;
mod instance;
mod raw;
mod row;
mod sets;
mod spec;
mod subtasks;
mod table;
mod tasks;

use crate::host::{self, Outcome, Site};
use row::Row;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wit_async::native::Host as _;

fn rows() -> Vec<Row> {
    let themes = [
        instance::rows(),
        table::rows(),
        sets::rows(),
        subtasks::rows(),
        copies::rows(),
        handles::rows(),
        tasks::rows(),
    ];
    themes.into_iter().flatten().collect()
}

#[test]
fn each_row_traps() {
    let rows = rows();
    let failed = |row: &&Row| catch_unwind(AssertUnwindSafe(|| row.check())).is_err();
    let failed: Vec<_> = rows.iter().filter(failed).collect();
    let names = failed.iter().map(|row| (row.site, &row.by));
    assert!(failed.is_empty(), "{:#?}", names.collect::<Vec<_>>());
}

#[test]
fn each_site_has_a_row_for_all_that_can_come_to_it() {
    let rows = rows();
    let rows: BTreeSet<_> = rows.iter().map(|row| (row.site, &*row.by)).collect();
    let by = |site: &Site| site.reached_by().map(|by| (*site, by)).collect::<Vec<_>>();
    let sites: BTreeSet<_> = Site::ALL.iter().flat_map(by).collect();
    let missing: Vec<_> = sites.difference(&rows).collect();
    assert!(missing.is_empty(), "no row for {missing:#?}");
    let unknown: Vec<_> = rows.difference(&sites).collect();
    assert!(
        unknown.is_empty(),
        "not in the table of sites: {unknown:#?}"
    );
}

#[test]
fn each_site_has_a_citation_of_its_own() {
    let rules: BTreeSet<_> = Site::ALL.iter().map(|site| site.rule()).collect();
    assert_eq!(rules.len(), Site::ALL.len());
    for site in Site::ALL {
        assert!(site.reached_by().next().is_some(), "{site:?}");
    }
}

#[test]
fn handles_begin_at_1_and_the_last_one_freed_is_used_next() {
    let host = host::install();
    let sets = [0; 3].map(|_| host.waitable_set_new());
    assert_eq!(sets, [1, 2, 3]);
    host.waitable_set_drop(1);
    host.waitable_set_drop(3);
    assert_eq!([0; 3].map(|_| host.waitable_set_new()), [3, 1, 4]);
    host.leaks_on_purpose();
}

#[test]
fn what_leaves_its_set_can_be_cancelled_and_handed_away() {
    let host = host::install();
    let set = host.waitable_set_new();
    let (reader, _peer) = host.incoming_stream::<u32>();
    let ends = host.unit_stream_new();
    let (readable, writable) = (ends as u32, (ends >> 32) as u32);
    assert_eq!(host.unit_stream_read(readable, 1), u32::MAX);
    host.waitable_join(readable, set);
    host.waitable_join(readable, 0);
    assert_eq!(host.unit_stream_cancel_read(readable), 2);
    // A member that is dropped leaves its set by itself.
    host.waitable_join(readable, set);
    host.unit_stream_drop_readable(readable);
    host.unit_stream_drop_writable(writable);
    let handle = reader.take_handle();
    host.waitable_join(handle, set);
    host.waitable_join(handle, 0);
    drop(host.lift_readable::<u32>(handle, false));
    host.waitable_set_drop(set);
}

#[test]
fn a_realloc_may_use_what_concerns_only_the_instance() {
    let host = host::install();
    host.post_return(|| {
        host.backpressure_inc();
        host.backpressure_dec();
    });
    assert_eq!(host.waitable_set_new(), 1);
    host.waitable_set_drop(1);
}

#[test]
fn copies_add_up_until_they_are_delivered() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let mut other = host.outgoing_stream(reader);
    // The rows of the table of stream outcomes (canonical-abi.md §5.2).
    assert_eq!(other.read(8), Outcome::Blocked);
    assert_eq!(peer.write([1; 4]), Outcome::Completed(4));
    assert_eq!(peer.write([2; 8]), Outcome::Completed(4));
    assert_eq!(peer.write([3]), Outcome::Blocked);
    assert_eq!(other.settle(), Some(Outcome::Completed(8)));
    assert_eq!(other.read(0), Outcome::Completed(0));
    assert_eq!(peer.settle(), None);
    assert_eq!(other.read(4), Outcome::Completed(1));
    assert_eq!(peer.settle(), Some(Outcome::Completed(1)));
    // Both of length zero: the writer completes, the reader stays.
    assert_eq!(other.read(0), Outcome::Blocked);
    assert_eq!(peer.write([]), Outcome::Completed(0));
    assert_eq!(other.settle(), None);
    assert_eq!(peer.write([4]), Outcome::Blocked);
    assert_eq!(other.settle(), Some(Outcome::Completed(0)));
    drop(other);
    assert_eq!(peer.settle(), Some(Outcome::Dropped(0)));
}
