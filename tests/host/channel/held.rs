//! The end that a host holds.

use super::{Channel, Side, State};
use crate::host::enter;
use std::cell::RefCell;
use std::rc::Rc;

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
