//! Both ends of a stream of bytes in this guest.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures::stream::{self, StreamExt};

use bench_raw::{
    BLOCKED, CANCELLED, Event, Lent, Machine, STREAM_READ, Step, Stream, copied, join,
};

use crate::peer::Bytes;
use crate::streams::{BUFFER, ROOM};

macro_rules! bulk {
    ($($name:literal: $fill:expr;)*) => { $(
        bench_raw::export!(
            items, $name, (n: u32, size: u32) -> u64,
            Bulk => Bulk { n, size, fill: $fill, round: 0, read: 0, reader: 0, writer: 0, sum: 0 }
        );
    )* };
}

bulk! {
    "next": bench_work::fill;
    "write-one": numbers;
}

fn numbers(bytes: &mut [u8], round: u32) {
    for (byte, place) in bytes.iter_mut().zip(0..) {
        *byte = bench_work::number(round, place) as u8;
    }
}

/// Where is written what is read.
static READ: Lent<[u8; ROOM]> = Lent::new([0; ROOM]);

/// Whatever one does item by item, in bulk: reads and writes of `size` bytes.
struct Bulk {
    n: u32,
    size: u32,
    fill: fn(&mut [u8], u32),
    round: u32,
    /// How much of the round is read.
    read: u32,
    reader: u32,
    writer: u32,
    sum: u64,
}

impl Bulk {
    /// What was read.
    fn look(&mut self, code: u32) {
        let (count, _) = copied(code);
        // SAFETY: So many bytes were written there, and no read is in progress.
        let bytes = unsafe { READ.first(count as usize) };
        self.sum += bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        self.read += count;
        if self.read == self.size {
            self.round += 1;
            self.read = 0;
        }
    }
}

impl Machine for Bulk {
    type Result = u64;

    fn go_on(&mut self, event: Event) -> Step<u64> {
        if event.kind == 0 {
            assert!(self.size as usize <= ROOM);
            (self.reader, self.writer) = Bytes::ends();
            join(self.reader);
        }
        if event.kind == STREAM_READ {
            self.look(event.code);
        }
        if self.round < self.n {
            // SAFETY: The memory is lent to the host for good, and has room for so many.
            let code = unsafe { Bytes::read(self.reader, READ.pointer().cast(), self.size) };
            assert_eq!(code, BLOCKED, "nobody writes yet");
            let bytes: *mut u8 = BUFFER.pointer().cast();
            // SAFETY: It has room for so many, and no write is in progress.
            let chunk = unsafe { std::slice::from_raw_parts_mut(bytes, self.size as usize) };
            (self.fill)(chunk, self.round);
            // SAFETY: The buffer is lent to the host for good.
            let code = unsafe { Bytes::write(self.writer, bytes, self.size) };
            assert_eq!(copied(code), (self.size, false), "the read waits for it");
            return Step::Wait;
        }
        Bytes::drop_writable(self.writer);
        Bytes::drop_readable(self.reader);
        Step::Done(self.sum)
    }
}

macro_rules! in_memory {
    ($($name:literal: $item:ty, $fill:expr;)*) => { $(
        bench_raw::export_at_once!(
            items, $name, (n: u32, size: u32) -> (sum: u64), (in_memory::<$item>(n, size, $fill),)
        );
    )* };
}

in_memory! {
    "into-stream": u8, bytes;
    "into-stream-numbers": u32, |round, size, numbers| {
        numbers.extend((0..size).map(|place| bench_work::number(round, place)));
    };
    "buffered": u8, bytes;
    "byte-reader": u8, bytes;
}

fn bytes(round: u32, size: u32, bytes: &mut Vec<u8>) {
    bytes.resize(size as usize, bench_work::byte(round));
}

/// The same loop as over a reader, over a `Stream` that is a vector: no host, and nobody
/// who writes.
fn in_memory<T>(n: u32, size: u32, fill: fn(u32, u32, &mut Vec<T>)) -> u64
where
    T: Unpin + 'static,
    u64: From<T>,
{
    // As a task has it: what is polled is not known where it is polled.
    let mut reads: Pin<Box<dyn Future<Output = u64>>> = Box::pin(async move {
        let mut sum = 0;
        for round in 0..n {
            let mut items = Vec::with_capacity(size as usize);
            fill(round, size, &mut items);
            let mut items = stream::iter(items);
            while let Some(item) = items.next().await {
                sum += u64::from(item);
            }
        }
        sum
    });
    match reads.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(sum) => sum,
        Poll::Pending => unreachable!("all is there"),
    }
}

bench_raw::export_at_once!(
    items, "cancel", (n: u32, size: u32) -> (sum: u64), (cancel(n, size),)
);

/// Begins reads and cancels them: whoever has joined no set can do that at once.
fn cancel(n: u32, size: u32) -> u64 {
    assert!(size as usize <= ROOM);
    let (reader, writer) = Bytes::ends();
    let mut sum = 0;
    for _ in 0..n {
        // SAFETY: The memory is lent to the host for good, and has room for so many.
        let code = unsafe { Bytes::read(reader, READ.pointer().cast(), size) };
        assert_eq!(code, BLOCKED, "nobody writes");
        sum += u64::from(Bytes::cancel_read(reader) == CANCELLED);
    }
    Bytes::drop_writable(writer);
    Bytes::drop_readable(reader);
    sum
}
