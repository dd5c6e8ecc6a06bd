//! Another component, to which ends are handed away.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/pairs",
        world: "peer-guest",
        generate_all,
    });
}

use std::cell::Cell;

use bindings::exports::test::pairs::{peer, vault};
use wit_async::{FutureReader, StreamReader};

guest_support::guest!();
bindings::export!(Peer with_types_in bindings);

thread_local! {
    static COINS: Cell<u32> = const { Cell::new(0) };
}

struct Peer;

impl peer::Guest for Peer {
    async fn collect(words: StreamReader<String>) -> Vec<String> {
        words.collect().await
    }

    async fn collect_streams(mut streams: StreamReader<StreamReader<String>>) -> Vec<Vec<String>> {
        let mut collected = Vec::new();
        while let Some(words) = streams.next().await {
            collected.push(words.collect().await);
        }
        collected
    }

    async fn read_value(value: FutureReader<String>) -> String {
        value.await
    }

    async fn pass(words: StreamReader<String>) -> StreamReader<String> {
        words
    }

    async fn pass_streams(
        streams: StreamReader<StreamReader<String>>,
    ) -> StreamReader<StreamReader<String>> {
        streams
    }

    async fn pass_value(value: FutureReader<String>) -> FutureReader<String> {
        value
    }
}

impl vault::Guest for Peer {
    type Coin = Coin;

    fn coins() -> u32 {
        COINS.get()
    }
}

/// A coin as its owner sees it.
struct Coin(String);

impl vault::GuestCoin for Coin {
    fn new(label: String) -> Coin {
        COINS.set(COINS.get() + 1);
        Coin(label)
    }

    fn label(&self) -> String {
        self.0.clone()
    }
}

impl Drop for Coin {
    fn drop(&mut self) {
        COINS.set(COINS.get() - 1);
    }
}
