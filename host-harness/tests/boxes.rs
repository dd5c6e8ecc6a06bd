//! A guest that makes a handle number up, beside others of the same store.

use std::path::Path;
use std::time::{Duration, Instant};

use host_harness::compile;
use host_harness::host::{self, Limits, State};
use host_harness::opaque::{self, Error, HostBox};
use host_harness::peers::boxes::{self, VALUE, Value};
use host_harness::progress::Progress;
use host_harness::target;
use wasmtime::Store;
use wasmtime::component::{Component, Instance, Resource};

const FORGE: &str = "test:boxes/forge@0.1.0";

fn forger() -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-tests");
    target::ensure(&target::Tools::default(), &root, |_| {}).expect("the target is there");
    let built = compile::build_packages(&root, &["boxes-forger"], &Progress::hidden());
    let built = built.expect("the workspace builds");
    let [artifact] = built.artifacts.as_slice() else {
        panic!("{built:?}");
    };
    std::fs::read(&artifact.path).expect("it was built")
}

/// Calls a function of an instance of the forger with a number.
async fn call(
    store: &mut Store<State>,
    instance: &Instance,
    function: &str,
    number: u32,
) -> wasmtime::Result<()> {
    let interface = instance.get_export_index(&mut *store, None, FORGE);
    let index = instance.get_export_index(&mut *store, interface.as_ref(), function);
    let index = index.expect("the forger exports it");
    let function = instance.get_typed_func::<(u32,), ()>(&mut *store, index)?;
    function.call_async(&mut *store, (number,)).await
}

/// The number in the box that is such an entry of the table.
fn number(store: &mut Store<State>, entry: u32) -> Result<u64, Error> {
    let at = Resource::<HostBox>::new_borrow(entry);
    opaque::shared::<Value<u64>>(store, &at).map(|found| found.value)
}

#[tokio::test(flavor = "current_thread")]
async fn a_made_up_handle_traps_and_harms_nothing() {
    let engine = host::engine().expect("an engine");
    let linker = host::linker(&engine).expect("a linker");
    let component = Component::new(&engine, forger()).expect("a component");
    let end = Instant::now() + Duration::from_secs(60);
    let mut store = host::store(&engine, &Limits::default(), end);
    let ledger = store.data().ledger.clone();
    let mut instances = Vec::new();
    for _ in 0..2 {
        let instance = linker.instantiate_async(&mut store, &component).await;
        instances.push(instance.expect("an instance"));
    }

    // Three of one instance, one of the host, and one that was given up.
    call(&mut store, &instances[0], "make", 3)
        .await
        .expect("boxes are made");
    let own = boxes::put(&mut store, 40_u64).expect("a box");
    let given_up = boxes::put(&mut store, 41_u64).expect("a box");
    opaque::release(&mut store, given_up).expect("it exists");
    let all = |store: &mut Store<State>| -> Vec<u64> {
        let entries = (0..8).filter_map(|entry| number(store, entry).ok());
        entries.collect()
    };
    assert_eq!(all(&mut store), [0, 1, 2, 40]);

    // The other instance has none. Numbers that the first one and the host have are no
    // handles of it.
    let of_the_first = 1;
    let trap = call(&mut store, &instances[1], "lend", of_the_first).await;
    let trap = format!("{:?}", trap.expect_err("it has no box"));
    assert!(trap.contains("unknown handle index 1"), "{trap}");

    // The store runs no guest any more; what it has is all there.
    let again = call(&mut store, &instances[0], "make", 1).await;
    let again = format!("{:?}", again.expect_err("the store has trapped"));
    assert!(again.contains("cannot enter"), "{again}");
    assert_eq!(all(&mut store), [0, 1, 2, 40]);
    let found = opaque::exclusive::<Value<u64>>(&mut store, &own);
    found.expect("it is free").value += 2;
    assert_eq!(ledger.count(VALUE).destroyed, 0, "nothing was collected");
    opaque::collect(&mut store).expect("it collects");
    assert_eq!(ledger.count(VALUE).destroyed, 1, "what was given up");
    let new = boxes::put(&mut store, 43_u64).expect("a box");
    assert_eq!(all(&mut store), [0, 1, 2, 42, 43]);
    let wrong = opaque::shared::<Value<String>>(&mut store, &own).expect_err("no text");
    assert!(matches!(wrong, Error::WrongType { .. }), "{wrong}");

    opaque::release(&mut store, own).expect("it exists");
    opaque::release(&mut store, new).expect("it exists");
    opaque::collect(&mut store).expect("it collects");
    assert_eq!(all(&mut store), [0, 1, 2]);
    drop(store);
    let values = ledger.count(VALUE);
    assert_eq!((values.made, values.destroyed), (6, 6));
}
