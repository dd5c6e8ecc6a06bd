//! The callee: the same text for each runtime.

use std::cell::RefCell;
use std::future::poll_fn;
use std::mem;
use std::task::{Poll, Waker};

use crate::bindings::exports::test::bench::peer::{Guest, GuestToken, Point, Token};
use crate::bindings::wit_stream;
use crate::runtime::{FutureReader, StreamReader, StreamResult, spawn_local, yield_async};

pub struct Peer;

pub struct Held;

impl GuestToken for Held {
    fn new(_: u32) -> Held {
        Held
    }
}

impl Guest for Peer {
    type Token = Held;

    async fn ready(a: u32) -> u32 {
        a
    }

    async fn yields(a: u32) -> u32 {
        yield_async().await;
        a
    }

    async fn five(a: u32, b: u32, c: u32, d: u32, e: u32) -> u32 {
        sum([a, b, c, d, e])
    }

    #[rustfmt::skip]
    async fn twenty(
        a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u32, i: u32, j: u32,
        k: u32, l: u32, m: u32, n: u32, o: u32, p: u32, q: u32, r: u32, s: u32, t: u32,
    ) -> u32 {
        sum([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t])
    }

    async fn text(text: String) -> String {
        text
    }

    async fn take_number(number: FutureReader<u32>) -> u32 {
        number.await
    }

    async fn take_text(text: FutureReader<String>) -> u32 {
        text.await.len() as u32
    }

    async fn take_bytes(mut bytes: StreamReader<u8>, chunk: u32) -> u64 {
        let mut look = bench_work::Look::new();
        let mut buffer = Vec::with_capacity(chunk as usize);
        loop {
            let result;
            (result, buffer) = bytes.read(buffer).await;
            look.at(&buffer);
            buffer.clear();
            if result == StreamResult::Dropped {
                break look.sum();
            }
        }
    }

    async fn take_numbers(numbers: StreamReader<u32>, batch: u32) -> u64 {
        take(numbers, batch, u64::from).await
    }

    async fn take_points(points: StreamReader<Point>, batch: u32) -> u64 {
        take(points, batch, |point| {
            u64::from(point.x) + u64::from(point.y) + point.weight as u64
        })
        .await
    }

    async fn take_texts(texts: StreamReader<String>, batch: u32) -> u64 {
        take(texts, batch, |text| bench_work::look(text.as_bytes())).await
    }

    async fn take_tokens(tokens: StreamReader<Token>, batch: u32) -> u64 {
        take(tokens, batch, |token| {
            drop(token);
            1
        })
        .await
    }

    async fn give_bytes(chunk: u32, count: u32) -> StreamReader<u8> {
        let (mut writer, reader) = wit_stream::new::<u8>();
        spawn_local(async move {
            let mut buffer = Vec::with_capacity(chunk as usize);
            for round in 0..count {
                buffer.resize(chunk as usize, bench_work::byte(round));
                buffer = writer.write_all(buffer).await;
                buffer.clear();
            }
        });
        reader
    }

    async fn ping(n: u32) -> u64 {
        turns(n, false).await
    }

    async fn pong(n: u32) -> u64 {
        turns(n, true).await
    }
}

fn sum<const N: usize>(numbers: [u32; N]) -> u32 {
    numbers
        .iter()
        .fold(0, |sum, number| sum.wrapping_add(*number))
}

/// Reads to the end: one at a time as one would, or in batches.
async fn take<T>(mut items: StreamReader<T>, batch: u32, look: impl Fn(T) -> u64) -> u64
where
    T: wit_stream::StreamPayload,
{
    let mut sum: u64 = 0;
    if batch == 1 {
        while let Some(item) = items.next().await {
            sum += look(item);
        }
        return sum;
    }
    let mut buffer = Vec::with_capacity(batch as usize);
    loop {
        let result;
        (result, buffer) = items.read(buffer).await;
        for item in buffer.drain(..) {
            sum += look(item);
        }
        if result == StreamResult::Dropped {
            break sum;
        }
    }
}

/// Whose turn it is, and who waits for that.
struct Turn {
    pong: bool,
    waiting: Option<Waker>,
}

thread_local! {
    static TURN: RefCell<Turn> = const { RefCell::new(Turn { pong: false, waiting: None }) };
}

/// Takes `n` turns, each behind one of the other task.
async fn turns(n: u32, pong: bool) -> u64 {
    let mut taken = 0;
    for _ in 0..n {
        poll_fn(|context| {
            TURN.with_borrow_mut(|turn| {
                if turn.pong == pong {
                    return Poll::Ready(());
                }
                turn.waiting = Some(context.waker().clone());
                Poll::Pending
            })
        })
        .await;
        taken += 1;
        let waiting = TURN.with_borrow_mut(|turn| {
            turn.pong = !pong;
            mem::take(&mut turn.waiting)
        });
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
    taken
}
