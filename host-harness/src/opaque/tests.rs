//! Boxes of a store in which no guest runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasmtime::component::{Resource, ResourceTable};
use wasmtime::{AnyRef, Engine, ExternRef, I31, RootScope, Store, StoreLimits, StoreLimitsBuilder};

use super::{Access, Error, HasTable, HostBox, collect, exclusive, put, release, shared, wrap};

struct Host {
    table: ResourceTable,
    limits: StoreLimits,
}

impl HasTable for Host {
    fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }
}

fn store() -> Store<Host> {
    let engine = crate::host::engine().expect("an engine");
    limited(&engine, StoreLimits::default())
}

fn limited(engine: &Engine, limits: StoreLimits) -> Store<Host> {
    let host = Host {
        table: ResourceTable::new(),
        limits,
    };
    Store::new(engine, host)
}

/// Counts itself as long as it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(alive: &Arc<AtomicUsize>) -> Counted {
        alive.fetch_add(1, Ordering::Relaxed);
        Counted(alive.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn alive(count: &AtomicUsize) -> usize {
    count.load(Ordering::Relaxed)
}

/// The same entry once more, as a borrow.
fn again(of: &Resource<HostBox>) -> Resource<HostBox> {
    Resource::new_borrow(of.rep())
}

#[test]
fn the_right_type_is_shared_and_changed() {
    let mut store = store();
    let number = put(&mut store, 7_u64).expect("a box");
    let first = shared::<u64>(&mut store, &number).expect("it is shared");
    let second = shared::<u64>(&mut store, &number).expect("it is shared twice");
    assert_eq!((*first, *second), (7, 7));
    drop((first, second));
    *exclusive::<u64>(&mut store, &number).expect("it is free") += 1;
    assert_eq!(*shared::<u64>(&mut store, &number).expect("it is free"), 8);
}

#[test]
fn a_wrong_type_is_told_with_both() {
    let mut store = store();
    let number = put(&mut store, 7_u64).expect("a box");
    let errors = [
        shared::<String>(&mut store, &number).expect_err("no string"),
        exclusive::<String>(&mut store, &number).expect_err("no string"),
    ];
    for error in errors {
        assert!(matches!(error, Error::WrongType { .. }));
        let text = error.to_string();
        assert!(text.contains("String") && text.contains("u64"), "{text}");
    }
}

#[test]
fn a_released_box_has_nothing_and_is_released_once() {
    let mut store = store();
    let number = put(&mut store, 7_u64).expect("a box");
    let stale = again(&number);
    let twice = Resource::<HostBox>::new_own(number.rep());
    release(&mut store, number).expect("it exists");
    let error = shared::<u64>(&mut store, &stale).expect_err("it is gone");
    assert!(matches!(error, Error::Released), "{error}");
    let error = release(&mut store, twice).expect_err("it is gone");
    assert!(matches!(error, Error::Released), "{error}");
}

#[test]
fn what_is_only_lent_is_not_released() {
    let mut store = store();
    let number = put(&mut store, 7_u64).expect("a box");
    let lent = Resource::<HostBox>::new_borrow(number.rep());
    let error = release(&mut store, lent).expect_err("somebody else owns it");
    assert!(matches!(error, Error::Lent), "{error}");
    assert_eq!(*shared::<u64>(&mut store, &number).expect("still there"), 7);
    release(&mut store, number).expect("it exists");
}

#[test]
fn an_entry_of_another_type_is_no_box() {
    let mut store = store();
    let number = put(&mut store, 7_u64).expect("a box");
    let stale = again(&number);
    release(&mut store, number).expect("it exists");
    let other = store.data_mut().table.push("no box").expect("room");
    assert_eq!(other.rep(), stale.rep(), "the number is used again");
    let error = shared::<u64>(&mut store, &stale).expect_err("it is gone");
    assert!(matches!(error, Error::Released), "{error}");
    assert_eq!(*store.data_mut().table.get(&other).expect("kept"), "no box");
}

#[test]
fn what_wraps_nothing_is_told() {
    let mut store = store();
    let null = wrap(&mut store, None).expect("a box");
    let small = {
        let mut scope = RootScope::new(&mut store);
        let number = AnyRef::from_i31(&mut scope, I31::wrapping_u32(7));
        let number = ExternRef::convert_any(&mut scope, number).expect("it is rooted");
        wrap(&mut scope, Some(number)).expect("a box")
    };
    for of in [null, small] {
        let error = shared::<u64>(&mut store, &of).expect_err("nothing is there");
        assert!(matches!(error, Error::Empty), "{error}");
        let error = exclusive::<u64>(&mut store, &of).expect_err("nothing is there");
        assert!(matches!(error, Error::Empty), "{error}");
        release(&mut store, of).expect("a box for all that");
    }
}

#[test]
fn what_was_not_put_here_is_told() {
    let mut store = store();
    let foreign = {
        let mut scope = RootScope::new(&mut store);
        let foreign = ExternRef::new(&mut scope, 7_u64).expect("room");
        wrap(&mut scope, Some(foreign)).expect("a box")
    };
    let error = shared::<u64>(&mut store, &foreign).expect_err("not one of ours");
    assert!(matches!(error, Error::Foreign), "{error}");
}

#[test]
fn what_is_no_longer_rooted_is_told() {
    let mut store = store();
    let unrooted = {
        let mut scope = RootScope::new(&mut store);
        ExternRef::new(&mut scope, 7_u64).expect("room")
    };
    let error = wrap(&mut store, Some(unrooted)).expect_err("its scope is over");
    assert!(matches!(error, Error::Released), "{error}");
}

#[test]
fn who_comes_in_between_is_told_and_does_not_wait() {
    let mut store = store();
    let number = put(&mut store, 7_u64).expect("a box");
    let guard = shared::<u64>(&mut store, &number).expect("it is free");
    let error = exclusive::<u64>(&mut store, &number).expect_err("it is shared");
    assert!(matches!(error, Error::Busy(Access::Exclusive)), "{error}");
    drop(guard);
    let guard = exclusive::<u64>(&mut store, &number).expect("it is free");
    let error = exclusive::<u64>(&mut store, &number).expect_err("it is taken");
    assert!(matches!(error, Error::Busy(Access::Exclusive)), "{error}");
    let error = shared::<u64>(&mut store, &number).expect_err("it is taken");
    assert!(matches!(error, Error::Busy(Access::Shared)), "{error}");
    drop(guard);
    shared::<u64>(&mut store, &number).expect("it is free again");
}

#[test]
fn a_value_goes_with_the_collector_and_not_before() {
    let mut store = store();
    let count = Arc::new(AtomicUsize::new(0));
    let kept = put(&mut store, Counted::new(&count)).expect("a box");
    let given_up = put(&mut store, Counted::new(&count)).expect("a box");
    collect(&mut store).expect("it collects");
    assert_eq!(alive(&count), 2, "both have handles");
    release(&mut store, given_up).expect("it exists");
    assert_eq!(alive(&count), 2, "nothing was collected");
    collect(&mut store).expect("it collects");
    assert_eq!(alive(&count), 1);
    shared::<Counted>(&mut store, &kept).expect("it is there");
    drop(store);
    assert_eq!(alive(&count), 0, "what is left goes with the store");
}

#[test]
fn what_is_rooted_outside_of_a_scope_stays() {
    let mut store = store();
    let count = Arc::new(AtomicUsize::new(0));
    let reference = ExternRef::new(&mut store, Counted::new(&count)).expect("room");
    let one = wrap(&mut store, Some(reference)).expect("a box");
    release(&mut store, one).expect("it exists");
    collect(&mut store).expect("it collects");
    assert_eq!(alive(&count), 1, "the store has a root of its own");
}

/// Makes and gives up boxes while so many others are kept, and returns how many values there
/// were at most, and how many fit into the collector's heap.
fn most_under_pressure(kept: usize) -> (usize, usize) {
    /// What a box takes of the heap.
    const BYTES: usize = 32;
    let mut store = store();
    let count = Arc::new(AtomicUsize::new(0));
    let kept: Vec<_> = (0..kept)
        .map(|_| put(&mut store, Counted::new(&count)).expect("a box"))
        .collect();
    let mut come_and_go = |times: usize| {
        let mut most = 0;
        for _ in 0..times {
            let one = put(&mut store, Counted::new(&count)).expect("a box");
            release(&mut store, one).expect("it exists");
            most = most.max(alive(&count));
        }
        (most, store.gc_heap_capacity())
    };
    let (_, heap) = come_and_go(20_000);
    let (most, later) = come_and_go(100_000);
    assert_eq!(later, heap, "bytes of the heap, with {} boxes", kept.len());
    for of in &kept {
        shared::<Counted>(&mut store, of).expect("it is there");
    }
    (most, heap / BYTES)
}

#[test]
fn values_go_by_themselves_while_boxes_are_made() {
    for kept in [0, 100, 3000, 10_000] {
        let (most, room) = most_under_pressure(kept);
        assert!(most <= room, "{most} values, room for {room}");
        assert!(room <= 4 * kept.max(512), "room for {room}, {kept} kept");
    }
}

#[test]
fn a_guard_keeps_its_value() {
    let mut store = store();
    let count = Arc::new(AtomicUsize::new(0));
    let one = put(&mut store, Counted::new(&count)).expect("a box");
    let guard = shared::<Counted>(&mut store, &one).expect("it is free");
    release(&mut store, one).expect("it exists");
    collect(&mut store).expect("it collects");
    assert_eq!(alive(&guard.0), 1);
    drop(guard);
    assert_eq!(alive(&count), 0);
}

#[test]
fn a_heap_that_is_full_is_told_and_has_room_again() {
    let engine = crate::host::engine().expect("an engine");
    let limits = StoreLimitsBuilder::new().memory_size(1 << 16).build();
    let mut store = limited(&engine, limits);
    store.limiter(|host| &mut host.limits);
    let count = Arc::new(AtomicUsize::new(0));
    let mut kept = Vec::new();
    let error = loop {
        match put(&mut store, Counted::new(&count)) {
            Ok(one) => kept.push(one),
            Err(error) => break error,
        }
        assert!(kept.len() < 1 << 16, "each takes some bytes");
    };
    assert!(matches!(error, Error::NoRoom), "{error}");
    assert_eq!(alive(&count), kept.len(), "what had no room was dropped");
    let one = kept.pop().expect("some had room");
    release(&mut store, one).expect("it exists");
    kept.push(put(&mut store, Counted::new(&count)).expect("room for one"));
}
