//! Values through futures that the harness gives and takes.

use bench_raw::{
    BLOCKED, Event, FUTURE_READ, FUTURE_WRITE, Future, Lent, Machine, RETURNED, SUBTASK, Step,
    drop_subtask, join,
};

use crate::peer::{self, GivenNumber, LaterNumber, NUMBER};

bench_raw::export!(
    calls, "give-number", (n: u32, _size: u32) -> u64,
    Given => Given { n, reader: 0, sum: 0 }
);

static READER: Lent<u32> = Lent::new(0);

struct Given {
    /// How many are left, with the one that is in progress.
    n: u32,
    reader: u32,
    sum: u64,
}

impl Given {
    /// Calls. Tells whether that has to wait.
    fn call(&mut self) -> bool {
        // SAFETY: The result is lent to the host for good.
        let status = unsafe { peer::give_number(READER.pointer()) };
        if status != RETURNED {
            join(status >> 4);
            return true;
        }
        false
    }

    /// Reads the future that was given. Tells whether that has to wait.
    fn read(&mut self) -> bool {
        self.reader = READER.get();
        // SAFETY: The number is lent to the host for good.
        let code = unsafe { GivenNumber::read(self.reader, NUMBER.pointer().cast()) };
        if code == BLOCKED {
            join(self.reader);
            return true;
        }
        self.has_read();
        false
    }

    fn has_read(&mut self) {
        GivenNumber::drop_readable(self.reader);
        self.sum += u64::from(NUMBER.get());
        self.n -= 1;
    }
}

impl Machine for Given {
    type Result = u64;

    fn go_on(&mut self, event: Event) -> Step<u64> {
        match event.kind {
            SUBTASK if event.code != RETURNED => return Step::Wait,
            SUBTASK => {
                drop_subtask(event.handle);
                if self.read() {
                    return Step::Wait;
                }
            }
            FUTURE_READ => self.has_read(),
            _ => {}
        }
        while self.n > 0 {
            if self.call() || self.read() {
                return Step::Wait;
            }
        }
        Step::Done(self.sum)
    }
}

bench_raw::export!(
    calls, "take-later", (n: u32, _size: u32) -> u64,
    Later => Later { n, done: 0, writer: 0 }
);

struct Later {
    n: u32,
    done: u32,
    writer: u32,
}

impl Later {
    /// Makes a future and hands it over. Tells whether that has to wait.
    fn call(&mut self) -> bool {
        let (reader, writer) = LaterNumber::ends();
        self.writer = writer;
        // SAFETY: The handle was just made.
        let status = unsafe { peer::take_later(reader) };
        if status != RETURNED {
            join(status >> 4);
            return true;
        }
        false
    }

    /// Writes the number. Tells whether that has to wait.
    fn write(&mut self) -> bool {
        NUMBER.set(self.done);
        // SAFETY: The number is lent to the host for good.
        let code = unsafe { LaterNumber::write(self.writer, NUMBER.pointer().cast()) };
        if code == BLOCKED {
            join(self.writer);
            return true;
        }
        self.has_written();
        false
    }

    fn has_written(&mut self) {
        LaterNumber::drop_writable(self.writer);
        self.done += 1;
    }
}

impl Machine for Later {
    type Result = u64;

    fn go_on(&mut self, event: Event) -> Step<u64> {
        match event.kind {
            SUBTASK if event.code != RETURNED => return Step::Wait,
            SUBTASK => {
                drop_subtask(event.handle);
                if self.write() {
                    return Step::Wait;
                }
            }
            FUTURE_WRITE => self.has_written(),
            _ => {}
        }
        while self.done < self.n {
            if self.call() || self.write() {
                return Step::Wait;
            }
        }
        Step::Done(u64::from(self.n))
    }
}
