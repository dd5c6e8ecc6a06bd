//! Values through a future that is the argument of a call.

use std::marker::PhantomData;

use bench_raw::{
    BLOCKED, Event, FUTURE_WRITE, Future, Lent, Machine, RETURNED, SUBTASK, Step, Text,
    drop_subtask, join,
};

use crate::calls::LETTERS;
use crate::peer::{self, NUMBER, Number, TextFuture};

macro_rules! takes {
    ($($name:literal: $value:ty;)*) => { $(
        bench_raw::export!(
            calls, $name, (n: u32, size: u32) -> u64,
            Values<$value> => Values {
                n,
                size,
                done: 0,
                sum: 0,
                writer: 0,
                written: true,
                returned: true,
                value: PhantomData,
            }
        );
    )* };
}

takes! {
    "take-number": Number;
    "take-text": TextFuture;
}

/// A type of value.
trait Value: Future {
    /// Calls the function that takes it.
    fn take(reader: u32) -> u32;
    /// Makes the `i`th one.
    fn make(i: u32, size: u32) -> *const u8;
}

impl Value for Number {
    fn take(reader: u32) -> u32 {
        // SAFETY: The result is lent to the host for good.
        unsafe { peer::take_number(reader, NUMBER.pointer()) }
    }

    fn make(i: u32, _: u32) -> *const u8 {
        static VALUE: Lent<u32> = Lent::new(0);
        VALUE.set(i);
        VALUE.pointer().cast()
    }
}

impl Value for TextFuture {
    fn take(reader: u32) -> u32 {
        // SAFETY: The result is lent to the host for good.
        unsafe { peer::take_text(reader, NUMBER.pointer()) }
    }

    fn make(_: u32, size: u32) -> *const u8 {
        static VALUE: Lent<Text> = Lent::new(Text::NONE);
        let size = size as usize;
        // SAFETY: The host has read the text before.
        unsafe { LETTERS.first(size) }.copy_from_slice(&bench_work::LETTERS[..size]);
        VALUE.set(Text {
            pointer: LETTERS.pointer().cast(),
            length: size,
        });
        VALUE.pointer().cast()
    }
}

struct Values<V> {
    n: u32,
    size: u32,
    done: u32,
    sum: u64,
    writer: u32,
    written: bool,
    returned: bool,
    value: PhantomData<V>,
}

impl<V: Value> Values<V> {
    /// Begins the call and the write.
    fn begin(&mut self) {
        let (reader, writer) = V::ends();
        self.writer = writer;
        let status = V::take(reader);
        self.returned = status == RETURNED;
        if !self.returned {
            join(status >> 4);
        }
        // SAFETY: The value is lent to the host for good.
        let code = unsafe { V::write(writer, V::make(self.done, self.size)) };
        self.written = code != BLOCKED;
        match self.written {
            true => V::drop_writable(writer),
            false => join(writer),
        }
    }
}

impl<V: Value> Machine for Values<V> {
    type Result = u64;

    fn go_on(&mut self, event: Event) -> Step<u64> {
        match event.kind {
            SUBTASK if event.code == RETURNED => {
                drop_subtask(event.handle);
                self.returned = true;
            }
            FUTURE_WRITE => {
                V::drop_writable(self.writer);
                self.written = true;
            }
            0 if self.n > 0 => self.begin(),
            _ => {}
        }
        while self.done < self.n && self.returned && self.written {
            self.sum += u64::from(NUMBER.get());
            self.done += 1;
            if self.done < self.n {
                self.begin();
            }
        }
        if self.done == self.n {
            Step::Done(self.sum)
        } else {
            Step::Wait
        }
    }
}
