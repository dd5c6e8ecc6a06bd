//! Streams between this guest and its peer.

use std::marker::PhantomData;

use bench_raw::{
    BLOCKED, Event, Lent, Machine, RETURNED, STREAM_WRITE, SUBTASK, Step, Stream, Text, copied,
    drop_subtask, join,
};

use crate::peer::{self, Bytes, Given, NUMBER, Numbers, Points, SUM, Texts, Tokens};

/// Where all that is written and read lies.
pub static BUFFER: Lent<[u64; 1 << 17]> = Lent::new([0; 1 << 17]);

/// How many bytes that are.
pub const ROOM: usize = 1 << 20;

macro_rules! writes {
    ($($name:literal: $items:ty, |$size:ident| $room:expr;)*) => { $(
        bench_raw::export!(
            streams, $name, (n: u32, $size: u32) -> u64,
            Out<$items> => Out {
                n,
                size: $size,
                room: $room,
                round: 0,
                written: 0,
                writer: 0,
                open: true,
                returned: false,
                items: PhantomData,
            }
        );
    )* };
}

writes! {
    "bytes-out": Bytes, |size| bench_work::ROOM.max(size);
    "bytes-in-step": Bytes, |size| size;
    "numbers": Numbers, |size| size;
    "points": Points, |size| size;
    "texts": Texts, |size| size;
    "tokens": Tokens, |size| size;
}

/// What a type of items is made of.
trait Items: Stream {
    /// The canonical form.
    type Item: Copy;

    /// Calls the function that takes them.
    fn take(reader: u32, batch: u32) -> u32;

    /// Makes all items of a round.
    fn make(items: &mut [Self::Item], round: u32);
}

impl Items for Bytes {
    type Item = u8;

    fn take(reader: u32, batch: u32) -> u32 {
        // SAFETY: The result is lent to the host for good.
        unsafe { peer::take_bytes(reader, batch, SUM.pointer()) }
    }

    fn make(items: &mut [u8], round: u32) {
        bench_work::fill(items, round);
    }
}

impl Items for Numbers {
    type Item = u32;

    fn take(reader: u32, batch: u32) -> u32 {
        // SAFETY: The result is lent to the host for good.
        unsafe { peer::take_numbers(reader, batch, SUM.pointer()) }
    }

    fn make(items: &mut [u32], round: u32) {
        for (item, place) in items.iter_mut().zip(0..) {
            *item = bench_work::number(round, place);
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Point {
    x: u32,
    y: u32,
    weight: f64,
}

impl Items for Points {
    type Item = Point;

    fn take(reader: u32, batch: u32) -> u32 {
        // SAFETY: The result is lent to the host for good.
        unsafe { peer::take_points(reader, batch, SUM.pointer()) }
    }

    fn make(items: &mut [Point], round: u32) {
        for (item, place) in items.iter_mut().zip(0..) {
            *item = Point {
                x: round,
                y: place,
                weight: 1.0,
            };
        }
    }
}

impl Items for Texts {
    type Item = Text;

    fn take(reader: u32, batch: u32) -> u32 {
        // SAFETY: The result is lent to the host for good.
        unsafe { peer::take_texts(reader, batch, SUM.pointer()) }
    }

    fn make(items: &mut [Text], round: u32) {
        const MOST: usize = 64;
        static TEXTS: Lent<[[u8; bench_work::TEXT]; MOST]> =
            Lent::new([[0; bench_work::TEXT]; MOST]);
        // SAFETY: The host has read the texts of the round before.
        let texts = unsafe { TEXTS.first(items.len()) };
        for ((item, text), place) in items.iter_mut().zip(texts).zip(0..) {
            *text = bench_work::text(round, place);
            // As the others do, who have to make sure that it is text.
            let length = core::str::from_utf8(text).map_or(0, str::len);
            *item = Text {
                pointer: text.as_mut_ptr(),
                length,
            };
        }
    }
}

impl Items for Tokens {
    type Item = u32;

    fn take(reader: u32, batch: u32) -> u32 {
        // SAFETY: The result is lent to the host for good.
        unsafe { peer::take_tokens(reader, batch, SUM.pointer()) }
    }

    fn make(items: &mut [u32], _: u32) {
        for (item, place) in items.iter_mut().zip(0..) {
            // SAFETY: A number in, a handle out.
            *item = unsafe { peer::token(place) };
        }
    }
}

/// Writes `n` batches of `size` items.
struct Out<I> {
    n: u32,
    size: u32,
    /// How many the peer has room for.
    room: u32,
    round: u32,
    /// How many of the batch are written.
    written: u32,
    writer: u32,
    open: bool,
    returned: bool,
    items: PhantomData<I>,
}

impl<I: Items> Out<I> {
    fn begin(&mut self) {
        assert!(self.size as usize * size_of::<I::Item>() <= ROOM);
        let (reader, writer) = I::ends();
        self.writer = writer;
        let status = I::take(reader, self.room);
        self.returned = status == RETURNED;
        if !self.returned {
            join(status >> 4);
        }
    }

    /// What was written.
    fn wrote(&mut self, code: u32) {
        let (count, dropped) = copied(code);
        self.written += count;
        if self.written == self.size {
            self.round += 1;
            self.written = 0;
        }
        if dropped {
            self.round = self.n;
        }
    }

    /// Writes until that has to wait, or all is written. Tells whether it has to wait.
    fn write(&mut self, joined: bool) -> bool {
        let buffer: *mut I::Item = BUFFER.pointer().cast();
        while self.round < self.n {
            if self.written == 0 {
                // SAFETY: It has room for so many, and no write is in progress.
                let items = unsafe { std::slice::from_raw_parts_mut(buffer, self.size as usize) };
                I::make(items, self.round);
            }
            // SAFETY: The buffer is lent to the host for good.
            let code = unsafe {
                let rest = buffer.add(self.written as usize);
                I::write(self.writer, rest.cast(), self.size - self.written)
            };
            if code == BLOCKED {
                if !joined {
                    join(self.writer);
                }
                return true;
            }
            self.wrote(code);
        }
        I::drop_writable(self.writer);
        self.open = false;
        false
    }
}

impl<I: Items> Machine for Out<I> {
    type Result = u64;

    fn go_on(&mut self, event: Event) -> Step<u64> {
        match event.kind {
            0 => {
                self.begin();
                self.write(false);
            }
            STREAM_WRITE => {
                self.wrote(event.code);
                self.write(true);
            }
            SUBTASK if event.code == RETURNED => {
                drop_subtask(event.handle);
                self.returned = true;
            }
            _ => {}
        }
        if self.returned && !self.open {
            Step::Done(SUM.get())
        } else {
            Step::Wait
        }
    }
}

bench_raw::export!(
    streams, "bytes-in", (n: u32, size: u32) -> u64,
    In => In { n, size, reader: 0, look: bench_work::Look::new() }
);

/// Reads to the end.
struct In {
    n: u32,
    size: u32,
    reader: u32,
    look: bench_work::Look,
}

impl In {
    /// What was read. Tells whether that was the end.
    fn read(&mut self, code: u32) -> bool {
        let (count, dropped) = copied(code);
        let buffer: *const u8 = BUFFER.pointer().cast();
        // SAFETY: So many were written there, and no read is in progress.
        let bytes = unsafe { std::slice::from_raw_parts(buffer, count as usize) };
        self.look.at(bytes);
        dropped
    }

    fn read_all(&mut self, mut joined: bool) -> Step<u64> {
        loop {
            // SAFETY: The buffer is lent to the host for good, and has room for so many.
            let code = unsafe { Given::read(self.reader, BUFFER.pointer().cast(), self.size) };
            if code == BLOCKED {
                if !std::mem::replace(&mut joined, true) {
                    join(self.reader);
                }
                return Step::Wait;
            }
            if self.read(code) {
                return self.end();
            }
        }
    }

    fn end(&self) -> Step<u64> {
        Given::drop_readable(self.reader);
        Step::Done(self.look.sum())
    }
}

impl Machine for In {
    type Result = u64;

    fn go_on(&mut self, event: Event) -> Step<u64> {
        match event.kind {
            0 => {
                assert!(self.size as usize <= ROOM);
                // SAFETY: The result is lent to the host for good.
                let status = unsafe { peer::give_bytes(self.size, self.n, NUMBER.pointer()) };
                if status != RETURNED {
                    join(status >> 4);
                    return Step::Wait;
                }
                self.reader = NUMBER.get();
                self.read_all(false)
            }
            SUBTASK if event.code == RETURNED => {
                drop_subtask(event.handle);
                self.reader = NUMBER.get();
                self.read_all(false)
            }
            SUBTASK => Step::Wait,
            _ if self.read(event.code) => self.end(),
            _ => self.read_all(true),
        }
    }
}
