//! The host of the native tests against the tables of the canonical ABI: what each
//! sequence of operations on the two ends of a stream or a future comes to.
//!
//! A row is a sequence of steps, each with its result:
//!
//! | Step | Is |
//! |---|---|
//! | `r8`, `w4` | a read or write of so many items; of a future without a number |
//! | `cr`, `cw` | cancelling the read, the write |
//! | `dr`, `dw` | dropping the readable end, the writable one |
//! | `tr` | handing the readable end away, to the host |
//! | `er`, `ew` | the event of the readable end, of the writable one |
//!
//! | Result | Is |
//! |---|---|
//! | `B` | BLOCKED |
//! | `C4`, `D0`, `X0` | COMPLETED, DROPPED, CANCELLED, with the count |
//! | `-` | nothing: it works; of an event: there is none |
//! | `T` | a trap: of a copy because another one is in flight or none can follow, of a cancel
//!   because nothing is in flight, of a drop because something is |
//! | `U` | a trap: of a drop because a future is unwritten |
//!
//! Behind each row it is looked what is in the buffers: what reads were told of is what
//! writes were told of, in that order, as far as both are over; and the rest of the memory
//! that was read into is as it was.

use crate::host::sites::Site;
use crate::host::{self, Installed, Peer, Rules, Side, Type, panic_message, trap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use wit_async::native::Host as _;

/// Streams of bytes (canonical-abi.md §5.2).
const STREAMS: &[&str] = &[
    "r8=B w4=C4 er=C4",
    "r8=B w4=C4 w4=C4 er=C8",
    "r8=B w4=C4 w8=C4 er=C8",
    "r4=B w4=C4 w4=B er=C4",
    "w8=B r4=C4 r2=C2 ew=C6",
    "w8=B dr=- ew=D0 w1=T",
    "w8=B dr=- ew=D0 dw=-",
    "w8=B r4=C4 dr=- ew=D4",
    "w8=B r8=C8 dr=- ew=D8",
    "r8=B dw=- er=D0",
    "r8=B w4=C4 dw=- er=D4",
    "dr=- w4=D0 w4=T",
    "dr=- w4=D0 dw=-",
    "dw=- r4=D0 r4=T",
    "dw=- r0=D0 dr=-",
    "dw=- r0=D0 r0=T",
    "r8=B cr=X0 r8=B",
    "w8=B r4=C4 dr=- cw=D4 w1=T",
    "w8=B dr=- cw=D0 w1=T",
    "cr=T",
    "cw=T",
    "r8=B cr=X0 cr=T",
    "w8=B r8=C8 ew=C8 cw=T",
    "r8=B w8=C8 er=C8 cr=T",
    "r8=B dr=T",
    "w8=B dw=T",
    // The event is undelivered.
    "r8=B w8=C8 dr=T",
    "w8=B r8=C8 dw=T",
    "r8=B r8=T",
    "r8=B w8=C8 r8=T",
    "w8=B w8=T",
    "w8=B r8=C8 w8=T",
    "r0=B dw=- er=D0",
    "w0=B dr=- ew=D0",
    "r0=B cr=X0",
    "w0=B cw=X0",
    "r0=B w4=B er=C0 r4=C4 ew=C4",
    "w0=B r4=B ew=C0 w4=C4 er=C4",
    "r4=B w0=C0 er=- w4=C4 er=C4",
    "w4=B r0=C0 ew=- r4=C4 ew=C4",
    // Zero and zero: the writer completes and the reader stays.
    "r0=B w0=C0 er=-",
    "w0=B r0=B ew=C0 er=-",
    // What was parked is used up, and its event undelivered: the next one parks, of
    // whatever length (§5.1).
    "w4=B r4=C4 r4=B ew=C4 er=- w4=C4 er=C4",
    "w4=B r4=C4 r0=B ew=C4 er=-",
    "r4=B w4=C4 w0=B er=C4 ew=-",
    "r4=B w4=C4 w4=B er=C4 r4=C4 ew=C4",
    // Nothing happens without an operation.
    "er=- ew=- dr=- dw=-",
];

/// The same where hosts differ: after a part was copied.
const CANCELS: &[(&str, bool)] = &[
    ("r8=B w4=C4 cr=X4 r4=B", false),
    ("r8=B w4=C4 cr=C4 r4=B", true),
    ("w8=B r4=C4 cw=X4 w4=B", false),
    ("w8=B r4=C4 cw=C4 w4=B", true),
    // And after all of it was, twice.
    ("r8=B w8=C8 cr=X8 cr=T", false),
    ("r8=B w8=C8 cr=C8 cr=T", true),
    ("w8=B r8=C8 cw=X8 cw=T", false),
    ("w8=B r8=C8 cw=C8 cw=T", true),
];

/// An idle end is told that the other one is gone, where hosts do that.
const NOTICES: &[&str] = &[
    "dr=- ew=D0 w1=T",
    "dw=- er=D0 r1=T",
    "dr=- ew=D0 dw=-",
    "dw=- er=D0 dr=-",
    // Asking first is as good.
    "dr=- w4=D0 dw=-",
];

/// Futures of a byte (canonical-abi.md §5.3).
const FUTURES: &[&str] = &[
    "r=B w=C0 er=C0 r=T",
    "w=B r=C0 ew=C0 w=T",
    "w=B dr=- ew=D0 dw=-",
    "dr=- w=D0 dw=-",
    "w=B cw=X0 dw=U",
    "w=B cw=X0 w=B r=C0 ew=C0 dw=-",
    "w=B r=C0 cw=C0 dw=-",
    "w=B dr=- cw=D0 dw=-",
    "r=B cr=X0 r=B w=C0 er=C0",
    "r=B cr=X0 dr=-",
    "r=B cr=X0 tr=- w=B",
    "r=B tr=T",
    "r=B w=C0 cr=C0 dr=-",
    "r=B dr=T",
    "dw=U",
    "dr=- dw=U",
    "w=B r=C0 dw=T",
    "w=B r=C0 ew=C0 dw=-",
    "w=B dr=- dw=T",
    "dr=- ew=-",
    "w=B r=C0 dr=- ew=C0 dw=-",
];

/// Both ends in one instance, in a set each.
struct Ends {
    host: Installed,
    is_future: bool,
    handles: [u32; 2],
    sets: [u32; 2],
    /// The memory of the last copy of each end, and whether it is in flight.
    memory: [Box<[u8; 16]>; 2],
    in_flight: [bool; 2],
    /// What copies were told that was read, and written.
    told: [Vec<u8>; 2],
    /// How many bytes were made to be written.
    made: u8,
    /// The readable end, when it was handed away.
    away: Option<Peer<u8>>,
}

/// A byte that nobody writes.
const UNTOUCHED: u8 = 0xee;

impl Ends {
    fn new(is_future: bool, rules: Rules) -> Ends {
        let host = host::install_with(rules);
        host.leaks_on_purpose();
        let ends = host.new_channel(is_future, Type::Byte);
        let sets = [host.waitable_set_new(), host.waitable_set_new()];
        Ends {
            host,
            is_future,
            handles: [ends as u32, (ends >> 32) as u32],
            sets,
            memory: [Box::new([UNTOUCHED; 16]), Box::new([UNTOUCHED; 16])],
            in_flight: [false; 2],
            told: [Vec::new(), Vec::new()],
            made: 0,
            away: None,
        }
    }

    /// Begins a copy. One that traps may come while another one is in flight.
    fn copy(&mut self, side: Side, items: usize) -> u32 {
        if !self.in_flight[side as usize] {
            *self.memory[side as usize] = [UNTOUCHED; 16];
        }
        if side == Side::Writable && !self.in_flight[side as usize] {
            for byte in &mut self.memory[side as usize][..items] {
                self.made += 1;
                *byte = self.made;
            }
        }
        let start = self.memory[side as usize].as_mut_ptr();
        let handle = self.handles[side as usize];
        self.host
            .copy(self.is_future, Type::Byte, side, handle, start, items)
    }

    /// What there is for an end. It leaves its set again: cancels want it out.
    fn event(&mut self, side: Side) -> String {
        let (handle, set) = (self.handles[side as usize], self.sets[side as usize]);
        self.host.waitable_join(handle, set);
        let mut payload = [0; 2];
        let event = self.host.waitable_set_poll(set, &mut payload);
        self.host.waitable_join(handle, 0);
        if event == 0 {
            return "-".to_owned();
        }
        let expected = match (self.is_future, side) {
            (false, Side::Readable) => 2,
            (false, Side::Writable) => 3,
            (true, Side::Readable) => 4,
            (true, Side::Writable) => 5,
        };
        assert_eq!((event, payload[0]), (expected, handle));
        self.ends(side, payload[1])
    }

    /// What a copy is told when it begins, is over, or was taken back.
    fn ends(&mut self, side: Side, code: u32) -> String {
        self.in_flight[side as usize] = code == u32::MAX;
        let said = said(code);
        // That of a future has no number.
        let items = match (said.as_bytes()[0], self.is_future) {
            (b'B', _) => return said,
            (b'C', true) => 1,
            _ => (code >> 4) as usize,
        };
        let (told, rest) = self.memory[side as usize].split_at(items);
        assert!(
            side == Side::Writable || rest.iter().all(|byte| *byte == UNTOUCHED),
            "more was read than was told: {said}, {rest:x?}"
        );
        self.told[side as usize].extend_from_slice(told);
        // An idle end may be told again that the other one has gone.
        *self.memory[side as usize] = [UNTOUCHED; 16];
        said
    }

    /// What was read is what was written.
    fn check(&self, row: &str) {
        let [read, written] = &self.told;
        let same = match self.in_flight {
            [false, false] => read == written,
            [true, false] => written.starts_with(read),
            [false, true] => read.starts_with(written),
            [true, true] => read.starts_with(written) || written.starts_with(read),
        };
        assert!(same, "`{row}`: {read:?} were read, and {written:?} written");
        let sorted = read.is_sorted() && written.is_sorted();
        assert!(sorted, "`{row}`: {read:?}, {written:?}");
    }

    fn step(&mut self, step: &str) -> String {
        let of = |letter: u8| match letter {
            b'r' => Side::Readable,
            _ => Side::Writable,
        };
        match step.as_bytes() {
            [b'c', side] => {
                let handle = self.handles[of(*side) as usize];
                let code = self.host.cancel_copy(self.is_future, of(*side), handle);
                self.ends(of(*side), code)
            }
            [b'd', side] => {
                let handle = self.handles[of(*side) as usize];
                self.host.drop_end(self.is_future, of(*side), handle);
                "-".to_owned()
            }
            [b't', _] => {
                let handle = self.handles[Side::Readable as usize];
                self.away = Some(self.host.lift_readable(handle, self.is_future));
                "-".to_owned()
            }
            [b'e', side] => self.event(of(*side)),
            [side, ..] => {
                let items = step[1..].parse().unwrap_or(1);
                let code = self.copy(of(*side), items);
                self.ends(of(*side), code)
            }
            [] => unreachable!("no step is empty"),
        }
    }
}

/// A packed result, as the rows have it.
fn said(code: u32) -> String {
    match (code, code & 0xf, code >> 4) {
        (u32::MAX, ..) => "B".to_owned(),
        (_, 0, items) => format!("C{items}"),
        (_, 1, items) => format!("D{items}"),
        (_, 2, items) => format!("X{items}"),
        _ => format!("{code:#x}"),
    }
}

fn check(row: &str, is_future: bool, rules: Rules) {
    let mut ends = Ends::new(is_future, rules);
    for step in row.split(' ') {
        let (step, expected) = step.split_once('=').expect("a step and its result");
        let found = catch_unwind(AssertUnwindSafe(|| ends.step(step)));
        let found = found.unwrap_or_else(|panic| match trap::text(&*panic) {
            text if is_trap(&text, Site::FutureNotDone) => "U".to_owned(),
            text if is_trap(&text, of_step(step)) => "T".to_owned(),
            text => panic!("{step} of `{row}` with {rules:?}: {text}"),
        });
        assert_eq!(found, expected, "{step} of `{row}` with {rules:?}");
    }
    ends.check(row);
}

/// Where a step traps.
fn of_step(step: &str) -> Site {
    match step.as_bytes()[0] {
        b'c' => Site::NotCopying,
        b'd' => Site::DropInFlight,
        b't' => Site::LiftNotIdle,
        _ => Site::NotIdle,
    }
}

fn is_trap(text: &str, site: Site) -> bool {
    text.starts_with("trap: ") && text.contains(site.rule())
}

#[test]
fn streams() {
    for rules in Rules::all() {
        for row in STREAMS {
            // A host that tells idle ends tells them here too.
            if !(rules.notices && row.contains("er=- ew=-")) {
                check(row, false, rules);
            }
        }
    }
}

#[test]
fn cancels_that_find_something_copied() {
    for (row, cancel_says_completed) in CANCELS {
        for rules in
            Rules::all().filter(|rules| rules.cancel_says_completed == *cancel_says_completed)
        {
            check(row, false, rules);
        }
    }
}

#[test]
fn idle_ends_that_are_told() {
    for rules in Rules::all().filter(|rules| rules.notices) {
        for row in NOTICES {
            check(row, false, rules);
        }
        // The writer of a future is told, and still has to write.
        check("dr=- ew=D0 dw=U", true, rules);
        check("dr=- ew=D0 w=D0 dw=-", true, rules);
    }
}

#[test]
fn an_end_that_was_told_is_told_again_where_hosts_do_that() {
    for rules in Rules::all().filter(|rules| rules.stale_notices) {
        check("dr=- w4=D0 ew=D0 dw=-", false, rules);
        check("dw=- r4=D0 er=D0 dr=-", false, rules);
        check("dr=- w=D0 ew=D0 dw=-", true, rules);
    }
    for rules in Rules::all().filter(|rules| !rules.stale_notices) {
        check("dr=- w4=D0 ew=- dw=-", false, rules);
        check("dw=- r4=D0 er=- dr=-", false, rules);
        check("dr=- w=D0 ew=- dw=-", true, rules);
    }
}

#[test]
fn futures() {
    for rules in Rules::all() {
        for row in FUTURES {
            if !(rules.notices && *row == "dr=- ew=-") {
                check(row, true, rules);
            }
        }
    }
}

#[test]
fn a_cancel_inside_of_a_set_takes_the_event_where_hosts_allow_it() {
    for rules in Rules::all().filter(|rules| !rules.no_cancel_in_set) {
        let mut ends = Ends::new(false, rules);
        let [readable, _] = ends.handles;
        let [set, _] = ends.sets;
        assert_eq!(ends.step("r8"), "B");
        ends.host.waitable_join(readable, set);
        assert_eq!(ends.step("w8"), "C8");
        let expected = match rules.cancel_says_completed {
            true => "C8",
            false => "X8",
        };
        assert_eq!(ends.step("cr"), expected);
        // It was told, and is a member still.
        assert_eq!(ends.host.waitable_set_poll(set, &mut [0; 2]), 0);
        assert_eq!(
            panic_message(|| ends.host.waitable_set_drop(set)).get(..5),
            Some("trap:")
        );
    }
}
