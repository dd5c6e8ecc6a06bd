//! What the versions import: calls, futures and streams that wait at gates.

mod gates;

mod bindings {
    wit_async::generate!({
        path: "../../../wit/interop",
        world: "peer-world",
        generate_all,
    });
}

use bindings::exports::test::interop::peer::Guest;
use bindings::{wit_future, wit_stream};
use wit_async::{FutureReader, StreamReader, StreamResult};

guest_support::guest!();
bindings::export!(Peer with_types_in bindings);

struct Peer;

impl Guest for Peer {
    async fn echo(value: u32) -> u32 {
        // A call that returned at once would not meet the caller's executor.
        wit_async::yield_async().await;
        value
    }

    async fn pass(gate: u32) -> u32 {
        gates::pass(gate).await
    }

    async fn promise(gate: u32) -> FutureReader<u32> {
        let (writer, reader) = wit_future::new(|| panic!("the promise was not kept"));
        wit_async::spawn_local(async move {
            let value = gates::pass(gate).await;
            // The reader may be gone: some scenarios drop it.
            let _ = writer.write(value).await;
        });
        reader
    }

    async fn numbers(gate: u32) -> StreamReader<u32> {
        let (mut writer, reader) = wit_stream::new();
        wit_async::spawn_local(async move {
            let count = gates::pass(gate).await;
            // The reader may be gone: some scenarios drop it.
            let _ = writer.write_all((0..count).collect()).await;
        });
        reader
    }

    async fn sum(mut items: StreamReader<u32>) -> u32 {
        let mut sum = 0;
        loop {
            let (status, read) = items.read(Vec::with_capacity(16)).await;
            sum += read.iter().sum::<u32>();
            if status == StreamResult::Dropped {
                return sum;
            }
        }
    }

    fn open(gate: u32, value: u32) {
        gates::open(gate, value);
    }
}
