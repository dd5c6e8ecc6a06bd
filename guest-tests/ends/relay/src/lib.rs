//! The other end of the streams and futures of the runners.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/ends",
        world: "relay-guest",
        generate_all,
    });
}

mod keeper;

use bindings::test::ends::far;
use bindings::{wit_future, wit_stream};
use guest_support::check::turns;
use wit_async::{FutureReader, StreamReader, StreamResult, spawn_local};

guest_support::guest!();
bindings::export!(Relay with_types_in bindings);

struct Relay;

/// How many bytes `pump` takes at once.
const CHUNK: usize = 1000;

async fn perhaps_wait(wait: bool) {
    if wait {
        turns(3).await;
    }
}

impl bindings::exports::test::ends::relay::Guest for Relay {
    // Written by a third instance, so that both this one and the runner may
    // read: what came back to the instance that made it traps.
    async fn words(count: u32) -> StreamReader<String> {
        far::words(count).await
    }

    async fn collect_words(words: StreamReader<String>) -> Vec<String> {
        words.collect().await
    }

    async fn take_words(mut words: StreamReader<String>, count: u32) -> Vec<String> {
        let mut taken = Vec::new();
        for _ in 0..count {
            taken.extend(words.next().await);
        }
        taken
    }

    async fn drop_words(words: StreamReader<String>, wait: bool) {
        perhaps_wait(wait).await;
        drop(words);
    }

    async fn pass_words(words: StreamReader<String>) -> StreamReader<String> {
        words
    }

    async fn pump(mut bytes: StreamReader<u8>) -> StreamReader<u8> {
        let (mut writer, reader) = wit_stream::new();
        spawn_local(async move {
            let mut buffer = Vec::with_capacity(CHUNK);
            loop {
                let (result, items) = bytes.read(buffer).await;
                let ended = result == StreamResult::Dropped;
                let rest = writer.write_all(items).await;
                if ended || !rest.is_empty() {
                    break;
                }
                buffer = rest;
                buffer.reserve(CHUNK);
            }
        });
        reader
    }

    async fn value(text: String, wait: bool) -> FutureReader<String> {
        let (writer, reader) = wit_future::new(|| unreachable!("the value is written"));
        spawn_local(async move {
            perhaps_wait(wait).await;
            // The runner may have no use for it.
            let _ = writer.write(text).await;
        });
        reader
    }

    async fn read_value(value: FutureReader<String>) -> String {
        value.await
    }

    async fn drop_value(value: FutureReader<String>, wait: bool) {
        perhaps_wait(wait).await;
        drop(value);
    }

    async fn pass_value(value: FutureReader<String>) -> FutureReader<String> {
        value
    }

    async fn ticks(count: u64) -> StreamReader<()> {
        let (mut writer, reader) = wit_stream::new();
        spawn_local(async move {
            let count = usize::try_from(count).expect("fits this machine");
            assert!(
                writer.write_all(vec![(); count]).await.is_empty(),
                "the runner reads all"
            );
        });
        reader
    }

    async fn count_ticks(ticks: StreamReader<()>) -> u64 {
        ticks.collect().await.len() as u64
    }
}
