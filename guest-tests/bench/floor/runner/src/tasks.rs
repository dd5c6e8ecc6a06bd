//! What an executor does.

use bench_raw::{Event, Lent, Machine, RETURNED, SUBTASK, Step, drop_subtask, join};

use crate::peer;

bench_raw::export!(
    tasks, "yields", (n: u32, _size: u32) -> u64,
    Yields => Yields { n, done: 0 }
);

struct Yields {
    n: u32,
    done: u32,
}

impl Machine for Yields {
    type Result = u64;

    fn go_on(&mut self, _: Event) -> Step<u64> {
        if self.done == self.n {
            return Step::Done(u64::from(self.n));
        }
        self.done += 1;
        Step::Yield
    }
}

bench_raw::export!(
    tasks, "wake", (n: u32, _size: u32) -> u64,
    Wake => Wake { n, pending: 0 }
);

static TURNS: [Lent<u64>; 2] = [const { Lent::new(0) }; 2];

struct Wake {
    n: u32,
    pending: u32,
}

impl Machine for Wake {
    type Result = u64;

    fn go_on(&mut self, event: Event) -> Step<u64> {
        if event.kind == 0 {
            // SAFETY: The results are lent to the host for good.
            let calls = unsafe {
                [
                    peer::ping(self.n, TURNS[0].pointer()),
                    peer::pong(self.n, TURNS[1].pointer()),
                ]
            };
            for status in calls {
                if status != RETURNED {
                    join(status >> 4);
                    self.pending += 1;
                }
            }
        }
        if event.kind == SUBTASK && event.code == RETURNED {
            drop_subtask(event.handle);
            self.pending -= 1;
        }
        if self.pending == 0 {
            Step::Done(TURNS[0].get() + TURNS[1].get())
        } else {
            Step::Wait
        }
    }
}
