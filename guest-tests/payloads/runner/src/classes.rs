//! Each payload class: the type, how a value is made and compared, and the
//! scenarios it has.

use std::fmt::Debug;

use wit_async::{FutureReader, FutureWriter, StreamReader, StreamWriter, spawn_local};

use crate::Runner;
use crate::bindings::exports::test::payloads as scenarios;
use crate::bindings::test::payloads as peers;
use crate::bindings::{wit_future, wit_stream};
use crate::class::{Class, DEFAULT, Futures, Streams};
use crate::{future_ends, stream_reads, stream_writes};

/// The two traits, by way of the peer of the class.
macro_rules! streams_by_peer {
    ($class:ident, $peer:ident) => {
        impl Streams for $class {
            fn stream() -> (StreamWriter<Self::Item>, StreamReader<Self::Item>) {
                wit_stream::new()
            }

            async fn keep_stream(reader: StreamReader<Self::Item>) {
                peers::$peer::keep_stream(reader).await;
            }

            async fn read_stream(most: u32) -> (Vec<Self::Item>, bool) {
                peers::$peer::read_stream(most).await
            }

            async fn drop_stream_reader() {
                peers::$peer::drop_stream_reader().await;
            }

            async fn open_stream() -> StreamReader<Self::Item> {
                peers::$peer::open_stream().await
            }

            async fn write_stream(items: Vec<Self::Item>) -> (Vec<Self::Item>, bool) {
                peers::$peer::write_stream(items).await
            }

            async fn drop_stream_writer() {
                peers::$peer::drop_stream_writer().await;
            }
        }
    };
}

macro_rules! futures_by_peer {
    ($class:ident, $peer:ident) => {
        impl Futures for $class {
            fn future() -> (FutureWriter<Self::Item>, FutureReader<Self::Item>) {
                wit_future::new(|| Self::make(DEFAULT))
            }

            async fn keep_future(reader: FutureReader<Self::Item>) {
                peers::$peer::keep_future(reader).await;
            }

            async fn read_future() -> Self::Item {
                peers::$peer::read_future().await
            }

            async fn drop_future_reader() {
                peers::$peer::drop_future_reader().await;
            }

            async fn open_future() -> FutureReader<Self::Item> {
                peers::$peer::open_future().await
            }

            async fn write_future(value: Self::Item) -> Option<Self::Item> {
                peers::$peer::write_future(value).await
            }
        }
    };
}

/// The methods of a scenarios interface.
macro_rules! stream_scenarios {
    ($class:ident) => {
        async fn stream_read_transfers() {
            stream_reads::transfers::<$class>().await;
            $class::nothing_left();
        }

        async fn stream_write_transfers() {
            stream_writes::transfers::<$class>().await;
            $class::nothing_left();
        }

        async fn stream_zero_length() {
            stream_writes::zero_length::<$class>().await;
            $class::nothing_left();
        }

        async fn stream_read_drops() {
            stream_reads::drops::<$class>().await;
            $class::nothing_left();
        }

        async fn stream_write_drops() {
            stream_writes::drops::<$class>().await;
            $class::nothing_left();
        }

        async fn stream_read_cancels() {
            stream_reads::cancels::<$class>().await;
            $class::nothing_left();
        }

        async fn stream_write_cancels() {
            stream_writes::cancels::<$class>().await;
            $class::nothing_left();
        }

        async fn stream_abandoned_read() {
            stream_reads::abandoned::<$class>().await;
            $class::nothing_left();
        }
    };
}

macro_rules! future_scenarios {
    ($class:ident) => {
        async fn future_read_transfers() {
            future_ends::read_transfers::<$class>().await;
            $class::nothing_left();
        }

        async fn future_write_transfers() {
            future_ends::write_transfers::<$class>().await;
            $class::nothing_left();
        }

        async fn future_drops() {
            future_ends::drops::<$class>().await;
            $class::nothing_left();
        }

        async fn future_read_cancels() {
            future_ends::read_cancels::<$class>().await;
            $class::nothing_left();
        }

        async fn future_write_cancels() {
            future_ends::write_cancels::<$class>().await;
            $class::nothing_left();
        }
    };
}

/// A class whose values can be compared by what `Debug` prints of them.
macro_rules! plain {
    ($($class:ident: $peer:ident, $scenarios:ident, |$seed:ident| $make:expr;)*) => {$(
        struct $class;

        impl Class for $class {
            type Item = peers::$peer::Payload;

            fn make($seed: u32) -> Self::Item {
                $make
            }

            async fn check(item: Self::Item, seed: u32) {
                same(&item, &Self::make(seed), seed);
            }
        }

        streams_by_peer!($class, $peer);
        futures_by_peer!($class, $peer);

        impl scenarios::$scenarios::Guest for Runner {
            stream_scenarios!($class);
            future_scenarios!($class);
        }
    )*};
}

/// Demands that two values print the same.
fn same<T: Debug>(found: &T, expected: &T, seed: u32) {
    assert_eq!(
        format!("{found:?}"),
        format!("{expected:?}"),
        "the item of {seed}"
    );
}

/// Few values, in an order that no shift by one or two repeats.
fn coin(seed: u32) -> bool {
    seed.count_ones().is_multiple_of(2)
}

/// Text of different lengths, some of it empty, some not ASCII.
fn text(seed: u32) -> String {
    format!("{seed}é✓").repeat((seed % 4) as usize)
}

plain! {
    U8: u8_peer, scenarios_u8, |seed| seed as u8 ^ 0x80;
    U32: u32_peer, scenarios_u32, |seed| seed.wrapping_mul(0x9e37_79b9);
    S64: s64_peer, scenarios_s64, |seed| i64::from(seed) * -0x1_0000_0003;
    F64: f64_peer, scenarios_f64, |seed| f64::from(seed) / -7.0;
    Bool: bool_peer, scenarios_bool, |seed| coin(seed);
    Text: string_peer, scenarios_string, |seed| text(seed);
    Bytes: bytes_peer, scenarios_bytes, |seed| vec![seed as u8; (seed % 5) as usize * 9];
    NestedList: nested_list_peer, scenarios_nested_list, |seed| {
        (0..seed % 4).map(|row| (0..row + seed % 2).map(|n| text(seed + n)).collect()).collect()
    };
    Record: record_peer, scenarios_record, |seed| peers::record_peer::Payload {
        id: seed,
        name: text(seed),
        ratio: f64::from(seed) * 0.25,
        small: seed as u8,
    };
    Tuple: tuple_peer, scenarios_tuple, |seed| (seed as u8, text(seed), u64::from(seed) << 40);
    Variant: variant_peer, scenarios_variant, |seed| {
        use peers::variant_peer::Payload;
        match seed % 4 {
            0 => Payload::Nothing,
            1 => Payload::Number(u64::from(seed) << 33),
            2 => Payload::Text(text(seed)),
            _ => Payload::Numbers(vec![seed as u16; 3]),
        }
    };
    Enum: enum_peer, scenarios_enum, |seed| {
        use peers::enum_peer::Payload;
        [Payload::Spring, Payload::Summer, Payload::Autumn, Payload::Winter][(seed % 4) as usize]
    };
    Flags: flags_peer, scenarios_flags, |seed| {
        peers::flags_peer::Payload::from_bits_truncate((seed as u8).wrapping_mul(7) & 0x1f)
    };
    Optional: option_peer, scenarios_option, |seed| (!seed.is_multiple_of(3)).then(|| text(seed));
    Fallible: result_peer, scenarios_result, |seed| {
        if coin(seed) { Ok(seed) } else { Err(text(seed)) }
    };
    ZeroSized: zero_sized_peer, scenarios_zero_sized, |_seed| {
        use peers::zero_sized_peer::{Only, Payload};
        Payload { first: Only::One, second: Only::One }
    };
}

/// What the class is about: no room in Rust, and a byte in the ABI.
const _: () = assert!(size_of::<peers::zero_sized_peer::Payload>() == 0);

/// There is no stream of characters.
struct Char;

impl Class for Char {
    type Item = char;

    fn make(seed: u32) -> char {
        char::from_u32(0x1f300 + seed).expect("a character")
    }

    async fn check(item: char, seed: u32) {
        assert_eq!(item, Self::make(seed));
    }
}

futures_by_peer!(Char, char_peer);

impl scenarios::scenarios_char::Guest for Runner {
    future_scenarios!(Char);
}

/// Handles that the peer counts.
struct Resource;

impl Class for Resource {
    type Item = peers::resource_peer::Token;

    fn make(seed: u32) -> Self::Item {
        peers::resource_peer::Token::new(seed)
    }

    async fn check(item: Self::Item, seed: u32) {
        assert_eq!(item.number(), seed);
    }

    fn nothing_left() {
        assert_eq!(
            peers::resource_peer::live(),
            0,
            "tokens that nobody dropped"
        );
    }
}

streams_by_peer!(Resource, resource_peer);
futures_by_peer!(Resource, resource_peer);

impl scenarios::scenarios_resource::Guest for Runner {
    stream_scenarios!(Resource);
    future_scenarios!(Resource);
}

/// What a stream inside a payload carries.
fn inner_items(seed: u32) -> Vec<u8> {
    (0..5).map(|n| (seed * 5 + n) as u8).collect()
}

/// A stream that a task of its own writes, to whoever ends up with it.
fn inner_stream(seed: u32) -> StreamReader<u8> {
    let (mut writer, reader) = wit_stream::new::<u8>();
    spawn_local(async move {
        writer.write_all(inner_items(seed)).await;
    });
    reader
}

/// A future that a task of its own writes, to whoever ends up with it.
fn inner_future(seed: u32) -> FutureReader<u32> {
    let (writer, reader) = wit_future::new::<u32>(|| panic!("the task writes it"));
    spawn_local(async move {
        // Nobody may want it.
        let _ = writer.write(seed).await;
    });
    reader
}

/// A class whose values hold ends, which are compared by reading them.
macro_rules! ends {
    ($($class:ident: $peer:ident, $scenarios:ident, make $make:expr, check $check:expr;)*) => {$(
        struct $class;

        impl Class for $class {
            type Item = peers::$peer::Payload;

            fn make(seed: u32) -> Self::Item {
                $make(seed)
            }

            async fn check(item: Self::Item, seed: u32) {
                $check(item, seed).await;
            }
        }

        streams_by_peer!($class, $peer);
        futures_by_peer!($class, $peer);

        impl scenarios::$scenarios::Guest for Runner {
            stream_scenarios!($class);
            future_scenarios!($class);
        }
    )*};
}

ends! {
    StreamEnd: stream_end_peer, scenarios_stream_end,
        make inner_stream,
        check async |item: StreamReader<u8>, seed| {
            assert_eq!(item.collect().await, inner_items(seed));
        };
    FutureEnd: future_end_peer, scenarios_future_end,
        make inner_future,
        check async |item: FutureReader<u32>, seed| assert_eq!(item.await, seed);
    RecordOfEnds: record_of_ends_peer, scenarios_record_of_ends,
        make |seed| peers::record_of_ends_peer::Payload {
            id: seed,
            items: inner_stream(seed),
            total: inner_future(seed + 7),
        },
        check async |item: peers::record_of_ends_peer::Payload, seed| {
            assert_eq!(item.id, seed);
            assert_eq!(item.items.collect().await, inner_items(seed));
            assert_eq!(item.total.await, seed + 7);
        };
    ListOfEnds: list_of_ends_peer, scenarios_list_of_ends,
        make |seed| {
            let pair = |n| (inner_stream(seed + n), inner_future(seed + n));
            (0..seed % 3).map(pair).collect::<Vec<_>>()
        },
        check async |item: Vec<(StreamReader<u8>, FutureReader<u32>)>, seed: u32| {
            assert_eq!(item.len(), (seed % 3) as usize);
            for (seed, (items, total)) in (seed..).zip(item) {
                assert_eq!(items.collect().await, inner_items(seed));
                assert_eq!(total.await, seed);
            }
        };
}

/// Nothing at all: a list of it is a number.
struct Unit;

/// How many there are.
fn count(items: Vec<()>) -> u32 {
    u32::try_from(items.len()).expect("a scenario sends few items")
}

impl Class for Unit {
    type Item = ();

    fn make(_seed: u32) {}

    async fn check((): (), _seed: u32) {}
}

impl Streams for Unit {
    fn stream() -> (StreamWriter<()>, StreamReader<()>) {
        wit_stream::new()
    }

    async fn keep_stream(reader: StreamReader<()>) {
        peers::unit_peer::keep_stream(reader).await;
    }

    async fn read_stream(most: u32) -> (Vec<()>, bool) {
        let (items, gone) = peers::unit_peer::read_stream(most).await;
        (vec![(); items as usize], gone)
    }

    async fn drop_stream_reader() {
        peers::unit_peer::drop_stream_reader().await;
    }

    async fn open_stream() -> StreamReader<()> {
        peers::unit_peer::open_stream().await
    }

    async fn write_stream(items: Vec<()>) -> (Vec<()>, bool) {
        let (unsent, gone) = peers::unit_peer::write_stream(count(items)).await;
        (vec![(); unsent as usize], gone)
    }

    async fn drop_stream_writer() {
        peers::unit_peer::drop_stream_writer().await;
    }
}

impl Futures for Unit {
    fn future() -> (FutureWriter<()>, FutureReader<()>) {
        wit_future::new(|| ())
    }

    async fn keep_future(reader: FutureReader<()>) {
        peers::unit_peer::keep_future(reader).await;
    }

    async fn read_future() {
        peers::unit_peer::read_future().await;
    }

    async fn drop_future_reader() {
        peers::unit_peer::drop_future_reader().await;
    }

    async fn open_future() -> FutureReader<()> {
        peers::unit_peer::open_future().await
    }

    async fn write_future((): ()) -> Option<()> {
        peers::unit_peer::write_future().await.then_some(())
    }
}

impl scenarios::scenarios_unit::Guest for Runner {
    stream_scenarios!(Unit);
    future_scenarios!(Unit);
}
