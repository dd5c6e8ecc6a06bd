//! A guest that knows only wit-bindgen and the wasip3 crate, on the runtime of
//! wit-async: nothing but the `[patch]` table in its manifest says so.

mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/patch",
        world: "patch",
        generate_all,
    });
}

use bindings::exports::test::patch::scenarios::Guest;
use futures::channel::{mpsc, oneshot};
use futures::future::{Either, select};
use futures::{SinkExt, StreamExt, join, poll};
use std::future::IntoFuture;
use std::pin::pin;
use wasip3::cli::{stdin, stdout};
use wasip3::clocks::monotonic_clock::{now, wait_for};
use wit_bindgen::StreamResult;

guest_support::guest!();
bindings::export!(Patch with_types_in bindings);

struct Patch;

const MILLISECOND: u64 = 1_000_000;
const HOUR: u64 = 3_600_000 * MILLISECOND;

impl Guest for Patch {
    fn types_are_one() {
        // Each of these would not compile with two runtimes in the graph.
        fn stream(reader: wasip3::wit_bindgen::StreamReader<u8>) -> wit_async::StreamReader<u8> {
            reader
        }
        fn future(reader: wit_bindgen::FutureReader<u8>) -> wit_async::FutureReader<u8> {
            reader
        }
        let (writer, reader) = wasip3::wit_stream::new::<u8>();
        let writer: wit_async::StreamWriter<u8> = writer;
        drop((writer, stream(reader)));
        let _ = future;
    }

    async fn clock_waits() {
        let start = now();
        join!(wait_for(2 * MILLISECOND), wait_for(MILLISECOND));
        assert!(now() - start >= 2 * MILLISECOND);
    }

    async fn clock_wait_dropped() {
        match select(pin!(wait_for(HOUR)), pin!(wait_for(MILLISECOND))).await {
            Either::Right(((), _hour)) => {}
            Either::Left(_) => panic!("an hour has not passed"),
        }
        wait_for(MILLISECOND).await;
    }

    async fn standard_output() {
        let (mut writer, reader) = wasip3::wit_stream::new::<u8>();
        let written = stdout::write_via_stream(reader).into_future();
        let (result, ()) = join!(written, async move {
            for line in ["one\n", "two\n"] {
                let left = writer.write_all(line.into()).await;
                assert!(left.is_empty(), "standard output takes everything");
            }
        });
        result.expect("standard output is open");
    }

    async fn standard_output_dropped() {
        let (writer, reader) = wasip3::wit_stream::new::<u8>();
        let written = stdout::write_via_stream(reader).into_future();
        drop(writer);
        written
            .await
            .expect("no bytes are written without an error");
    }

    async fn standard_input() {
        let (mut bytes, result) = stdin::read_via_stream();
        loop {
            let (status, _) = bytes.read(Vec::with_capacity(64)).await;
            if status == StreamResult::Dropped {
                break;
            }
        }
        result.await.expect("standard input ends without an error");
        // Once more: the end stays the end.
        let (status, more) = bytes.read(Vec::with_capacity(64)).await;
        assert_eq!((status, more.len()), (StreamResult::Dropped, 0));
    }

    async fn standard_input_dropped() {
        let (bytes, result) = stdin::read_via_stream();
        drop(bytes);
        drop(result);
        wait_for(MILLISECOND).await;
    }

    async fn spawned() {
        let first = wasip3::spawn_local(async {
            wait_for(2 * MILLISECOND).await;
            2
        });
        let second = wit_bindgen::spawn_local(async {
            wait_for(MILLISECOND).await;
            1
        });
        assert_eq!(join!(first, second), (Some(2), Some(1)));
    }

    async fn channel_between_tasks() {
        let (mut sender, mut receiver) = mpsc::channel(1);
        let producer = wasip3::spawn_local(async move {
            for item in 0..10 {
                wait_for(MILLISECOND / 10).await;
                sender.send(item).await.expect("the receiver is there");
            }
        });
        let mut seen = Vec::new();
        while let Some(item) = receiver.next().await {
            seen.push(item);
        }
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
        assert_eq!(producer.await, Some(()));
    }

    async fn blocked_on() {
        // The future borrows: there is no `'static` bound.
        let wait = MILLISECOND;
        let (sender, receiver) = oneshot::channel();
        let mut receiver = pin!(receiver);
        assert!(poll!(receiver.as_mut()).is_pending(), "nothing was sent");
        wit_bindgen::block_on(async {
            wait_for(wait).await;
            sender.send(&wait).expect("the receiver is there");
        });
        assert_eq!(receiver.await, Ok(&wait));
    }

    fn random_numbers() {
        let bytes = wasip3::random::random::get_random_bytes(16);
        assert_eq!(bytes.len(), 16);
    }
}
