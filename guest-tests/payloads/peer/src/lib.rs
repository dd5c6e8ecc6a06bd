//! Holds the other ends of the streams and futures of the payload scenarios.
//! It knows nothing about the values: it gets them, and hands them back.

mod ends;

mod bindings {
    wit_async::generate!({
        path: "../../../wit/payloads",
        world: "peer",
        generate_all,
    });
}

use bindings::exports::test::payloads as wit;
use bindings::{wit_future, wit_stream};
use ends::Ends;
use wit_async::{FutureReader, StreamReader};

guest_support::guest!();
bindings::export!(Peer with_types_in bindings);

struct Peer;

impl wit::peers::Guest for Peer {
    fn which() -> wit::peers::Kind {
        wit::peers::Kind::Guest
    }
}

/// The default of the peer's futures. It is told to write each of them.
fn unwritten<T>() -> T {
    panic!("the peer was never told to write its future")
}

macro_rules! streams {
    ($payload:ty) => {
        async fn keep_stream(reader: StreamReader<$payload>) {
            ENDS.with(|ends| ends.keep_stream(reader));
        }

        async fn read_stream(most: u32) -> (Vec<$payload>, bool) {
            ENDS.with(|ends| *ends).read_stream(most).await
        }

        async fn drop_stream_reader() {
            ENDS.with(|ends| ends.drop_stream_reader());
        }

        async fn open_stream() -> StreamReader<$payload> {
            ENDS.with(|ends| ends.open_stream(wit_stream::new()))
        }

        async fn write_stream(items: Vec<$payload>) -> (Vec<$payload>, bool) {
            ENDS.with(|ends| *ends).write_stream(items).await
        }

        async fn drop_stream_writer() {
            ENDS.with(|ends| ends.drop_stream_writer());
        }
    };
}

macro_rules! futures {
    ($payload:ty) => {
        async fn keep_future(reader: FutureReader<$payload>) {
            ENDS.with(|ends| ends.keep_future(reader));
        }

        async fn read_future() -> $payload {
            ENDS.with(|ends| *ends).read_future().await
        }

        async fn drop_future_reader() {
            ENDS.with(|ends| ends.drop_future_reader());
        }

        async fn open_future() -> FutureReader<$payload> {
            ENDS.with(|ends| ends.open_future(wit_future::new(unwritten)))
        }

        async fn write_future(value: $payload) -> Option<$payload> {
            ENDS.with(|ends| *ends).write_future(value).await
        }
    };
}

/// The ends of one payload, for as long as the instance lives.
macro_rules! ends {
    ($payload:ty) => {
        thread_local! {
            static ENDS: &'static Ends<$payload> = Box::leak(Box::new(Ends::new()));
        }
    };
}

macro_rules! peers {
    ($($module:ident),* $(,)?) => {$(
        const _: () = {
            use wit::$module::{Guest, Payload};

            ends!(Payload);

            impl Guest for Peer {
                streams!(Payload);
                futures!(Payload);
            }
        };
    )*};
}

peers! {
    u8_peer,
    u32_peer,
    s64_peer,
    f64_peer,
    bool_peer,
    string_peer,
    bytes_peer,
    nested_list_peer,
    record_peer,
    tuple_peer,
    variant_peer,
    enum_peer,
    flags_peer,
    option_peer,
    result_peer,
    stream_end_peer,
    future_end_peer,
    record_of_ends_peer,
    list_of_ends_peer,
    zero_sized_peer,
}

/// There is no stream of characters.
mod characters {
    use super::*;
    use wit::char_peer::{Guest, Payload};

    ends!(Payload);

    impl Guest for Peer {
        futures!(Payload);
    }
}

/// The peer owns the resource, and counts it.
mod resources {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use super::*;
    use wit::resource_peer::{Guest, GuestToken, Payload};

    static LIVE: AtomicU32 = AtomicU32::new(0);

    pub struct Token(u32);

    impl GuestToken for Token {
        fn new(number: u32) -> Token {
            LIVE.fetch_add(1, Relaxed);
            Token(number)
        }

        fn number(&self) -> u32 {
            self.0
        }
    }

    impl Drop for Token {
        fn drop(&mut self) {
            LIVE.fetch_sub(1, Relaxed);
        }
    }

    ends!(Payload);

    impl Guest for Peer {
        type Token = Token;

        fn live() -> u32 {
            LIVE.load(Relaxed)
        }

        streams!(Payload);
        futures!(Payload);
    }
}

/// A list of nothing is a number.
mod units {
    use super::*;
    use wit::unit_peer::Guest;

    ends!(());

    /// How many there are.
    fn count(items: Vec<()>) -> u32 {
        u32::try_from(items.len()).expect("a scenario sends few items")
    }

    impl Guest for Peer {
        async fn keep_stream(reader: StreamReader<()>) {
            ENDS.with(|ends| ends.keep_stream(reader));
        }

        async fn read_stream(most: u32) -> (u32, bool) {
            let (items, gone) = ENDS.with(|ends| *ends).read_stream(most).await;
            (count(items), gone)
        }

        async fn drop_stream_reader() {
            ENDS.with(|ends| ends.drop_stream_reader());
        }

        async fn open_stream() -> StreamReader<()> {
            ENDS.with(|ends| ends.open_stream(wit_stream::new()))
        }

        async fn write_stream(items: u32) -> (u32, bool) {
            let (unsent, gone) = ENDS
                .with(|ends| *ends)
                .write_stream(vec![(); items as usize])
                .await;
            (count(unsent), gone)
        }

        async fn drop_stream_writer() {
            ENDS.with(|ends| ends.drop_stream_writer());
        }

        async fn keep_future(reader: FutureReader<()>) {
            ENDS.with(|ends| ends.keep_future(reader));
        }

        async fn read_future() {
            ENDS.with(|ends| *ends).read_future().await;
        }

        async fn drop_future_reader() {
            ENDS.with(|ends| ends.drop_future_reader());
        }

        async fn open_future() -> FutureReader<()> {
            ENDS.with(|ends| ends.open_future(wit_future::new(unwritten)))
        }

        async fn write_future() -> bool {
            ENDS.with(|ends| *ends).write_future(()).await.is_some()
        }
    }
}
