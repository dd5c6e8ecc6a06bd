//! Calls of imports, and of exports: the same text for each runtime.

use futures::future::join;
use futures::stream::{FuturesUnordered, StreamExt};

use crate::Runner;
use crate::bindings::exports::test::bench::calls::Guest;
use crate::bindings::test::bench::{peer, promises};
use crate::bindings::wit_future;
use crate::runtime::yield_async;

impl Guest for Runner {
    async fn at_once(n: u32, _: u32) -> u64 {
        u64::from(n)
    }

    async fn pending(n: u32, _: u32) -> u64 {
        yield_async().await;
        u64::from(n)
    }

    async fn ready(n: u32, _: u32) -> u64 {
        let mut sum = 0;
        for i in 0..n {
            sum += u64::from(peer::ready(i).await);
        }
        sum
    }

    async fn yields(n: u32, _: u32) -> u64 {
        let mut sum = 0;
        for i in 0..n {
            sum += u64::from(peer::yields(i).await);
        }
        sum
    }

    async fn concurrent(n: u32, size: u32) -> u64 {
        let mut sum = 0;
        for _ in 0..n {
            let mut calls: FuturesUnordered<_> = (0..size).map(peer::yields).collect();
            while let Some(i) = calls.next().await {
                sum += u64::from(i);
            }
        }
        sum
    }

    async fn five(n: u32, _: u32) -> u64 {
        let mut sum = 0;
        for i in 0..n {
            sum += u64::from(peer::five(i, 1, 2, 3, 4).await);
        }
        sum
    }

    #[rustfmt::skip]
    async fn twenty(n: u32, _: u32) -> u64 {
        let mut sum = 0;
        for i in 0..n {
            let all = peer::twenty(
                i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
            );
            sum += u64::from(all.await);
        }
        sum
    }

    async fn text(n: u32, size: u32) -> u64 {
        let mut sum = 0;
        for _ in 0..n {
            let back = peer::text(letters(size)).await;
            sum += bench_work::look(back.as_bytes());
        }
        sum
    }

    async fn take_number(n: u32, _: u32) -> u64 {
        let mut sum = 0;
        for i in 0..n {
            let (writer, reader) = wit_future::new::<u32>(|| 0);
            let (number, _) = join(peer::take_number(reader), writer.write(i)).await;
            sum += u64::from(number);
        }
        sum
    }

    async fn take_text(n: u32, size: u32) -> u64 {
        let mut sum = 0;
        for _ in 0..n {
            let (writer, reader) = wit_future::new::<String>(String::new);
            let (length, _) = join(peer::take_text(reader), writer.write(letters(size))).await;
            sum += u64::from(length);
        }
        sum
    }

    async fn give_number(n: u32, _: u32) -> u64 {
        let mut sum = 0;
        for _ in 0..n {
            let number = promises::give_number().await;
            sum += u64::from(number.await);
        }
        sum
    }

    async fn take_later(n: u32, _: u32) -> u64 {
        let mut sum = 0;
        for i in 0..n {
            let (writer, reader) = wit_future::new::<u32>(|| 0);
            promises::take_later(reader).await;
            sum += u64::from(writer.write(i).await.is_ok());
        }
        sum
    }
}

/// A text of so many bytes, made anew.
fn letters(size: u32) -> String {
    bench_work::TEXT_OF_LETTERS[..size as usize].to_owned()
}
