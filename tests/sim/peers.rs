//! The ends that the host holds. They do what the sequence of choices says.

use super::items::host_value;
use super::seen::Seen;
use super::world::World;
use crate::host::{Buffer, Channel, Held, Outcome, Rules, Side, State, Type, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// An end that the host holds.
pub struct HostEnd {
    held: Held,
    writes: bool,
    /// It leaves the copy in flight alone until the world closes.
    stalls: bool,
    /// How many copies it starts still, in a small world.
    left: Option<u32>,
}

/// What an idle end does: seldom nothing more.
static IDLE: [Next; 8] = {
    let mut nexts = [Next::Start; 8];
    nexts[0] = Next::Drop;
    nexts
};

/// Of so many copies that it could begin, one finishes that of the other side instead.
const NOTHING: u32 = 16;

/// What an end can do now.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Next {
    /// A copy has finished.
    Settle,
    Start,
    Cancel,
    Drop,
}

impl HostEnd {
    pub fn new(held: Held, left: Option<u32>) -> HostEnd {
        let writes = held.side() == Side::Writable;
        HostEnd {
            held,
            writes,
            stalls: false,
            left,
        }
    }

    fn channel(&self) -> Rc<RefCell<Channel>> {
        Rc::clone(self.held.channel())
    }

    fn nexts(&self, closing: bool) -> &'static [Next] {
        let channel = self.held.channel().borrow();
        let side = self.held.side();
        if channel.is_ready(side) {
            return &[Next::Settle];
        }
        let state = channel.end(side).state;
        // The writable end of a future that is unwritten cannot just go away.
        let owes = self.writes
            && channel.is_future
            && !matches!(state, State::Done)
            && !channel.is_gone(Side::Readable);
        match state {
            State::Idle if owes => &[Next::Start],
            State::Idle if closing => &[Next::Drop],
            State::Idle => match self.left {
                None => &IDLE,
                Some(0) => &[Next::Drop],
                Some(_) => &[Next::Drop, Next::Start],
            },
            State::Copying if owes && closing => &[],
            State::Copying if closing => &[Next::Drop],
            State::Copying if self.stalls => &[],
            State::Copying if owes => &[Next::Cancel],
            State::Copying => &[Next::Cancel, Next::Drop],
            State::Cancelling => &[],
            State::Done => &[Next::Drop],
        }
    }

    /// Whether there is something that it could do.
    pub fn is_ready(&self, closing: bool) -> bool {
        let (channel, side) = (self.held.channel().borrow(), self.held.side());
        match channel.end(side).state {
            State::Idle | State::Done => true,
            // Most ends do this. They are looked at again and again.
            State::Copying if self.stalls && !closing => channel.is_ready(side),
            State::Copying | State::Cancelling => !self.nexts(closing).is_empty(),
        }
    }

    /// Does something. Gives the end back unless it is gone.
    pub fn step(mut self, world: &World) -> Option<HostEnd> {
        let nexts = self.nexts(world.is_closing());
        let next = nexts[world.decide(nexts.len() as u32) as usize];
        let channel = self.channel();
        let side = self.held.side();
        if channel.borrow().end(side.other()).state == State::Cancelling {
            world.see(Seen::SlowCancel);
        }
        world.see(match next {
            Next::Settle => Seen::Settles,
            Next::Start if self.writes => Seen::Writes,
            Next::Start => Seen::Reads,
            Next::Cancel => Seen::Cancels,
            Next::Drop => Seen::Drops,
        });
        world.trace(|| format!("host: {next:?} {side:?} {}", channel.borrow().serial));
        match next {
            Next::Settle => {
                let (outcome, buffer) = channel.borrow_mut().deliver(side);
                self.settle(world, outcome, buffer);
                Some(self)
            }
            Next::Start if self.finishes_for_nothing(world) => Some(self),
            Next::Start => {
                self.start(world);
                self.stalls = match &mut self.left {
                    None => world.decide(4) != 3,
                    Some(left) => {
                        *left -= 1;
                        world.decide(2) == 0
                    }
                };
                if self.stalls && channel.borrow().end(side).state == State::Copying {
                    world.see(Seen::Stalls);
                }
                Some(self)
            }
            Next::Cancel => {
                let (outcome, buffer) = channel.borrow_mut().cancel(side);
                self.settle(world, outcome, buffer);
                Some(self)
            }
            Next::Drop => {
                let mut channel = channel.borrow_mut();
                if let State::Copying = channel.end(side).state {
                    let (outcome, buffer) = channel.cancel(side);
                    drop(channel);
                    self.settle(world, outcome, buffer);
                }
                None
            }
        }
    }

    /// Seldom: instead of beginning a copy it lets the one of the other side finish with
    /// nothing, if there is one.
    fn finishes_for_nothing(&self, world: &World) -> bool {
        let channel = self.channel();
        let mut channel = channel.borrow_mut();
        let other = self.held.side().other();
        let can = self.left.is_none()
            && !channel.is_future
            && channel.end(other).state == State::Copying
            && !channel.is_ready(other)
            && world.decide(NOTHING) == 1;
        if can {
            channel.finish(other);
            world.see(Seen::Nothing);
        }
        can
    }

    fn start(&self, world: &World) {
        let channel = self.channel();
        let (ty, is_future) = (channel.borrow().ty, channel.borrow().is_future);
        let count = match is_future {
            true => 1,
            false if self.left.is_some() => 1 + 2 * world.decide(2) as usize,
            false => world.hosts_amount() as usize,
        };
        let buffer = if self.writes {
            let values = (0..count).map(|_| world.host_value(ty));
            Buffer::Send(values.collect())
        } else {
            Buffer::Receive(Vec::new())
        };
        let side = self.held.side();
        let (outcome, buffer) = channel.borrow_mut().start(side, buffer, count);
        self.settle(world, outcome, buffer);
    }

    /// Notes what a copy came to.
    fn settle(&self, world: &World, outcome: Outcome, buffer: Option<Buffer>) {
        let serial = self.channel().borrow().serial;
        let is_future = self.channel().borrow().is_future;
        if self.writes {
            let sent = match outcome {
                Outcome::Blocked | Outcome::Dropped(_) if is_future => 0,
                Outcome::Completed(_) if is_future => 1,
                Outcome::Cancelled(_) if is_future => 0,
                Outcome::Completed(sent) | Outcome::Dropped(sent) | Outcome::Cancelled(sent) => {
                    sent
                }
                Outcome::Blocked => 0,
            };
            world.ledger.told(serial, sent);
        }
        if let Some(Buffer::Receive(values)) = buffer {
            world
                .ledger
                .received(serial, values.iter().map(Value::number));
            values.into_iter().for_each(|value| world.host_gets(value));
        }
    }
}

impl World {
    /// A value that the host makes.
    pub fn host_value(&self, ty: Type) -> Value {
        let (value, writer) = host_value(ty, self.next_number(), self.rules());
        if let Some(writer) = writer {
            self.hold(writer);
        }
        value
    }

    /// A value that the host received.
    fn host_gets(&self, value: Value) {
        match value {
            Value::Reader(held) => self.hold(held),
            value => drop(value),
        }
    }

    /// A stream or a future whose writable end the host holds.
    pub fn host_readable(&self, ty: Type, is_future: bool) -> Held {
        let rules: Rules = self.rules();
        let channel = Channel::shared(is_future, ty, rules);
        self.hold(Held::new(Rc::clone(&channel), Side::Writable));
        Held::new(channel, Side::Readable)
    }
}
