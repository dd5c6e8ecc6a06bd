//! Item by item in one guest: the same text for each runtime.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures::future::join;
use futures::stream::StreamExt;

use crate::Runner;
use crate::bindings::exports::test::bench::items::Guest;
use crate::bindings::wit_stream;
use crate::runtime::{StreamResult, StreamWriter};

impl Guest for Runner {
    async fn next(n: u32, size: u32) -> u64 {
        let (writer, mut reader) = wit_stream::new::<u8>();
        let reads = async move {
            let mut sum = 0;
            while let Some(byte) = reader.next().await {
                sum += u64::from(byte);
            }
            sum
        };
        join(reads, chunks(writer, n, size)).await.0
    }

    async fn into_stream(n: u32, size: u32) -> u64 {
        let (writer, reader) = wit_stream::new::<u8>();
        let reads = async move {
            let mut sum = 0;
            let mut bytes = reader.into_stream();
            while let Some(byte) = bytes.next().await {
                sum += u64::from(byte);
            }
            sum
        };
        join(reads, chunks(writer, n, size)).await.0
    }

    async fn into_stream_numbers(n: u32, size: u32) -> u64 {
        let (mut writer, reader) = wit_stream::new::<u32>();
        let reads = async move {
            let mut sum = 0;
            let mut numbers = reader.into_stream();
            while let Some(number) = numbers.next().await {
                sum += u64::from(number);
            }
            sum
        };
        let writes = async move {
            let mut buffer = Vec::with_capacity(size as usize);
            for round in 0..n {
                buffer.extend((0..size).map(|place| bench_work::number(round, place)));
                buffer = writer.write_all(buffer).await;
                buffer.clear();
            }
        };
        join(reads, writes).await.0
    }

    async fn buffered(n: u32, size: u32) -> u64 {
        let (writer, reader) = wit_stream::new::<u8>();
        let reads = async move {
            let mut sum = 0;
            let mut bytes = crate::adapters::buffered(reader, 4096);
            while let Some(byte) = bytes.next().await {
                sum += u64::from(byte);
            }
            sum
        };
        join(reads, chunks(writer, n, size)).await.0
    }

    async fn byte_reader(n: u32, size: u32) -> u64 {
        let (writer, reader) = wit_stream::new::<u8>();
        let reads = crate::adapters::sum_of_bytes(reader);
        join(reads, chunks(writer, n, size)).await.0
    }

    async fn write_one(n: u32, size: u32) -> u64 {
        let (mut writer, mut reader) = wit_stream::new::<u8>();
        let reads = async move {
            let mut sum = 0;
            let mut buffer = Vec::with_capacity(size as usize);
            loop {
                let result;
                (result, buffer) = reader.read(buffer).await;
                for byte in buffer.drain(..) {
                    sum += u64::from(byte);
                }
                if result == StreamResult::Dropped {
                    break sum;
                }
            }
        };
        let writes = async move {
            for round in 0..n {
                for place in 0..size {
                    writer
                        .write_one(bench_work::number(round, place) as u8)
                        .await;
                }
            }
        };
        join(reads, writes).await.0
    }

    async fn cancel(n: u32, size: u32) -> u64 {
        let (writer, mut reader) = wit_stream::new::<u8>();
        let mut buffer = Vec::with_capacity(size as usize);
        let mut sum = 0;
        for _ in 0..n {
            let mut read = pin!(reader.read(buffer));
            let polled = read.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            let result;
            (result, buffer) = match polled {
                Poll::Pending => read.as_mut().cancel(),
                Poll::Ready(done) => done,
            };
            sum += u64::from(result == StreamResult::Cancelled);
        }
        drop(writer);
        sum
    }
}

/// Writes chunks of bytes.
async fn chunks(mut writer: StreamWriter<u8>, n: u32, size: u32) {
    let mut buffer = Vec::with_capacity(size as usize);
    for round in 0..n {
        buffer.resize(size as usize, bench_work::byte(round));
        buffer = writer.write_all(buffer).await;
        buffer.clear();
    }
}
