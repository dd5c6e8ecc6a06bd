//! What returns without reading anything, and what reads one value.

use std::alloc::{Layout, dealloc};

use bench_raw::{BLOCKED, Event, Future, Lent, Machine, Step, Text, join};

bench_raw::export_at_once!(peer, "ready", (a: u32) -> (a: u32), (a,));

bench_raw::export_at_once!(
    peer, "five",
    (a: u32, b: u32, c: u32, d: u32, e: u32) -> (sum: u32), (sum(&[a, b, c, d, e]),)
);

bench_raw::export_at_once!(
    peer, "twenty", (all: *mut [u32; 20]) -> (sum: u32), {
        // SAFETY: The host wrote the parameters into a block of their size.
        let total = sum(unsafe { &*all });
        // SAFETY: The block is ours, and nobody has it any more.
        unsafe { dealloc(all.cast(), Layout::new::<[u32; 20]>()) };
        (total,)
    }
);

fn sum(numbers: &[u32]) -> u32 {
    numbers
        .iter()
        .fold(0, |sum, number| sum.wrapping_add(*number))
}

/// Frees a text.
///
/// # Safety
///
/// It is ours, and nobody has it any more.
pub unsafe fn free(text: Text) {
    if text.length > 0 {
        // SAFETY: The host allocated it with this layout, the rest is the caller's.
        unsafe {
            dealloc(
                text.pointer,
                Layout::from_size_align_unchecked(text.length, 1),
            )
        };
    }
}

const _: () = {
    #[link(wasm_import_module = "[export]test:bench/peer@0.1.0")]
    unsafe extern "C" {
        #[link_name = "[task-return]text"]
        fn task_return(text: *mut u8, length: usize);
    }

    #[unsafe(export_name = "[async-lift]test:bench/peer@0.1.0#text")]
    extern "C" fn start(pointer: *mut u8, length: usize) -> u32 {
        // SAFETY: The host wrote so many bytes, and has copied them when this returns.
        unsafe {
            task_return(pointer, length);
            free(Text { pointer, length });
        }
        0
    }

    #[unsafe(export_name = "[callback][async-lift]test:bench/peer@0.1.0#text")]
    extern "C" fn callback(_: u32, _: u32, _: u32) -> u32 {
        unreachable!("an event for a task that has ended")
    }
};

// Many of these wait beside each other: the argument is all that a task has to know, and
// lies where the host keeps one number for each.
const _: () = {
    #[link(wasm_import_module = "[export]test:bench/peer@0.1.0")]
    unsafe extern "C" {
        #[link_name = "[task-return]yields"]
        fn task_return(a: u32);
    }

    #[link(wasm_import_module = "$root")]
    unsafe extern "C" {
        #[link_name = "[context-get-0]"]
        fn context_get() -> u32;
        #[link_name = "[context-set-0]"]
        fn context_set(value: u32);
    }

    #[unsafe(export_name = "[async-lift]test:bench/peer@0.1.0#yields")]
    extern "C" fn start(a: u32) -> u32 {
        const YIELD: u32 = 1;
        // SAFETY: This built-in has no conditions.
        unsafe { context_set(a) };
        YIELD
    }

    #[unsafe(export_name = "[callback][async-lift]test:bench/peer@0.1.0#yields")]
    extern "C" fn callback(_: u32, _: u32, _: u32) -> u32 {
        // SAFETY: This is what the task returns, and it returns once.
        unsafe { task_return(context_get()) };
        0
    }
};

bench_raw::future!(Number, "[export]test:bench/peer@0.1.0", "take-number");
bench_raw::future!(TextFuture, "[export]test:bench/peer@0.1.0", "take-text");

bench_raw::export!(
    peer, "take-number", (reader: u32) -> u32,
    TakeNumber => TakeNumber { reader }
);
bench_raw::export!(
    peer, "take-text", (reader: u32) -> u32,
    TakeText => TakeText { reader }
);

static NUMBER: Lent<u32> = Lent::new(0);

struct TakeNumber {
    reader: u32,
}

impl Machine for TakeNumber {
    type Result = u32;

    fn go_on(&mut self, event: Event) -> Step<u32> {
        if event.kind == 0 {
            // SAFETY: The number is lent to the host for good.
            let code = unsafe { Number::read(self.reader, NUMBER.pointer().cast()) };
            if code == BLOCKED {
                join(self.reader);
                return Step::Wait;
            }
        }
        Number::drop_readable(self.reader);
        Step::Done(NUMBER.get())
    }
}

static TEXT: Lent<Text> = Lent::new(Text::NONE);

struct TakeText {
    reader: u32,
}

impl Machine for TakeText {
    type Result = u32;

    fn go_on(&mut self, event: Event) -> Step<u32> {
        if event.kind == 0 {
            // SAFETY: The place for the text is lent to the host for good.
            let code = unsafe { TextFuture::read(self.reader, TEXT.pointer().cast()) };
            if code == BLOCKED {
                join(self.reader);
                return Step::Wait;
            }
        }
        TextFuture::drop_readable(self.reader);
        let text = TEXT.get();
        // SAFETY: The text is ours.
        unsafe { free(text) };
        Step::Done(text.length as u32)
    }
}
