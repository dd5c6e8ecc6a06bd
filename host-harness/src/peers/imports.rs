//! The host as the callee of the import scenarios: `wit/imports`.
//!
//! It does what the guest `imports-peer` does.

pub(super) mod gates;
mod things;

use wasmtime::Result;
use wasmtime::component::{Accessor, HasData, Linker, Resource};

use crate::host;
use bindings::test::imports::peer::{
    self, Counts, Entry, Failure, Host, HostThing, HostThingWithStore, HostWithStore,
};
use gates::{Call, Gates};
use things::Things;

pub use things::Thing;

#[allow(missing_docs, reason = "generated; wit/imports describes it")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/imports",
        world: "synchronous",
        imports: { default: trappable },
        with: { "test:imports/peer.thing": super::Thing },
    });
}

/// The interfaces of this module.
pub const INTERFACES: &[&str] = &["test:imports/peer"];

/// What the host holds for the guests of one store.
#[derive(Debug, Default)]
pub struct State {
    gates: Gates,
    things: Things,
}

/// Defines all of them.
///
/// # Errors
///
/// When a name is defined twice.
pub fn add_to_linker(linker: &mut Linker<host::State>) -> Result<()> {
    peer::add_to_linker::<_, Peer>(linker, |state| &mut state.peers.imports)
}

/// How the functions get at the state.
struct Peer;

impl HasData for Peer {
    type Data<'a> = &'a mut State;
}

/// How long "a while" is: long enough for the guest to see that the call is
/// pending.
async fn perhaps_wait(wait: bool) {
    if wait {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
}

fn things<T>(accessor: &Accessor<T, Peer>) -> Things {
    accessor.with(|mut access| access.get().things.clone())
}

impl Host for &mut State {
    fn stats(&mut self) -> Result<Counts> {
        let (started, finished, cancelled) = self.gates.counts();
        Ok(Counts {
            started,
            finished,
            cancelled,
            things: self.things.alive(),
        })
    }

    fn release(&mut self, key: u32) -> Result<()> {
        self.gates.release(key);
        Ok(())
    }
}

impl HostThing for &mut State {
    fn new(&mut self, label: String) -> Result<Resource<Thing>> {
        Ok(self.things.make(label).give())
    }

    fn label(&mut self, thing: Resource<Thing>) -> Result<String> {
        self.things.label(&thing)
    }

    fn drop(&mut self, thing: Resource<Thing>) -> Result<()> {
        drop(self.things.take(thing));
        Ok(())
    }
}

impl<T: Send> HostThingWithStore<T> for Peer {
    async fn prefix(
        accessor: &Accessor<T, Self>,
        thing: Resource<Thing>,
        wait: bool,
        text: String,
    ) -> Result<String> {
        let things = things(accessor);
        perhaps_wait(wait).await;
        Ok(things.label(&thing)? + &text)
    }

    async fn merge(
        accessor: &Accessor<T, Self>,
        wait: bool,
        first: Resource<Thing>,
        second: Resource<Thing>,
    ) -> Result<Resource<Thing>> {
        let things = things(accessor);
        let (first, second) = (things.take(first), things.take(second));
        perhaps_wait(wait).await;
        let label = first.label()? + &second.label()?;
        Ok(things.make(label).give())
    }
}

impl<T: Send> HostWithStore<T> for Peer {
    async fn ready(_: &Accessor<T, Self>, n: u32) -> Result<u32> {
        Ok(n + 1)
    }

    async fn ready_nothing(_: &Accessor<T, Self>) -> Result<()> {
        Ok(())
    }

    async fn pending(_: &Accessor<T, Self>, n: u32) -> Result<u32> {
        perhaps_wait(true).await;
        Ok(n + 1)
    }

    async fn pending_nothing(_: &Accessor<T, Self>) -> Result<()> {
        perhaps_wait(true).await;
        Ok(())
    }

    async fn hold(accessor: &Accessor<T, Self>, key: u32) -> Result<u32> {
        Call::held(accessor.with(|mut access| access.get().gates.wait(key))).await;
        Ok(key)
    }

    async fn hold_thing(
        accessor: &Accessor<T, Self>,
        key: u32,
        taken: Resource<Thing>,
        note: String,
    ) -> Result<(Resource<Thing>, String)> {
        let taken = things(accessor).take(taken);
        Call::held(accessor.with(|mut access| access.get().gates.wait(key))).await;
        Ok((taken.give(), note))
    }

    async fn hold_lists(
        accessor: &Accessor<T, Self>,
        key: u32,
        lists: Vec<Vec<String>>,
    ) -> Result<Vec<Vec<String>>> {
        Call::held(accessor.with(|mut access| access.get().gates.wait(key))).await;
        Ok(lists)
    }

    async fn four(_: &Accessor<T, Self>, wait: bool, a: u16, b: f32, c: u64) -> Result<f64> {
        perhaps_wait(wait).await;
        Ok(f64::from(a) + f64::from(b) + c as f64)
    }

    async fn five(_: &Accessor<T, Self>, wait: bool, a: u8, b: i16, c: f64, d: u64) -> Result<f64> {
        perhaps_wait(wait).await;
        Ok(f64::from(a) + f64::from(b) + c + d as f64)
    }

    async fn seventeen(
        _: &Accessor<T, Self>,
        wait: bool,
        a: u8,
        b: i8,
        c: u16,
        d: i16,
        e: u32,
        f: i32,
        g: u64,
        h: i64,
        i: f32,
        j: f64,
        k: bool,
        l: char,
        m: u8,
        n: u16,
        o: u32,
        p: u64,
    ) -> Result<String> {
        perhaps_wait(wait).await;
        Ok(format!(
            "{a} {b} {c} {d} {e} {f} {g} {h} {i} {j} {k} {l} {m} {n} {o} {p}"
        ))
    }

    async fn reverse(_: &Accessor<T, Self>, wait: bool, text: String) -> Result<String> {
        perhaps_wait(wait).await;
        Ok(text.chars().rev().collect())
    }

    async fn bump(_: &Accessor<T, Self>, wait: bool, bytes: Vec<u8>) -> Result<Vec<u8>> {
        perhaps_wait(wait).await;
        Ok(bytes.into_iter().map(|byte| byte.wrapping_add(1)).collect())
    }

    async fn double(
        _: &Accessor<T, Self>,
        wait: bool,
        lists: Vec<Vec<String>>,
    ) -> Result<Vec<Vec<String>>> {
        perhaps_wait(wait).await;
        let double = |list: Vec<String>| list.into_iter().map(|text| text.repeat(2)).collect();
        Ok(lists.into_iter().map(double).collect())
    }

    async fn sort(_: &Accessor<T, Self>, wait: bool, mut entry: Entry) -> Result<Entry> {
        perhaps_wait(wait).await;
        entry.name.push('!');
        entry.values.sort_unstable();
        Ok(entry)
    }

    async fn take(
        accessor: &Accessor<T, Self>,
        wait: bool,
        taken: Resource<Thing>,
    ) -> Result<String> {
        let taken = things(accessor).take(taken);
        perhaps_wait(wait).await;
        taken.label()
    }

    async fn take_all(
        accessor: &Accessor<T, Self>,
        wait: bool,
        taken: Vec<Resource<Thing>>,
    ) -> Result<u32> {
        let things = things(accessor);
        let taken: Vec<_> = taken.into_iter().map(|thing| things.take(thing)).collect();
        perhaps_wait(wait).await;
        Ok(u32::try_from(taken.len())?)
    }

    async fn make(
        accessor: &Accessor<T, Self>,
        wait: bool,
        label: String,
    ) -> Result<Resource<Thing>> {
        let things = things(accessor);
        perhaps_wait(wait).await;
        Ok(things.make(label).give())
    }

    async fn make_all(
        accessor: &Accessor<T, Self>,
        wait: bool,
        labels: Vec<String>,
    ) -> Result<Vec<Resource<Thing>>> {
        let things = things(accessor);
        perhaps_wait(wait).await;
        Ok(labels
            .into_iter()
            .map(|label| things.make(label).give())
            .collect())
    }

    async fn look(
        accessor: &Accessor<T, Self>,
        wait: bool,
        first: Resource<Thing>,
        second: Resource<Thing>,
    ) -> Result<String> {
        let things = things(accessor);
        perhaps_wait(wait).await;
        Ok(things.label(&first)? + &things.label(&second)?)
    }

    async fn judge(
        accessor: &Accessor<T, Self>,
        wait: bool,
        taken: Resource<Thing>,
    ) -> Result<Result<String, Failure>> {
        let taken = things(accessor).take(taken);
        perhaps_wait(wait).await;
        let label = taken.label()?;
        Ok(match label.as_str() {
            "no" => Err(Failure::Refused(label)),
            "back" => Err(Failure::GaveBack(taken.give())),
            "" => Err(Failure::Unknown),
            _ => Ok(label),
        })
    }
}
