//! Streams and futures (canonical-abi.md §4.1, §4.2, §5.1 to §5.3).

use super::value::{Type, Value};
use super::{Rules, trap};
use std::collections::VecDeque;

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

/// Memory of a copy.
pub enum Buffer {
    /// The guest's. It is its own promise that it stays valid.
    Guest(*mut u8),
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
    Done,
}

/// One end.
pub struct End {
    pub state: State,
    copy: Option<Copy>,
    gone: bool,
    /// To be told, unasked, that the other end is gone.
    notice: bool,
}

/// A stream or a future: two ends.
pub struct Channel {
    pub is_future: bool,
    pub ty: Type,
    ends: [End; 2],
    parked: Option<Side>,
    rules: Rules,
}

impl Channel {
    pub fn new(is_future: bool, ty: Type, rules: Rules) -> Channel {
        let end = || End {
            state: State::Idle,
            copy: None,
            gone: false,
            notice: false,
        };
        Channel {
            is_future,
            ty,
            ends: [end(), end()],
            parked: None,
            rules,
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
            self.end_mut(side).state = State::Done;
            return (Outcome::Dropped(0), Some(buffer));
        }
        if self.parked == Some(other) {
            let ty = self.ty;
            let parked = self.end_mut(other).copy.as_mut().expect("parked");
            let (remain, asked) = (parked.remain(), parked.length);
            if remain > 0 && length > 0 {
                let items = remain.min(length);
                let both_guest = matches!(
                    (&buffer, &parked.buffer),
                    (Buffer::Guest(_), Buffer::Guest(_))
                );
                if both_guest && !ty.is_number() {
                    trap(
                        "stream.read/write: no rendezvous within one instance",
                        format_args!("{ty:?} was written and read by one instance"),
                    );
                }
                let old = (&mut parked.buffer, parked.progress);
                match side {
                    Side::Readable => transfer(ty, old, (&mut buffer, 0), items),
                    Side::Writable => transfer(ty, (&mut buffer, 0), old, items),
                }
                parked.progress += items;
                parked.done = Some(Done::Completed);
                if self.is_future {
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

    /// Takes a copy back.
    pub fn cancel(&mut self, side: Side) -> (Outcome, Option<Buffer>) {
        if self.end(side).state != State::Copying {
            trap(
                "stream.cancel-read/write: the end is COPYING",
                format_args!("cancel of a {} that is not in flight", side.verb()),
            );
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
        if state == State::Copying {
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
    let Buffer::Guest(start) = *buffer else {
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
) {
    let size = ty.layout().size();
    if size == 0 && matches!((&*from, &*to), (Buffer::Guest(_), Buffer::Guest(_))) {
        // There may be a great many, and there is nothing to move.
        return;
    }
    for index in 0..items {
        let value = match from {
            // SAFETY: the writer lends what it lowered there.
            Buffer::Guest(start) => unsafe { ty.load(start.add((sent + index) * size)) },
            Buffer::Send(values) => values.pop_front().expect("as long as was said"),
            Buffer::Receive(_) => unreachable!("a writer sends"),
        };
        match to {
            // SAFETY: the reader lends this memory to be written.
            Buffer::Guest(start) => unsafe {
                ty.store(value, start.add((received + index) * size));
            },
            Buffer::Receive(values) => values.push(value),
            Buffer::Send(_) => unreachable!("a reader receives"),
        }
    }
}
