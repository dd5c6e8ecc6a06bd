//! What all bindings of this theme are put through, wherever they came from.

use crate::bindings::exports::test::macro_forms::exported;
use crate::bindings::test::macro_forms::kinds::{self, Access, Counter};
use crate::bindings::{wit_future, wit_stream};
use crate::runtime::{self, FutureReader, StreamReader, StreamResult};
use futures::join;
use std::cell::Cell;

/// One of everything, imported.
pub async fn kinds() {
    assert_eq!(kinds::invert(Access::READ | Access::RUN), Access::WRITE);

    let lengths = kinds::lengths(&["a".to_owned(), "bcd".to_owned()]);
    assert_eq!(lengths.get("bcd"), Some(&3));
    assert_eq!(kinds::total(lengths).await, 4);

    let counter = Counter::new(5);
    assert_eq!(counter.add(2).await, 7);
    assert_eq!(counter.add(3).await, 10);

    let joined = kinds::join("a".into(), 1, "c".into(), 2, "e".into(), 0.5).await;
    assert_eq!(joined, "a1c2e0.5");
    assert_eq!(kinds::later("later".into()).await.await, "later");

    let (mut writer, reader) = wit_stream::new();
    let (words, ()) = join!(
        async { all(kinds::shout(reader).await).await },
        async move {
            let words = ["one", "two", "three"].map(str::to_owned);
            let left = writer.write_all(words.into()).await;
            assert!(left.is_empty(), "the other side reads to the end");
        }
    );
    assert_eq!(words, ["ONE", "TWO", "THREE"]);
}

/// A future that is spawned, waits, and is joined.
pub async fn spawned() {
    let handle = runtime::spawn_local(async {
        runtime::yield_async().await;
        kinds::later("spawned".into()).await.await
    });
    assert_eq!(handle.await.as_deref(), Some("spawned"));
}

/// Nothing asynchronous at all.
pub fn synchronous() {
    assert_eq!(kinds::invert(Access::empty()), Access::all());
}

async fn all(mut words: StreamReader<String>) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let (status, some) = words.read(Vec::with_capacity(2)).await;
        all.extend(some);
        if status == StreamResult::Dropped {
            return all;
        }
    }
}

/// The type that all interfaces of the guest are exported from.
pub struct Forms;

/// An exported resource.
pub struct Thing {
    value: Cell<u32>,
}

impl exported::Guest for Forms {
    type Thing = Thing;

    async fn pass(
        mark: exported::Mark,
        lengths: runtime::rt::Map<String, u32>,
        things: Vec<exported::Thing>,
        words: StreamReader<String>,
    ) -> FutureReader<String> {
        let values: u32 = things
            .iter()
            .map(|thing| thing.get::<Thing>().value.get())
            .sum();
        let words = all(words).await;
        let (writer, reader) = wit_future::new(String::new);
        runtime::spawn_local(async move {
            let text = format!("{mark:?} {lengths:?} {values} {words:?}");
            writer.write(text).await.expect("the reader waits");
        });
        reader
    }

    fn plain(words: Vec<String>) -> String {
        words.concat()
    }
}

impl exported::GuestThing for Thing {
    fn new(value: u32) -> Self {
        Thing {
            value: Cell::new(value),
        }
    }

    fn value(&self) -> u32 {
        self.value.get()
    }

    async fn later(&self) -> u32 {
        runtime::yield_async().await;
        self.value.get()
    }

    fn take(thing: exported::Thing) -> u32 {
        thing.into_inner::<Thing>().value.get()
    }
}
