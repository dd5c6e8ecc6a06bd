//! Two tasks that wake each other: each waits for an item of a stream of its own.

use bench_raw::{BLOCKED, Event, Lent, Machine, STREAM_READ, Step, Stream, join_to, new_set};

// Any stream of numbers will do.
use crate::streams::Given;

/// The ends of the stream that wakes each of the two, and the set it is in.
#[derive(Clone, Copy)]
struct Ends {
    reader: u32,
    writer: u32,
    set: u32,
}

static ENDS: Lent<Option<[Ends; 2]>> = Lent::new(None);

static ITEM: Lent<u8> = Lent::new(0);

/// Whether `pong` waits for its first turn, or a later one.
static PONG_READS: Lent<bool> = Lent::new(false);

bench_raw::export!(
    peer, "ping", (n: u32) -> u64, Turns => Turns::new(n, 0)
);
bench_raw::export!(
    peer, "pong", (n: u32) -> u64, Turns => Turns::new(n, 1)
);

/// Takes `n` turns, each behind one of the other task.
struct Turns {
    who: usize,
    n: u32,
    taken: u32,
}

impl Turns {
    fn new(n: u32, who: usize) -> Turns {
        Turns { who, n, taken: 0 }
    }

    /// Made by whoever comes first, for all time.
    fn ends(&self) -> [Ends; 2] {
        if let Some(ends) = ENDS.get() {
            return ends;
        }
        let pair = || {
            let (reader, writer) = Given::ends();
            let set = new_set();
            join_to(reader, set);
            Ends {
                reader,
                writer,
                set,
            }
        };
        let ends = [pair(), pair()];
        ENDS.set(Some(ends));
        ends
    }

    /// Wakes the other, who waits or will never wait again.
    fn wake(&mut self, ends: &[Ends; 2]) {
        self.taken += 1;
        if self.who == 1 && self.taken == self.n {
            return;
        }
        // SAFETY: The item is lent to the host for good.
        let code = unsafe { Given::write(ends[1 - self.who].writer, ITEM.pointer(), 1) };
        assert_ne!(code, BLOCKED, "the other task waits");
    }
}

impl Machine for Turns {
    type Result = u64;

    fn go_on(&mut self, event: Event) -> Step<u64> {
        let ends = self.ends();
        if event.kind == STREAM_READ {
            self.wake(&ends);
        } else if self.who == 0 {
            // The first turn: `pong` has not begun. It is let in first.
            if !PONG_READS.get() {
                return Step::Yield;
            }
            self.wake(&ends);
        }
        if self.taken == self.n {
            PONG_READS.set(false);
            return Step::Done(u64::from(self.taken));
        }
        // SAFETY: The item is lent to the host for good.
        let code = unsafe { Given::read(ends[self.who].reader, ITEM.pointer(), 1) };
        assert_eq!(code, BLOCKED, "nobody writes to a task that runs");
        if self.who == 1 {
            PONG_READS.set(true);
        }
        Step::Wait
    }

    fn set(&self) -> u32 {
        self.ends()[self.who].set
    }
}
