//! What the bindings of this theme are tried on.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/macro-forms",
        world: "peer",
        generate_all,
    });
}

use bindings::exports::test::macro_forms::{
    form_nothing, form_options, form_path, form_world, form_world_path, kinds,
};
use bindings::{wit_future, wit_stream};
use std::cell::Cell;
use wit_async::rt::Map;
use wit_async::{FutureReader, StreamReader};

guest_support::guest!();
bindings::export!(Peer with_types_in bindings);

struct Peer;

struct Counter(Cell<u32>);

impl kinds::Guest for Peer {
    type Counter = Counter;

    fn invert(access: kinds::Access) -> kinds::Access {
        kinds::Access::all() - access
    }

    fn lengths(names: Vec<String>) -> Map<String, u32> {
        let length = |name: &String| u32::try_from(name.len()).expect("short names");
        names
            .into_iter()
            .map(|name| (name.clone(), length(&name)))
            .collect()
    }

    async fn total(lengths: Map<String, u32>) -> u32 {
        lengths.values().sum()
    }

    async fn join(a: String, b: u8, c: String, d: u64, e: String, f: f32) -> String {
        format!("{a}{b}{c}{d}{e}{f}")
    }

    async fn later(value: String) -> FutureReader<String> {
        let (writer, reader) = wit_future::new(String::new);
        wit_async::spawn_local(async move {
            wit_async::yield_async().await;
            writer.write(value).await.expect("the caller awaits it");
        });
        reader
    }

    async fn shout(mut words: StreamReader<String>) -> StreamReader<String> {
        let (mut writer, reader) = wit_stream::new();
        wit_async::spawn_local(async move {
            while let Some(word) = words.next().await {
                let left = writer.write_one(word.to_uppercase()).await;
                assert!(left.is_none(), "the caller reads to the end");
            }
        });
        reader
    }
}

impl kinds::GuestCounter for Counter {
    fn new(start: u32) -> Self {
        Counter(Cell::new(start))
    }

    async fn add(&self, amount: u32) -> u32 {
        wit_async::yield_async().await;
        self.0.set(self.0.get() + amount);
        self.0.get()
    }
}

macro_rules! forms {
    ($($interface:ident => $form:literal,)*) => {$(
        impl $interface::Guest for Peer {
            async fn which() -> String {
                $form.to_owned()
            }
        }
    )*};
}

forms! {
    form_nothing => "nothing",
    form_world => "world",
    form_world_path => "world and path",
    form_path => "path",
    form_options => "options",
}
