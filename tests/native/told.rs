//! Streams whose built-ins answer as the test tells them: what the host of the
//! other tests never says, and which elements are lowered, lifted and freed.

use crate::host::{self, Log, panic_message};
use std::alloc::Layout;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::rc::Rc;
use wit_async::{RawStreamReader, RawStreamWriter, StreamOps, StreamResult, block_on};

/// The payload: nothing in Rust, its number in the ABI.
#[derive(Clone)]
struct Numbered;

/// How many of them one operation moves at most.
const WINDOW: usize = 1024;
/// Numbers begin anew here; no power of two, so that windows differ.
const NUMBERS: usize = 251;

/// A payload that is a number of one byte in the ABI.
trait Number: 'static {
    /// Whether it is in Rust too.
    const IS_CANONICAL: bool;

    fn numbered(number: u8) -> Self;
}

impl Number for Numbered {
    const IS_CANONICAL: bool = false;

    fn numbered(_: u8) -> Numbered {
        Numbered
    }
}

impl Number for u8 {
    const IS_CANONICAL: bool = true;

    fn numbered(number: u8) -> u8 {
        number
    }
}

/// The built-ins and conversions of one stream.
struct Told<T>(Rc<Script>, PhantomData<T>);

impl<T> Clone for Told<T> {
    fn clone(&self) -> Told<T> {
        Told(Rc::clone(&self.0), PhantomData)
    }
}

struct Script {
    /// Codes that reads and writes return.
    answers: RefCell<VecDeque<u32>>,
    contains_lists: bool,
    lift_panics_at: Option<usize>,
    lowered: Cell<usize>,
    /// How many items were taken.
    taken: Cell<usize>,
    log: Log<(&'static str, usize)>,
}

/// The code of a read or write that was completed.
fn completed(items: u32) -> u32 {
    items << 4
}

fn told<const N: usize>(answers: [u32; N]) -> Script {
    Script {
        answers: RefCell::new(answers.into()),
        contains_lists: false,
        lift_panics_at: None,
        lowered: Cell::new(0),
        taken: Cell::new(0),
        log: Log::new(),
    }
}

impl Script {
    fn writer(self) -> (RawStreamWriter<Told<Numbered>>, Log<(&'static str, usize)>) {
        let log = self.log.clone();
        (self.writer_of(), log)
    }

    fn writer_of<T: Number>(self) -> RawStreamWriter<Told<T>> {
        // SAFETY: the built-ins take any handle.
        unsafe { RawStreamWriter::new(1, Told(Rc::new(self), PhantomData)) }
    }

    fn reader(self) -> (RawStreamReader<Told<Numbered>>, Log<(&'static str, usize)>) {
        let log = self.log.clone();
        (
            RawStreamReader::new(2, Told(Rc::new(self), PhantomData)),
            log,
        )
    }

    fn answer(&self) -> u32 {
        let answer = self.answers.borrow_mut().pop_front();
        answer.expect("the test has an answer")
    }
}

// SAFETY: elements are numbers of one byte, which own nothing.
unsafe impl<T: Number> StreamOps for Told<T> {
    type Payload = T;

    fn new(&mut self) -> u64 {
        unreachable!("the ends are made by the test")
    }

    fn elem_layout(&self) -> Layout {
        Layout::new::<u8>()
    }

    fn native_abi_matches_canonical_abi(&self) -> bool {
        T::IS_CANONICAL
    }

    fn contains_lists(&self) -> bool {
        self.0.contains_lists
    }

    unsafe fn lower(&mut self, _: T, to: *mut u8) {
        let number = self.0.lowered.get();
        self.0.lowered.set(number + 1);
        // SAFETY: the contract of this function.
        unsafe { to.write((number % NUMBERS) as u8) };
    }

    unsafe fn dealloc_lists(&mut self, at: *mut u8) {
        // SAFETY: the contract of this function.
        let number = unsafe { at.read() }.into();
        self.0.log.note(("freed", number));
    }

    unsafe fn lift(&mut self, from: *mut u8) -> T {
        // SAFETY: the contract of this function.
        let byte = unsafe { from.read() };
        let number = byte.into();
        self.0.log.note(("lifted", number));
        assert_ne!(Some(number), self.0.lift_panics_at, "as it was told to");
        T::numbered(byte)
    }

    unsafe fn start_write(&mut self, _: u32, from: *const u8, items: usize) -> u32 {
        self.0.log.note(("offered", items));
        if items > 0 {
            // SAFETY: the contract of this function.
            let first = usize::from(unsafe { from.read() });
            assert_eq!(first, self.0.taken.get() % NUMBERS, "another one is next");
        }
        let answer = self.0.answer();
        self.0
            .taken
            .set(self.0.taken.get() + (answer >> 4) as usize);
        answer
    }

    unsafe fn start_read(&mut self, _: u32, to: *mut u8, items: usize) -> u32 {
        for number in 0..items {
            // SAFETY: the contract of this function.
            unsafe { to.add(number).write((number % NUMBERS) as u8) };
        }
        self.0.answer()
    }

    unsafe fn cancel_read(&mut self, _: u32) -> u32 {
        unreachable!("nothing blocks")
    }

    unsafe fn cancel_write(&mut self, _: u32) -> u32 {
        unreachable!("nothing blocks")
    }

    unsafe fn drop_readable(&mut self, _: u32) {}

    unsafe fn drop_writable(&mut self, _: u32) {}
}

#[test]
fn each_window_is_freed_from_its_own_start() {
    let _host = host::install();
    let (mut writer, log) = Script {
        contains_lists: true,
        ..told([completed(WINDOW as u32), completed(1)])
    }
    .writer();
    let rest = block_on(async {
        let (_, rest) = writer.write(vec![Numbered; WINDOW + 1]).await;
        assert_eq!(rest.remaining(), 1);
        writer.write_buf(rest).await.1
    });
    assert_eq!(rest.remaining(), 0);
    let mut expected = vec![("offered", WINDOW)];
    expected.extend((0..WINDOW).map(|number| ("freed", number % NUMBERS)));
    expected.extend([("offered", 1), ("freed", WINDOW % NUMBERS)]);
    assert_eq!(log.take(), expected);
}

#[test]
fn what_contains_no_lists_is_not_freed() {
    let _host = host::install();
    let (mut writer, log) = told([completed(2), completed(1)]).writer();
    block_on(async {
        assert!(writer.write_all(vec![Numbered; 2]).await.is_empty());
        assert!(writer.write_one(Numbered).await.is_none());
    });
    assert_eq!(log.take(), [("offered", 2), ("offered", 1)]);
}

#[test]
fn one_value_is_offered_until_it_is_taken() {
    let _host = host::install();
    let (mut writer, log) = told([completed(0), completed(1)]).writer();
    assert!(block_on(writer.write_one(Numbered)).is_none());
    assert_eq!(log.take(), [("offered", 1), ("offered", 1)]);
}

#[test]
fn a_host_that_counts_more_items_than_there_are_is_contradicted() {
    let _host = host::install();
    let (mut writer, _) = told([completed(2), completed(2)]).writer();
    let message = panic_message(|| {
        block_on(async {
            let (_, rest) = writer.write(vec![Numbered; 3]).await;
            let _ = writer.write_buf(rest).await;
        })
    });
    assert_eq!(
        message,
        "the host says it took 2 items where 1 were offered"
    );
    let (mut writer, _) = told([completed(2)]).writer();
    let message = panic_message(|| assert!(block_on(writer.write_one(Numbered)).is_none()));
    assert_eq!(message, "the host says it took 2 items where 1 was offered");
    // Also where nothing is lowered.
    let mut writer = told([completed(2), completed(2)]).writer_of::<u8>();
    let message = panic_message(|| {
        block_on(async {
            let (_, rest) = writer.write(vec![0, 1, 2]).await;
            let _ = writer.write_buf(rest).await;
        })
    });
    assert_eq!(
        message,
        "the host says it took 2 items where 1 were offered"
    );

    let (mut reader, _) = told([completed(WINDOW as u32 + 1), completed(2)]).reader();
    let message = panic_message(|| drop(block_on(reader.read(Vec::new()))));
    assert_eq!(
        message,
        "the host says it wrote 1025 items where there was room for 1024"
    );
    let message = panic_message(|| assert!(block_on(reader.next()).is_none()));
    assert_eq!(
        message,
        "the host says it wrote 2 items where there was room for 1"
    );
}

#[test]
fn behind_a_value_that_cannot_be_lifted_back_all_others_are() {
    let _host = host::install();
    let (mut writer, log) = Script {
        lift_panics_at: Some(1),
        ..told([completed(0)])
    }
    .writer();
    let (result, buffer) = block_on(writer.write(vec![Numbered; 3]));
    assert_eq!(result, StreamResult::Complete(0));
    assert_eq!(log.take(), [("offered", 3)]);
    panic_message(|| drop(buffer));
    assert_eq!(log.take(), [("lifted", 2), ("lifted", 1), ("lifted", 0)]);
}

#[test]
fn behind_an_item_that_cannot_be_lifted_all_others_are() {
    let _host = host::install();
    let (mut reader, log) = Script {
        lift_panics_at: Some(1),
        ..told([completed(4)])
    }
    .reader();
    panic_message(|| drop(block_on(reader.read(Vec::new()))));
    assert_eq!(log.take(), [0, 1, 2, 3].map(|number| ("lifted", number)));
}

#[test]
fn a_buffer_says_how_far_it_got() {
    let _host = host::install();
    let (mut writer, _) = told([completed(2)]).writer();
    let (_, buffer) = block_on(writer.write(vec![Numbered; 3]));
    assert_eq!(format!("{buffer:?}"), "AbiBuffer { sent: 2, remaining: 1 }");
}
