//! Calls beside each other.

use bench_raw::{Event, Lent, Machine, RETURNED, SUBTASK, Step, drop_subtask, join};

use crate::peer;

bench_raw::export!(
    calls, "concurrent", (n: u32, size: u32) -> u64,
    Concurrent => Concurrent { n, size, pending: 0, sum: 0 }
);

/// The most calls at once.
const MOST: usize = 10_000;

static RESULTS: Lent<[u32; MOST]> = Lent::new([0; MOST]);

struct Concurrent {
    /// How many rounds are left, with the one that is in progress.
    n: u32,
    size: u32,
    pending: u32,
    sum: u64,
}

impl Machine for Concurrent {
    type Result = u64;

    fn go_on(&mut self, event: Event) -> Step<u64> {
        if event.kind == SUBTASK && event.code == RETURNED {
            drop_subtask(event.handle);
            self.pending -= 1;
            if self.pending == 0 {
                self.round_done();
            }
        }
        while self.pending == 0 && self.n > 0 {
            self.call_all();
            if self.pending == 0 {
                self.round_done();
            }
        }
        if self.n == 0 {
            Step::Done(self.sum)
        } else {
            Step::Wait
        }
    }
}

impl Concurrent {
    fn call_all(&mut self) {
        assert!(self.size as usize <= MOST);
        let results: *mut u32 = RESULTS.pointer().cast();
        for i in 0..self.size {
            // SAFETY: There are as many results, lent to the host for good.
            let status = unsafe { peer::yields(i, results.add(i as usize)) };
            if status != RETURNED {
                join(status >> 4);
                self.pending += 1;
            }
        }
    }

    fn round_done(&mut self) {
        // SAFETY: No call is in progress.
        let results = unsafe { RESULTS.first(self.size as usize) };
        self.sum += results.iter().map(|i| u64::from(*i)).sum::<u64>();
        self.n -= 1;
    }
}
