//! Streams between this guest and its peer: the same text for each runtime.

use futures::future::join;

use crate::Runner;
use crate::bindings::exports::test::bench::streams::Guest;
use crate::bindings::test::bench::peer::{self, Point, Token};
use crate::bindings::wit_stream;
use crate::runtime::{StreamReader, StreamResult, StreamWriter};

impl Guest for Runner {
    async fn bytes_out(n: u32, size: u32) -> u64 {
        bytes(n, size, bench_work::ROOM.max(size)).await
    }

    async fn bytes_in_step(n: u32, size: u32) -> u64 {
        bytes(n, size, size).await
    }

    async fn bytes_in(n: u32, size: u32) -> u64 {
        let mut reader: StreamReader<u8> = peer::give_bytes(size, n).await;
        let mut buffer = Vec::with_capacity(size as usize);
        let mut look = bench_work::Look::new();
        loop {
            let result;
            (result, buffer) = reader.read(buffer).await;
            look.at(&buffer);
            buffer.clear();
            if result == StreamResult::Dropped {
                break look.sum();
            }
        }
    }

    async fn numbers(n: u32, size: u32) -> u64 {
        let (writer, reader) = wit_stream::new::<u32>();
        let writes = write(writer, n, size, bench_work::number);
        join(peer::take_numbers(reader, size), writes).await.0
    }

    async fn points(n: u32, size: u32) -> u64 {
        let (writer, reader) = wit_stream::new::<Point>();
        let writes = write(writer, n, size, |round, place| Point {
            x: round,
            y: place,
            weight: 1.0,
        });
        join(peer::take_points(reader, size), writes).await.0
    }

    async fn texts(n: u32, size: u32) -> u64 {
        let (writer, reader) = wit_stream::new::<String>();
        let writes = write(writer, n, size, |round, place| {
            let text = bench_work::text(round, place);
            std::str::from_utf8(&text).unwrap_or_default().to_owned()
        });
        join(peer::take_texts(reader, size), writes).await.0
    }

    async fn tokens(n: u32, size: u32) -> u64 {
        let (writer, reader) = wit_stream::new::<Token>();
        let writes = write(writer, n, size, |_, place| Token::new(place));
        join(peer::take_tokens(reader, size), writes).await.0
    }
}

/// Writes chunks of bytes to the peer, which has room for so many.
async fn bytes(n: u32, size: u32, room: u32) -> u64 {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let writes = async move {
        let mut buffer = Vec::with_capacity(size as usize);
        for round in 0..n {
            buffer.resize(size as usize, bench_work::byte(round));
            buffer = writer.write_all(buffer).await;
            buffer.clear();
        }
    };
    join(peer::take_bytes(reader, room), writes).await.0
}

/// Writes: one at a time as one would, or in batches.
async fn write<T>(mut writer: StreamWriter<T>, n: u32, size: u32, make: impl Fn(u32, u32) -> T)
where
    T: wit_stream::StreamPayload,
{
    if size == 1 {
        for round in 0..n {
            writer.write_one(make(round, 0)).await;
        }
        return;
    }
    let mut buffer = Vec::with_capacity(size as usize);
    for round in 0..n {
        buffer.extend((0..size).map(|place| make(round, place)));
        buffer = writer.write_all(buffer).await;
        buffer.clear();
    }
}
