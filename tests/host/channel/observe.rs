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
    // Room for those of most runs.
    OBSERVED.set(Some(Vec::with_capacity(16)));
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

/// Whether the running instance made an observed channel whose payload it cannot send to
/// itself, and handed its readable end away.
pub fn came_back(serial: u32) -> bool {
    let running = Rc::as_ptr(host().table());
    observed_is(serial, |channel| {
        channel.has_left && channel.maker == Some(running) && !channel.ty.is_number()
    })
}

/// Whether the readable end of an observed channel was handed away.
pub fn has_left(serial: u32) -> bool {
    observed_is(serial, |channel| channel.has_left)
}

/// The readable end of channel `serial` was handed away, and `handle` is what went in its
/// place. If that is the end of a new channel, the runtime passes on in it what is left:
/// for who looks at the items it is the same one.
pub fn goes_on_with(serial: u32, handle: u32) {
    host().with_channel(handle, |channel| {
        channel.continues |= channel.serial != serial;
        channel.serial = serial;
    });
}

/// The same, where it is handed away whatever becomes of that: a call may be cancelled before
/// it has started.
pub fn leaves_with(serial: u32, handle: u32) {
    goes_on_with(serial, handle);
    host().with_channel(handle, |channel| channel.has_left = true);
}

/// The observed channel that is told from all others by this: of several, that whose
/// end somebody has who is no runtime.
pub fn channel_of(serial: u32, side: Side) -> Option<Rc<RefCell<Channel>>> {
    OBSERVED.with_borrow(|observed| {
        let mut same = observed.as_ref()?.get(serial as usize..)?.iter();
        match side {
            Side::Writable => same.next().cloned(),
            Side::Readable => same
                .rfind(|channel| channel.borrow().serial == serial)
                .cloned(),
        }
    })
}

/// Looks at each observed channel that has this number or goes on with the one that has.
pub fn all_of(serial: u32, mut look: impl FnMut(&Channel)) {
    observed_is(serial, |channel| {
        look(channel);
        false
    });
}

/// Whether there is an observed channel of which this holds.
fn observed_is(serial: u32, mut holds: impl FnMut(&Channel) -> bool) -> bool {
    OBSERVED.with_borrow(|observed| {
        let all = observed.iter().flatten();
        // Those that go on with another one come behind it.
        let mut same = all.skip(serial as usize).map(|channel| channel.borrow());
        same.any(|channel| channel.serial == serial && holds(&channel))
    })
}
