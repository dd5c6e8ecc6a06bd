//! The smallest guest on raw built-ins.

use bench_raw::{Event, Lent, Machine, RETURNED, SUBTASK, Step, drop_subtask, join};

bench_raw::world!();
bench_raw::export!(pass, "pass", (a: u32) -> u32, Pass => Pass { a });

static RESULT: Lent<u32> = Lent::new(0);

#[link(wasm_import_module = "$root")]
unsafe extern "C" {
    #[link_name = "[async-lower]next"]
    fn next(a: u32, result: *mut u32) -> u32;
}

struct Pass {
    a: u32,
}

impl Machine for Pass {
    type Result = u32;

    fn go_on(&mut self, event: Event) -> Step<u32> {
        if event.kind == SUBTASK {
            if event.code != RETURNED {
                return Step::Wait;
            }
            drop_subtask(event.handle);
            return Step::Done(RESULT.get());
        }
        // SAFETY: The result is lent to the host for good.
        let status = unsafe { next(self.a, RESULT.pointer()) };
        if status == RETURNED {
            return Step::Done(RESULT.get());
        }
        join(status >> 4);
        Step::Wait
    }
}
