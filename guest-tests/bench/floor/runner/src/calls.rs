//! Calls one behind the other.

use std::alloc::{Layout, dealloc};
use std::marker::PhantomData;

use bench_raw::{Event, Lent, Machine, RETURNED, SUBTASK, Step, drop_subtask, join};

use crate::peer::{self, NUMBER};

bench_raw::export_at_once!(
    calls, "at-once", (n: u32, _size: u32) -> (sum: u64), (u64::from(n),)
);

bench_raw::export!(
    calls, "pending", (n: u32, _size: u32) -> u64, Pending => Pending { n }
);

struct Pending {
    n: u32,
}

impl Machine for Pending {
    type Result = u64;

    fn go_on(&mut self, _: Event) -> Step<u64> {
        // It is called twice. The first time it says that there is more to do.
        match std::mem::replace(&mut self.n, u32::MAX) {
            u32::MAX => Step::Done(u64::from(FIRST.get())),
            n => {
                FIRST.set(n);
                Step::Yield
            }
        }
    }
}

static FIRST: Lent<u32> = Lent::new(0);

macro_rules! calls {
    ($($name:literal: $call:ty;)*) => { $(
        bench_raw::export!(
            calls, $name, (n: u32, size: u32) -> u64,
            Calls<$call> => Calls { n, size, done: 0, sum: 0, call: PhantomData }
        );
    )* };
}

calls! {
    "ready": Ready;
    "yields": Yields;
    "five": Five;
    "twenty": Twenty;
    "text": Text;
}

/// A function of the peer.
trait Call {
    /// Calls it, for the `i`th time.
    fn call(i: u32, size: u32) -> u32;

    /// Looks at its result.
    fn look() -> u64 {
        u64::from(NUMBER.get())
    }
}

struct Ready;

impl Call for Ready {
    fn call(i: u32, _: u32) -> u32 {
        // SAFETY: The result is lent to the host for good.
        unsafe { peer::ready(i, NUMBER.pointer()) }
    }
}

struct Yields;

impl Call for Yields {
    fn call(i: u32, _: u32) -> u32 {
        // SAFETY: The result is lent to the host for good.
        unsafe { peer::yields(i, NUMBER.pointer()) }
    }
}

struct Five;

impl Call for Five {
    fn call(i: u32, _: u32) -> u32 {
        static ALL: Lent<[u32; 5]> = Lent::new([0; 5]);
        ALL.set([i, 1, 2, 3, 4]);
        // SAFETY: Parameters and result are lent to the host for good.
        unsafe { peer::five(ALL.pointer(), NUMBER.pointer()) }
    }
}

struct Twenty;

impl Call for Twenty {
    fn call(i: u32, _: u32) -> u32 {
        static ALL: Lent<[u32; 20]> = Lent::new([0; 20]);
        ALL.set([
            i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
        ]);
        // SAFETY: Parameters and result are lent to the host for good.
        unsafe { peer::twenty(ALL.pointer(), NUMBER.pointer()) }
    }
}

/// Where texts lie that are sent.
pub static LETTERS: Lent<[u8; 4096]> = Lent::new([0; 4096]);

struct Text;

static BACK: Lent<bench_raw::Text> = Lent::new(bench_raw::Text::NONE);

impl Call for Text {
    fn call(_: u32, size: u32) -> u32 {
        let size = size as usize;
        // SAFETY: The host has read the text of the call before.
        unsafe { LETTERS.first(size) }.copy_from_slice(&bench_work::LETTERS[..size]);
        // SAFETY: Text and result are lent to the host for good.
        unsafe { peer::text(LETTERS.pointer().cast(), size, BACK.pointer()) }
    }

    fn look() -> u64 {
        let text = BACK.get();
        // SAFETY: The host wrote it, and it is ours.
        let sum = bench_work::look(unsafe { text.bytes() });
        // SAFETY: The text is ours. The host allocated it with this layout.
        unsafe {
            dealloc(
                text.pointer,
                Layout::from_size_align_unchecked(text.length, 1),
            )
        };
        sum
    }
}

/// Calls `n` times.
struct Calls<C> {
    n: u32,
    size: u32,
    done: u32,
    sum: u64,
    call: PhantomData<C>,
}

impl<C: Call> Machine for Calls<C> {
    type Result = u64;

    fn go_on(&mut self, event: Event) -> Step<u64> {
        if event.kind == SUBTASK {
            if event.code != RETURNED {
                return Step::Wait;
            }
            drop_subtask(event.handle);
            self.sum += C::look();
            self.done += 1;
        }
        while self.done < self.n {
            let status = C::call(self.done, self.size);
            if status != RETURNED {
                join(status >> 4);
                return Step::Wait;
            }
            self.sum += C::look();
            self.done += 1;
        }
        Step::Done(self.sum)
    }
}
