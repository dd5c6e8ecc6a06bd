//! The other side of the calls that the scenarios of this theme make.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/imports",
        world: "peer-guest",
        generate_all,
    });
}

use std::cell::{Cell, RefCell};

use bindings::exports::test::imports::gated;
use bindings::exports::test::imports::peer::{
    self, Counts, Entry, Failure, GuestThing, Thing as OwnThing, ThingBorrow,
};
use guest_support::check::{Gates, turns};

guest_support::guest!();
bindings::export!(Peer with_types_in bindings);

thread_local! {
    static GATES: RefCell<Gates> = RefCell::default();
    static STARTED: Cell<u32> = const { Cell::new(0) };
    static FINISHED: Cell<u32> = const { Cell::new(0) };
    static CANCELLED: Cell<u32> = const { Cell::new(0) };
    static THINGS: Cell<u32> = const { Cell::new(0) };
}

struct Peer;

/// How long "a while" is: enough turns of the host for the caller to see that
/// the call is pending.
const A_WHILE: usize = 3;

async fn perhaps_wait(wait: bool) {
    if wait {
        turns(A_WHILE).await;
    }
}

/// One call that waits for a key, and may be cancelled.
struct Call {
    finished: bool,
}

impl Call {
    fn start() -> Call {
        STARTED.set(STARTED.get() + 1);
        Call { finished: false }
    }

    fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let counter = if self.finished { &FINISHED } else { &CANCELLED };
        counter.set(counter.get() + 1);
    }
}

async fn gate(key: u32) {
    let receiver = GATES.with_borrow_mut(|gates| gates.wait(key));
    receiver.await.expect("a gate is released, never dropped");
}

struct Thing {
    label: String,
}

impl Thing {
    fn new(label: String) -> Thing {
        THINGS.set(THINGS.get() + 1);
        Thing { label }
    }

    fn own(label: impl Into<String>) -> OwnThing {
        OwnThing::new(Thing::new(label.into()))
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        THINGS.set(THINGS.get() - 1);
    }
}

impl GuestThing for Thing {
    fn new(label: String) -> Thing {
        Thing::new(label)
    }

    fn label(&self) -> String {
        self.label.clone()
    }

    async fn prefix(&self, wait: bool, text: String) -> String {
        perhaps_wait(wait).await;
        format!("{}{text}", self.label)
    }

    async fn merge(wait: bool, first: OwnThing, second: OwnThing) -> OwnThing {
        perhaps_wait(wait).await;
        let label = format!(
            "{}{}",
            first.get::<Thing>().label,
            second.get::<Thing>().label
        );
        Thing::own(label)
    }
}

impl peer::Guest for Peer {
    type Thing = Thing;

    fn stats() -> Counts {
        Counts {
            started: STARTED.get(),
            finished: FINISHED.get(),
            cancelled: CANCELLED.get(),
            things: THINGS.get(),
        }
    }

    async fn ready(n: u32) -> u32 {
        n + 1
    }

    async fn ready_nothing() {}

    async fn pending(n: u32) -> u32 {
        turns(A_WHILE).await;
        n + 1
    }

    async fn pending_nothing() {
        turns(A_WHILE).await;
    }

    async fn hold(key: u32) -> u32 {
        let call = Call::start();
        gate(key).await;
        call.finish();
        key
    }

    fn release(key: u32) {
        GATES.with_borrow_mut(|gates| gates.release(key));
    }

    async fn hold_thing(key: u32, taken: OwnThing, note: String) -> (OwnThing, String) {
        let call = Call::start();
        gate(key).await;
        call.finish();
        (taken, note)
    }

    async fn hold_lists(key: u32, lists: Vec<Vec<String>>) -> Vec<Vec<String>> {
        let call = Call::start();
        gate(key).await;
        call.finish();
        lists
    }

    async fn four(wait: bool, a: u16, b: f32, c: u64) -> f64 {
        perhaps_wait(wait).await;
        f64::from(a) + f64::from(b) + c as f64
    }

    async fn five(wait: bool, a: u8, b: i16, c: f64, d: u64) -> f64 {
        perhaps_wait(wait).await;
        f64::from(a) + f64::from(b) + c + d as f64
    }

    async fn seventeen(
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
    ) -> String {
        perhaps_wait(wait).await;
        format!("{a} {b} {c} {d} {e} {f} {g} {h} {i} {j} {k} {l} {m} {n} {o} {p}")
    }

    async fn reverse(wait: bool, text: String) -> String {
        perhaps_wait(wait).await;
        text.chars().rev().collect()
    }

    async fn bump(wait: bool, mut bytes: Vec<u8>) -> Vec<u8> {
        perhaps_wait(wait).await;
        for byte in &mut bytes {
            *byte = byte.wrapping_add(1);
        }
        bytes
    }

    async fn double(wait: bool, lists: Vec<Vec<String>>) -> Vec<Vec<String>> {
        perhaps_wait(wait).await;
        lists
            .into_iter()
            .map(|list| list.into_iter().map(|text| text.repeat(2)).collect())
            .collect()
    }

    async fn sort(wait: bool, mut entry: Entry) -> Entry {
        perhaps_wait(wait).await;
        entry.name.push('!');
        entry.values.sort_unstable();
        entry
    }

    async fn take(wait: bool, taken: OwnThing) -> String {
        perhaps_wait(wait).await;
        taken.get::<Thing>().label.clone()
    }

    async fn take_all(wait: bool, taken: Vec<OwnThing>) -> u32 {
        perhaps_wait(wait).await;
        u32::try_from(taken.len()).expect("fewer than 2^32 things")
    }

    async fn make(wait: bool, label: String) -> OwnThing {
        perhaps_wait(wait).await;
        Thing::own(label)
    }

    async fn make_all(wait: bool, labels: Vec<String>) -> Vec<OwnThing> {
        perhaps_wait(wait).await;
        labels.into_iter().map(Thing::own).collect()
    }

    async fn look(wait: bool, first: ThingBorrow<'_>, second: ThingBorrow<'_>) -> String {
        perhaps_wait(wait).await;
        format!(
            "{}{}",
            first.get::<Thing>().label,
            second.get::<Thing>().label
        )
    }

    async fn judge(wait: bool, taken: OwnThing) -> Result<String, Failure> {
        perhaps_wait(wait).await;
        let label = taken.get::<Thing>().label.clone();
        match label.as_str() {
            "no" => Err(Failure::Refused(label)),
            "back" => Err(Failure::GaveBack(taken)),
            "" => Err(Failure::Unknown),
            _ => Ok(label),
        }
    }
}

impl gated::Guest for Peer {
    fn close() {
        wit_async::backpressure_inc();
    }

    fn open() {
        wit_async::backpressure_dec();
    }

    async fn stubborn(turns: u32, label: String) -> OwnThing {
        // Blocking keeps the task out of its event loop, where alone a cancel
        // request could reach it.
        for _ in 0..turns {
            wit_async::yield_blocking();
        }
        Thing::own(label)
    }
}
