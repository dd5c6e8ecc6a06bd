//! What reads to the end, and what writes.

use bench_raw::{BLOCKED, Event, Lent, Machine, Step, Stream, Text, copied, join};

use crate::calls::free;

/// Where all that is read and written lies.
static BUFFER: Lent<[u64; 1 << 17]> = Lent::new([0; 1 << 17]);

bench_raw::stream!(Bytes, "[export]test:bench/peer@0.1.0", "take-bytes");
bench_raw::stream!(Numbers, "[export]test:bench/peer@0.1.0", "take-numbers");
bench_raw::stream!(Points, "[export]test:bench/peer@0.1.0", "take-points");
bench_raw::stream!(Texts, "[export]test:bench/peer@0.1.0", "take-texts");
bench_raw::stream!(Tokens, "[export]test:bench/peer@0.1.0", "take-tokens");
bench_raw::stream!(Given, "[export]test:bench/peer@0.1.0", "give-bytes");

macro_rules! takes {
    ($($name:literal: $items:ty;)*) => { $(
        bench_raw::export!(
            peer, $name, (reader: u32, batch: u32) -> u64,
            Take<$items> => Take { reader, batch, seen: Default::default() }
        );
    )* };
}

takes! {
    "take-bytes": Bytes;
    "take-numbers": Numbers;
    "take-points": Points;
    "take-texts": Texts;
    "take-tokens": Tokens;
}

/// What a type of items is made of.
trait Items: Stream {
    /// The canonical form.
    type Item: Copy;

    /// What was seen of what was read.
    type Seen: Default;

    /// Looks at what was read, and frees it.
    fn look(seen: &mut Self::Seen, items: &[Self::Item]);

    /// A sum that shows what was read.
    fn sum(seen: &Self::Seen) -> u64;
}

impl Items for Bytes {
    type Item = u8;
    type Seen = bench_work::Look;

    fn look(seen: &mut bench_work::Look, items: &[u8]) {
        seen.at(items);
    }

    fn sum(seen: &bench_work::Look) -> u64 {
        seen.sum()
    }
}

impl Items for Numbers {
    type Item = u32;
    type Seen = u64;

    fn sum(seen: &u64) -> u64 {
        *seen
    }

    fn look(seen: &mut u64, items: &[u32]) {
        *seen += items.iter().map(|number| u64::from(*number)).sum::<u64>();
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
    type Seen = u64;

    fn sum(seen: &u64) -> u64 {
        *seen
    }

    fn look(seen: &mut u64, items: &[Point]) {
        let look = |point: &Point| u64::from(point.x) + u64::from(point.y) + point.weight as u64;
        *seen += items.iter().map(look).sum::<u64>();
    }
}

impl Items for Texts {
    type Item = Text;
    type Seen = u64;

    fn sum(seen: &u64) -> u64 {
        *seen
    }

    fn look(seen: &mut u64, items: &[Text]) {
        let look = |text: &Text| {
            // SAFETY: The host wrote it, and it is ours.
            let sum = bench_work::look(unsafe { text.bytes() });
            // SAFETY: The text is ours.
            unsafe { free(*text) };
            sum
        };
        *seen += items.iter().map(look).sum::<u64>();
    }
}

#[link(wasm_import_module = "[export]test:bench/peer@0.1.0")]
unsafe extern "C" {
    #[link_name = "[resource-new]token"]
    fn new_token(representation: u32) -> u32;
    #[link_name = "[resource-drop]token"]
    fn drop_token(token: u32);
}

#[unsafe(export_name = "test:bench/peer@0.1.0#[constructor]token")]
extern "C" fn token(_: u32) -> u32 {
    // SAFETY: This built-in has no conditions.
    unsafe { new_token(1) }
}

#[unsafe(export_name = "test:bench/peer@0.1.0#[dtor]token")]
extern "C" fn destroy_token(_: u32) {}

impl Items for Tokens {
    type Item = u32;
    type Seen = u64;

    fn sum(seen: &u64) -> u64 {
        *seen
    }

    fn look(seen: &mut u64, items: &[u32]) {
        let look = |token: &u32| {
            // SAFETY: The built-in checks the handle.
            unsafe { drop_token(*token) };
            1
        };
        *seen += items.iter().map(look).sum::<u64>();
    }
}

/// Reads to the end.
struct Take<I: Items> {
    reader: u32,
    batch: u32,
    seen: I::Seen,
}

impl<I: Items> Take<I> {
    /// What was read. Tells whether that was the end.
    fn read(&mut self, code: u32) -> bool {
        let (count, dropped) = copied(code);
        // SAFETY: So many items were written there, and no read is in progress.
        let items = unsafe {
            std::slice::from_raw_parts(BUFFER.pointer().cast::<I::Item>(), count as usize)
        };
        I::look(&mut self.seen, items);
        dropped
    }
}

impl<I: Items> Machine for Take<I> {
    type Result = u64;

    fn go_on(&mut self, event: Event) -> Step<u64> {
        assert!(self.batch as usize * size_of::<I::Item>() <= 1 << 20);
        let mut ended = event.kind != 0 && self.read(event.code);
        while !ended {
            // SAFETY: The buffer is lent to the host for good, and has room for so many.
            let code = unsafe { I::read(self.reader, BUFFER.pointer().cast(), self.batch) };
            if code == BLOCKED {
                join_once(self.reader, event);
                return Step::Wait;
            }
            ended = self.read(code);
        }
        I::drop_readable(self.reader);
        Step::Done(I::sum(&self.seen))
    }
}

/// An end joins when it waits for the first time. It stays joined, so one that an event
/// was about has joined.
fn join_once(end: u32, event: Event) {
    if event.kind == 0 {
        join(end);
    }
}

#[link(wasm_import_module = "[export]test:bench/peer@0.1.0")]
unsafe extern "C" {
    #[link_name = "[task-return]give-bytes"]
    fn return_bytes(reader: u32);
}

const _: () = {
    use bench_raw::Place;

    static PLACE: Place<Give> = Place::new();

    #[unsafe(export_name = "[async-lift]test:bench/peer@0.1.0#give-bytes")]
    extern "C" fn start(chunk: u32, count: u32) -> u32 {
        let (reader, writer) = Given::ends();
        // SAFETY: This is what the task returns, and it returns once.
        unsafe { return_bytes(reader) };
        let give = Give {
            writer,
            chunk,
            count,
            round: 0,
            written: 0,
        };
        // SAFETY: The host calls this.
        unsafe { PLACE.begin(give, |()| {}) }
    }

    #[unsafe(export_name = "[callback][async-lift]test:bench/peer@0.1.0#give-bytes")]
    extern "C" fn callback(kind: u32, handle: u32, code: u32) -> u32 {
        let event = Event { kind, handle, code };
        // SAFETY: The host calls this.
        unsafe { PLACE.go_on(event, |()| {}) }
    }
};

/// Writes chunks of bytes.
struct Give {
    writer: u32,
    chunk: u32,
    count: u32,
    round: u32,
    /// How much of the chunk is written.
    written: u32,
}

impl Give {
    /// What was written.
    fn wrote(&mut self, code: u32) {
        let (count, dropped) = copied(code);
        self.written += count;
        if self.written == self.chunk {
            self.round += 1;
            self.written = 0;
        }
        if dropped {
            self.round = self.count;
        }
    }
}

impl Machine for Give {
    type Result = ();

    fn go_on(&mut self, event: Event) -> Step<()> {
        let buffer: *mut u8 = BUFFER.pointer().cast();
        assert!(self.chunk <= 1 << 20);
        if event.kind != 0 {
            self.wrote(event.code);
        }
        while self.round < self.count {
            if self.written == 0 {
                // SAFETY: It is as large, and no write is in progress.
                let chunk = unsafe { std::slice::from_raw_parts_mut(buffer, self.chunk as usize) };
                bench_work::fill(chunk, self.round);
            }
            // SAFETY: The buffer is lent to the host for good.
            let code = unsafe {
                let rest = buffer.add(self.written as usize);
                Given::write(self.writer, rest, self.chunk - self.written)
            };
            if code == BLOCKED {
                join_once(self.writer, event);
                return Step::Wait;
            }
            self.wrote(code);
        }
        Given::drop_writable(self.writer);
        Step::Exit
    }
}
