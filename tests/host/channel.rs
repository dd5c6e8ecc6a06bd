//! Streams and futures (canonical-abi.md §4.1, §4.2, §5.1 to §5.3).

mod buffer;
mod held;
mod observe;

pub use buffer::{Buffer, Window};
pub use held::Held;
pub use observe::{
    all_of, came_back, channel_of, goes_on_with, has_left, last_serial, leaves_with, observe,
    observed,
};

use super::sites::Site;
use super::table::Table;
use super::tasks::Context;
use super::value::Type;
use super::{Rules, trap};
use buffer::transfer;
use std::cell::RefCell;
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
    /// What tells it from the others of this thread; that of another one if it
    /// [goes on](observe::goes_on_with) with what is left of that.
    pub serial: u32,
    /// Whether it goes on with another one.
    pub continues: bool,
    /// What was copied so far, by number, if somebody observes; see [`Value::number`].
    pub copied: Vec<u32>,
    observed: bool,
    /// Whether its readable end was handed away, or offered to another instance.
    pub has_left: bool,
    /// The table of the instance that made it.
    pub maker: Option<*const RefCell<Table>>,
}

impl Channel {
    /// A channel in a cell, as the two who hold its ends need it.
    pub fn shared(is_future: bool, ty: Type, rules: Rules) -> Rc<RefCell<Channel>> {
        let channel = Rc::new(RefCell::new(Channel::new(is_future, ty, rules)));
        channel.borrow_mut().observed = observe::keep(&channel);
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
            serial: observe::next_serial(),
            continues: false,
            copied: Vec::new(),
            observed: false,
            has_left: false,
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
                Site::NotIdle,
                format_args!("{} of an end that is {state:?}", side.verb()),
            );
        }
        if let Buffer::Guest(window) = &buffer {
            window.demand_valid(self.ty, length);
        }
        buffer.touch(side, self.ty, 0, length);
        if let Buffer::Guest(window) = &buffer
            && side == Side::Writable
            && !self.end(other).gone
        {
            window.offers(self.ty, length);
        }
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
        if self.parked == Some(other)
            && let Some(items) = self.meet(side, &mut buffer, length)
        {
            return (Outcome::Completed(items), Some(buffer));
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

    /// Meets the copy that is parked at the other end. None if that one is done, and
    /// this one has to wait for the next.
    fn meet(&mut self, side: Side, buffer: &mut Buffer, length: usize) -> Option<usize> {
        self.demand_two_instances(side, buffer);
        let parked = self.parked_copy(side.other());
        let (remain, asked) = (parked.remain(), parked.length);
        if remain > 0 && length > 0 {
            let items = remain.min(length);
            self.demand_reader(side);
            self.exchange(side, buffer, items);
            return Some(items);
        }
        if remain > 0 || (side == Side::Writable && asked == 0 && length == 0) {
            return Some(0);
        }
        self.finish(side.other());
        None
    }

    fn parked_copy(&self, side: Side) -> &Copy {
        self.end(side).copy.as_ref().expect("parked")
    }

    /// Two copies of one instance may meet if they are of numbers or of nothing;
    /// otherwise not even if there is nothing to exchange.
    fn demand_two_instances(&self, side: Side, buffer: &Buffer) {
        let parked = &self.parked_copy(side.other()).buffer;
        let one_instance = match (buffer, parked) {
            (Buffer::Guest(one), Buffer::Guest(other)) => Rc::ptr_eq(&one.table, &other.table),
            _ => false,
        };
        if one_instance && !self.ty.is_number() {
            trap(
                Site::OneInstance,
                format_args!("{:?} was written and read by one instance", self.ty),
            );
        }
    }

    /// On wasmtime the task that reads has to be there when something is written
    /// that has to be lowered.
    fn demand_reader(&self, side: Side) {
        let parked = &self.parked_copy(side.other()).buffer;
        let needs_task = self.rules.results_need_task && (self.is_future || !self.ty.is_number());
        if side == Side::Writable
            && needs_task
            && let Buffer::Guest(window) = parked
            && window.task.as_ref().is_some_and(|task| task.has_exited())
        {
            trap(
                Site::ReaderExited,
                format_args!("the task that started the read has exited"),
            );
        }
    }

    /// Moves so many items between a buffer and the one that is parked at the other
    /// end, which is done then.
    fn exchange(&mut self, side: Side, buffer: &mut Buffer, items: usize) {
        let parked = self.ends[side.other() as usize].copy.as_mut();
        let parked = parked.expect("parked");
        let new = (buffer, 0);
        let old = (&mut parked.buffer, parked.progress);
        let log = self.observed.then_some(&mut self.copied);
        match side {
            Side::Readable => transfer(self.ty, old, new, items, log),
            Side::Writable => transfer(self.ty, new, old, items, log),
        }
        parked.progress += items;
        parked.done = Some(Done::Completed);
        if self.is_future {
            self.parked = None;
            self.end_mut(side).state = State::Done;
        }
    }

    /// The task of the guest whose copy is in flight on an end.
    pub fn copied_by(&self, side: Side) -> Option<Rc<Context>> {
        match &self.end(side).copy.as_ref()?.buffer {
            Buffer::Guest(window) => window.task.clone(),
            _ => None,
        }
    }

    /// Whether a copy is in flight on an end, as the one who started it knows.
    pub fn is_in_flight(&self, side: Side) -> bool {
        matches!(self.end(side).state, State::Copying | State::Cancelling)
    }

    /// Whether there is something to deliver to an end.
    pub fn is_ready(&self, side: Side) -> bool {
        let end = self.end(side);
        end.notice || matches!(&end.copy, Some(Copy { done: Some(_), .. }))
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
        copy.buffer.touch(side, self.ty, copy.progress, copy.length);
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
                Site::NotCopying,
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
        copy.buffer.touch(side, self.ty, copy.progress, copy.length);
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
                Site::DropInFlight,
                format_args!("drop of an end with a {} in flight", side.verb()),
            );
        }
        if linear && self.is_future && side == Side::Writable && state != State::Done {
            trap(
                Site::FutureNotDone,
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
