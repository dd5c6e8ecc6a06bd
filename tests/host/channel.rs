//! Streams and futures (canonical-abi.md §4.1, §4.2, §5.1 to §5.3).

use super::table::Table;
use super::tasks::Context;
use super::value::{Type, Value};
use super::{Rules, enter, trap};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// Which end.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Side {
    Readable,
    Writable,
}

impl Side {
    pub fn other(self) -> Side {
        match self {
            Side::Readable => Side::Writable,
            Side::Writable => Side::Readable,
        }
    }

    pub fn verb(self) -> &'static str {
        match self {
            Side::Readable => "read",
            Side::Writable => "write",
        }
    }
}

/// What a copy came to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    Blocked,
    Completed(usize),
    Dropped(usize),
    Cancelled(usize),
}

impl Outcome {
    /// The packed result (§3).
    pub fn encode(self) -> u32 {
        match self {
            Outcome::Blocked => u32::MAX,
            Outcome::Completed(items) => (items as u32) << 4,
            Outcome::Dropped(items) => (items as u32) << 4 | 1,
            Outcome::Cancelled(items) => (items as u32) << 4 | 2,
        }
    }
}

/// Memory that a guest lends. It is its own promise that it stays valid.
pub struct Window {
    pub start: *mut u8,
    /// The handles of its instance.
    pub table: Rc<RefCell<Table>>,
    /// The task that started the copy.
    pub task: Option<Rc<Context>>,
}

/// Memory of a copy.
pub enum Buffer {
    Guest(Window),
    /// What the peer sends.
    Send(VecDeque<Value>),
    /// What the peer received.
    Receive(Vec<Value>),
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Done {
    Completed,
    Dropped,
}

struct Copy {
    buffer: Buffer,
    length: usize,
    progress: usize,
    /// Set when there is something to deliver.
    done: Option<Done>,
}

impl Copy {
    fn remain(&self) -> usize {
        self.length - self.progress
    }
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum State {
    Idle,
    Copying,
    /// A host end has been asked to give its buffer back, and takes its time.
    Cancelling,
    Done,
}

/// One end.
pub struct End {
    pub state: State,
    copy: Option<Copy>,
    gone: bool,
    /// To be told, unasked, that the other end is gone.
    notice: bool,
    /// No guest holds it.
    host: bool,
}

/// A stream or a future: two ends.
pub struct Channel {
    pub is_future: bool,
    pub ty: Type,
    ends: [End; 2],
    parked: Option<Side>,
    rules: Rules,
    /// What tells it from the others of this thread.
    pub serial: u32,
    /// What was copied so far, by number, if somebody observes; see [`Value::number`].
    pub copied: Vec<u32>,
    observed: bool,
    /// The table of the instance that made it.
    pub maker: Option<*const RefCell<Table>>,
}

thread_local! {
    static OBSERVED: RefCell<Option<Vec<Rc<RefCell<Channel>>>>> = const { RefCell::new(None) };
    static SERIAL: Cell<u32> = const { Cell::new(0) };
}

/// From now on all channels of this thread keep what is copied, and are kept.
pub fn observe() {
    OBSERVED.set(Some(Vec::new()));
    SERIAL.set(0);
}

/// The channels since [`observe`].
pub fn observed() -> Vec<Rc<RefCell<Channel>>> {
    OBSERVED.take().unwrap_or_default()
}

impl Channel {
    /// A channel in a cell, as the two who hold its ends need it.
    pub fn shared(is_future: bool, ty: Type, rules: Rules) -> Rc<RefCell<Channel>> {
        let channel = Rc::new(RefCell::new(Channel::new(is_future, ty, rules)));
        OBSERVED.with_borrow_mut(|observed| {
            if let Some(all) = observed {
                channel.borrow_mut().observed = true;
                all.push(Rc::clone(&channel));
            }
        });
        channel
    }

    fn new(is_future: bool, ty: Type, rules: Rules) -> Channel {
        let end = || End {
            state: State::Idle,
            copy: None,
            gone: false,
            notice: false,
            host: false,
        };
        Channel {
            is_future,
            ty,
            ends: [end(), end()],
            parked: None,
            rules,
            serial: SERIAL.replace(SERIAL.get() + 1),
            copied: Vec::new(),
            observed: false,
            maker: None,
        }
    }

    pub fn name(&self) -> &'static str {
        if self.is_future { "future" } else { "stream" }
    }

    pub fn end(&self, side: Side) -> &End {
        &self.ends[side as usize]
    }

    fn end_mut(&mut self, side: Side) -> &mut End {
        &mut self.ends[side as usize]
    }

    /// What is copied is of no interest.
    pub fn ignore(&mut self) {
        self.observed = false;
    }

    /// Whether an end was dropped.
    pub fn is_gone(&self, side: Side) -> bool {
        self.end(side).gone
    }

    /// Whether no guest holds an end.
    pub fn is_host(&self, side: Side) -> bool {
        self.end(side).host && !self.end(side).gone
    }

    /// Starts a copy. What the peer gets back at once is in the buffer.
    pub fn start(
        &mut self,
        side: Side,
        mut buffer: Buffer,
        length: usize,
    ) -> (Outcome, Option<Buffer>) {
        let other = side.other();
        let state = self.end(side).state;
        if state != State::Idle {
            trap(
                "stream.read/write: the end is IDLE",
                format_args!("{} of an end that is {state:?}", side.verb()),
            );
        }
        touch(&buffer, side, self.ty, 0, length);
        if self.end(other).gone {
            assert!(
                !(self.is_future && side == Side::Readable),
                "the test dropped the writable end of a future unwritten, and its reader reads"
            );
            let stale = self.rules.stale_notices;
            let end = self.end_mut(side);
            end.state = State::Done;
            end.notice = stale;
            return (Outcome::Dropped(0), Some(buffer));
        }
        if self.parked == Some(other) {
            let (ty, is_future) = (self.ty, self.is_future);
            let needs_task = self.rules.results_need_task && (is_future || !ty.is_number());
            let parked = self.ends[other as usize].copy.as_mut().expect("parked");
            let (remain, asked) = (parked.remain(), parked.length);
            if remain > 0 && length > 0 {
                let items = remain.min(length);
                let one_instance = match (&buffer, &parked.buffer) {
                    (Buffer::Guest(one), Buffer::Guest(other)) => {
                        Rc::ptr_eq(&one.table, &other.table)
                    }
                    _ => false,
                };
                if one_instance && !ty.is_number() {
                    trap(
                        "stream.read/write: no rendezvous within one instance",
                        format_args!("{ty:?} was written and read by one instance"),
                    );
                }
                if side == Side::Writable
                    && needs_task
                    && let Buffer::Guest(window) = &parked.buffer
                    && window.task.as_ref().is_some_and(|task| task.has_exited())
                {
                    trap(
                        "stream.write, future.write (wasmtime): the task that reads is there",
                        format_args!("the task that started the read has exited"),
                    );
                }
                let old = (&mut parked.buffer, parked.progress);
                let log = self.observed.then_some(&mut self.copied);
                match side {
                    Side::Readable => transfer(ty, old, (&mut buffer, 0), items, log),
                    Side::Writable => transfer(ty, (&mut buffer, 0), old, items, log),
                }
                parked.progress += items;
                parked.done = Some(Done::Completed);
                if is_future {
                    self.parked = None;
                    self.end_mut(side).state = State::Done;
                }
                return (Outcome::Completed(items), Some(buffer));
            }
            if remain > 0 || (side == Side::Writable && asked == 0 && length == 0) {
                return (Outcome::Completed(0), Some(buffer));
            }
            parked.done = Some(Done::Completed);
        }
        let end = self.end_mut(side);
        end.state = State::Copying;
        end.copy = Some(Copy {
            buffer,
            length,
            progress: 0,
            done: None,
        });
        self.parked = Some(side);
        (Outcome::Blocked, None)
    }

    /// Whether there is something to deliver to an end.
    pub fn is_ready(&self, side: Side) -> bool {
        let end = self.end(side);
        end.notice || end.copy.as_ref().is_some_and(|copy| copy.done.is_some())
    }

    /// Delivers what there is. This is when the state changes (§4.1).
    pub fn deliver(&mut self, side: Side) -> (Outcome, Option<Buffer>) {
        let is_future = self.is_future;
        let end = self.end_mut(side);
        let Some(copy) = end.copy.take_if(|copy| copy.done.is_some()) else {
            assert!(std::mem::take(&mut end.notice), "nothing to deliver");
            // A stream end is finished then; a future still has to be written.
            if !is_future && end.state == State::Idle {
                end.state = State::Done;
            }
            return (Outcome::Dropped(0), None);
        };
        let items = if is_future { 0 } else { copy.progress };
        let outcome = match copy.done {
            Some(Done::Dropped) => Outcome::Dropped(items),
            _ => Outcome::Completed(items),
        };
        end.state = match outcome {
            Outcome::Completed(_) if !is_future => State::Idle,
            _ => State::Done,
        };
        touch(&copy.buffer, side, self.ty, copy.progress, copy.length);
        self.unpark(side);
        (outcome, Some(copy.buffer))
    }

    /// Makes the copy in flight finish as it is.
    pub fn finish(&mut self, side: Side) {
        let copy = self.end_mut(side).copy.as_mut();
        copy.expect("a copy is in flight").done = Some(Done::Completed);
    }

    /// The copy is to be taken back, which may take a while.
    pub fn ask_back(&mut self, side: Side) {
        if self.end(side).state != State::Copying {
            trap(
                "stream.cancel-read/write: the end is COPYING",
                format_args!("cancel of a {} that is not in flight", side.verb()),
            );
        }
        self.end_mut(side).state = State::Cancelling;
    }

    /// Takes a copy back.
    pub fn cancel(&mut self, side: Side) -> (Outcome, Option<Buffer>) {
        if self.end(side).state != State::Cancelling {
            self.ask_back(side);
        }
        if self.is_ready(side) {
            return match self.deliver(side) {
                (Outcome::Completed(items), buffer)
                    if !self.is_future && !self.rules.cancel_says_completed =>
                {
                    (Outcome::Cancelled(items), buffer)
                }
                finished => finished,
            };
        }
        let copy = self.end_mut(side).copy.take().expect("COPYING");
        touch(&copy.buffer, side, self.ty, copy.progress, copy.length);
        self.end_mut(side).state = State::Idle;
        self.unpark(side);
        (Outcome::Cancelled(0), Some(copy.buffer))
    }

    fn unpark(&mut self, side: Side) {
        self.parked.take_if(|parked| *parked == side);
    }

    /// An end goes away. `linear` says whether a future has to be written first.
    pub fn drop_end(&mut self, side: Side, linear: bool) {
        let state = self.end(side).state;
        if matches!(state, State::Copying | State::Cancelling) {
            trap(
                "stream.drop-readable/-writable: no copy is in flight, no event is undelivered",
                format_args!("drop of an end with a {} in flight", side.verb()),
            );
        }
        if linear && self.is_future && side == Side::Writable && state != State::Done {
            trap(
                "future.drop-writable: the end is DONE",
                format_args!("drop of a future's writable end that was not written"),
            );
        }
        self.end_mut(side).gone = true;
        let other = side.other();
        let parked = self.parked == Some(other);
        let notices = self.rules.notices;
        // The reader of a future learns of a value or of nothing.
        let told = !(self.is_future && other == Side::Readable);
        let end = self.end_mut(other);
        match &mut end.copy {
            Some(copy) if parked => copy.done = Some(Done::Dropped),
            None if notices && told && !end.gone && end.state != State::Done => end.notice = true,
            _ => {}
        }
    }
}

/// The window belongs to the host from the start of a copy until it is
/// delivered: all of it, at any time. Using what was not copied here makes Miri
/// see a window that is too short, gone, or in use.
fn touch(buffer: &Buffer, side: Side, ty: Type, progress: usize, length: usize) {
    let Buffer::Guest(Window { start, .. }) = *buffer else {
        return;
    };
    let layout = ty.layout();
    if layout.size() == 0 || length == 0 {
        return;
    }
    if start.addr() % layout.align() != 0 {
        trap(
            "stream.read/write: ptr is aligned",
            format_args!("{start:?} for {ty:?}"),
        );
    }
    match side {
        // SAFETY: the guest lends the window to be written.
        Side::Readable => unsafe {
            start
                .add(progress * layout.size())
                .write_bytes(0xee, (length - progress) * layout.size());
        },
        Side::Writable => {
            // SAFETY: the guest lends the window. `MaybeUninit` because of
            // padding.
            let window = unsafe {
                std::slice::from_raw_parts(
                    start.cast_const().cast::<std::mem::MaybeUninit<u8>>(),
                    length * layout.size(),
                )
            };
            drop(window.to_vec());
        }
    }
}

/// Moves `items` from a writer's buffer, which got as far as `sent`, to a
/// reader's, which got as far as `received`.
fn transfer(
    ty: Type,
    (from, sent): (&mut Buffer, usize),
    (to, received): (&mut Buffer, usize),
    items: usize,
    mut log: Option<&mut Vec<u32>>,
) {
    let size = ty.layout().size();
    if size == 0 && log.is_none() && matches!((&*from, &*to), (Buffer::Guest(_), Buffer::Guest(_)))
    {
        // There may be a great many, and there is nothing to move.
        return;
    }
    for index in 0..items {
        let value = match from {
            // SAFETY: the writer lends what it lowered there.
            Buffer::Guest(Window { start, table, .. }) => unsafe {
                ty.load(start.wrapping_add((sent + index) * size), table)
            },
            Buffer::Send(values) => values.pop_front().expect("as long as was said"),
            Buffer::Receive(_) => unreachable!("a writer sends"),
        };
        if let Some(log) = &mut log {
            log.push(value.number());
        }
        match to {
            // SAFETY: the reader lends this memory to be written.
            Buffer::Guest(Window { start, table, .. }) => unsafe {
                ty.store(value, start.wrapping_add((received + index) * size), table);
            },
            Buffer::Receive(values) => values.push(value),
            Buffer::Send(_) => unreachable!("a reader receives"),
        }
    }
}

/// An end that no guest holds. Goes away when it is dropped, whatever is in
/// flight.
pub struct Held {
    channel: Option<Rc<RefCell<Channel>>>,
    side: Side,
}

impl Held {
    pub fn new(channel: Rc<RefCell<Channel>>, side: Side) -> Held {
        channel.borrow_mut().end_mut(side).host = true;
        Held {
            channel: Some(channel),
            side,
        }
    }

    pub fn channel(&self) -> &Rc<RefCell<Channel>> {
        self.channel.as_ref().expect("held")
    }

    pub fn side(&self) -> Side {
        self.side
    }

    /// For a table, which holds it from now on.
    pub fn into_parts(mut self) -> (Rc<RefCell<Channel>>, Side) {
        let channel = self.channel.take().expect("held");
        channel.borrow_mut().end_mut(self.side).host = false;
        (channel, self.side)
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} end", self.side)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(channel) = self.channel.take() else {
            return;
        };
        let _host = enter();
        let mut channel = channel.borrow_mut();
        // What is in flight goes with it, after the borrow has ended.
        let _buffer = match channel.end(self.side).state {
            State::Copying | State::Cancelling => channel.cancel(self.side).1,
            _ => None,
        };
        // A host's own writable end of a future may go away unwritten.
        channel.drop_end(self.side, false);
    }
}

/// Whether the readable end of an observed channel is idle.
pub fn is_idle(serial: u32) -> bool {
    OBSERVED.with_borrow(|observed| {
        let channel = observed.as_ref().and_then(|all| all.get(serial as usize));
        channel.is_some_and(|channel| channel.borrow().end(Side::Readable).state == State::Idle)
    })
}

/// Whether the running instance made an observed channel whose payload it cannot
/// send to itself.
pub fn came_back(serial: u32) -> bool {
    let running = Rc::as_ptr(super::host().table());
    OBSERVED.with_borrow(|observed| {
        let channel = observed.as_ref().and_then(|all| all.get(serial as usize));
        channel.is_some_and(|channel| {
            let channel = channel.borrow();
            channel.maker == Some(running) && !channel.ty.is_number()
        })
    })
}

/// What tells the channel that was made last from all others.
pub fn last_serial() -> u32 {
    SERIAL.get().saturating_sub(1)
}
