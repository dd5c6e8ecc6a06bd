//! What tells the channels of a thread apart, and those that are looked at.

use super::{Channel, Side, State};
use crate::host::host;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

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

/// Keeps a new channel, if somebody observes.
pub(super) fn keep(channel: &Rc<RefCell<Channel>>) -> bool {
    OBSERVED.with_borrow_mut(|observed| match observed {
        Some(all) => {
            all.push(Rc::clone(channel));
            true
        }
        None => false,
    })
}

pub(super) fn next_serial() -> u32 {
    SERIAL.replace(SERIAL.get() + 1)
}

/// What tells the channel that was made last from all others.
pub fn last_serial() -> u32 {
    SERIAL.get().saturating_sub(1)
}

/// Whether the running instance made an observed channel whose payload it cannot
/// send to itself.
pub fn came_back(serial: u32) -> bool {
    let running = Rc::as_ptr(host().table());
    observed_is(serial, |channel| {
        channel.maker == Some(running) && !channel.ty.is_number()
    })
}

/// The observed channel that is told from all others by this.
pub fn channel_of(serial: u32) -> Option<Rc<RefCell<Channel>>> {
    OBSERVED.with_borrow(|observed| observed.as_ref()?.get(serial as usize).cloned())
}

/// Whether there is an observed channel of which this holds.
fn observed_is(serial: u32, holds: impl FnOnce(&Channel) -> bool) -> bool {
    OBSERVED.with_borrow(|observed| {
        let channel = observed.as_ref().and_then(|all| all.get(serial as usize));
        channel.is_some_and(|channel| holds(&channel.borrow()))
    })
}
