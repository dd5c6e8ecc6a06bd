//! Pairs both of whose ends are in this instance since they were made.
//!
//! The host does not let a read and a write meet in one instance, unless the items
//! are numbers (canonical ABI, "stream.read"). For other items the two meet here, as
//! they would there: the memory of one is copied to that of the other, and whoever
//! waited is told by an event. Items move: lists and handles in them belong to the
//! reader afterwards, without another copy.
//!
//! Once an end is dropped or the reader handed away, the host does what is left: it
//! knows of no operation until then. A write that waits when the reader is handed away
//! starts again there. The writable end of a future, which the host does not know to
//! be written, is written for form's sake when the reader is gone. A write whose reader
//! was dropped here asks nobody ([`Goes::Nowhere`]).
//!
//! A reader that is itself in an item of a pair stays here with it; see
//! [`carried`](super::carried). A pair that comes back after it was handed away cannot be told from another one.
//!
//! Who is told something is woken by the next turn of a task ([`wake_late`]): a waker
//! may panic, and may come back here, and none of what tells may be left half done.
//! What belongs to no task may have to do without a turn; it is woken when what tells
//! it is done ([`wake_others`]).

use super::allowance;
use super::carried::Journey;
use super::{events, orphans, registry};
use crate::abi::{Copied, Waitable};
use crate::instance;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::any::TypeId;
use core::cell::{Cell, RefCell};
use core::mem;
use core::task::Waker;

/// Which end.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    /// The one to read.
    Readable,
    /// The one to write.
    Writable,
}

/// Memory that is lent for a copy, with room for so many items, or so many in it.
#[derive(Copy, Clone)]
pub(crate) struct Lent {
    pub(crate) address: *mut u8,
    pub(crate) items: usize,
}

/// Both ends of a stream or future, whose items may not meet in the host.
pub(crate) struct Pair {
    pub(super) readable: Waitable,
    writable: Waitable,
    /// Size of an item, in bytes.
    size: usize,
    meets: Cell<Meets>,
    /// The operation that waits for the other side.
    waits: Cell<Option<(Side, Lent)>>,
    /// The readable end is carried: it is in an item that was lowered.
    pub(super) journey: Cell<Option<Journey>>,
    /// What is to be done when the readable end has been dropped.
    then: Cell<Option<Box<dyn FnOnce()>>>,
}

/// Notes two ends that were made just now, with items of type `T` that take `size`
/// bytes each.
pub(crate) fn note_pair<T: 'static>(readable: u32, writable: u32, size: usize) {
    if meets_in_host::<T>() {
        return;
    }
    let (Some(readable), Some(writable)) = (Waitable::new(readable), Waitable::new(writable))
    else {
        return;
    };
    let pair = Rc::new(Pair {
        readable,
        writable,
        size,
        meets: Cell::new(Meets::Here),
        waits: Cell::new(None),
        journey: Cell::new(None),
        then: Cell::new(None),
    });
    registry::set_pair(readable, Rc::clone(&pair));
    registry::set_pair(writable, pair);
}

/// Where the two ends meet.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Meets {
    /// Both are here, so that what they do is done here.
    Here,
    /// The readable end was handed away, or the writable one dropped: the host does it.
    AtHost,
    /// The readable end was dropped here: nowhere.
    Nowhere,
}

/// The pair of an end, if both ends are here and their items do not meet in the host.
pub(crate) fn pair_here<T: 'static>(waitable: Waitable) -> Option<Rc<Pair>> {
    match meets_in_host::<T>() {
        true => None,
        false => registry::pair(waitable).filter(|pair| pair.meets.get() == Meets::Here),
    }
}

/// Where a write goes that is about to start.
pub(crate) enum Goes {
    /// To the readable end of the pair, which is here.
    Here(Rc<Pair>),
    /// To the host.
    ToHost,
    /// The readable end was dropped while both were here. The host would say so, but an end
    /// in an item that it is offered would be handed away for nothing.
    Nowhere,
}

/// Where a write on `writable` goes.
pub(crate) fn write_goes<T: 'static>(writable: Waitable) -> Goes {
    if meets_in_host::<T>() {
        return Goes::ToHost;
    }
    match registry::pair(writable) {
        Some(pair) => match pair.meets.get() {
            Meets::Here => Goes::Here(pair),
            Meets::AtHost => Goes::ToHost,
            Meets::Nowhere => Goes::Nowhere,
        },
        None => Goes::ToHost,
    }
}

/// Whether items are numbers, or nothing: then the host has no objection.
#[inline]
pub(super) fn meets_in_host<T: 'static>() -> bool {
    macro_rules! is_one_of {
        ($($number:ty)*) => {
            $(TypeId::of::<T>() == TypeId::of::<$number>())||*
        };
    }
    is_one_of!(() u8 i8 u16 i16 u32 i32 u64 i64 f32 f64)
}

impl Pair {
    /// Starts a copy, as the built-ins do.
    ///
    /// # Safety
    ///
    /// What is lent stays valid until the operation has its result, from here, by
    /// an event, or from [`cancel`](Pair::cancel). Each item that is written is a
    /// canonical form that nobody else uses.
    pub(crate) unsafe fn start(&self, side: Side, lent: Lent) -> Copied {
        let Some((other, waiting)) = self.waits.take() else {
            self.waits.set(Some((side, lent)));
            return Copied::Blocked;
        };
        debug_assert_ne!(side, other, "an end has one operation at a time");
        let items = lent.items.min(waiting.items);
        // Without items it is done at once; but of two such it is the write, whoever
        // came first, and the read waits.
        if lent.items == 0 && (waiting.items > 0 || side == Side::Writable) {
            self.waits.set(Some((other, waiting)));
            return done(side, 0);
        }
        if items == 0 {
            self.waits.set(Some((side, lent)));
            self.tell(other, done(other, 0));
            return Copied::Blocked;
        }
        let (from, to) = match side {
            Side::Writable => (lent, waiting),
            Side::Readable => (waiting, lent),
        };
        // SAFETY: both are lent and have room for as many items; they are apart, for
        // two operations own them.
        unsafe {
            to.address
                .copy_from_nonoverlapping(from.address, items * self.size)
        };
        self.tell(other, done(other, items));
        done(side, items)
    }

    /// Cancels a copy that waits.
    pub(crate) fn cancel(&self, side: Side) -> Copied {
        let waits = self.waits.take();
        debug_assert!(waits.is_some_and(|(waiting, _)| waiting == side));
        Copied::Cancelled(0)
    }

    /// The readable end is about to be handed away. A write that waits is started
    /// again, with the host.
    pub(crate) fn hand_away(&self) {
        self.meets.set(Meets::AtHost);
        if self.waits.take().is_some() {
            self.tell(Side::Writable, Copied::Apart);
        }
    }

    /// The readable end has been dropped.
    pub(crate) fn drop_reader(&self) {
        self.meets.set(Meets::Nowhere);
        if self.waits.take().is_some() {
            self.tell(Side::Writable, Copied::Dropped(0));
        }
        if let Some(then) = self.then.take() {
            then();
        }
    }

    /// The writable end has been dropped. A read that waits is told.
    pub(crate) fn drop_writer(&self) {
        self.meets.set(Meets::AtHost);
        if self.waits.take().is_some() {
            self.tell(Side::Readable, Copied::Dropped(0));
        }
    }

    /// Calls `f` when the readable end has been dropped.
    pub(crate) fn when_reader_is_dropped(&self, f: impl FnOnce() + 'static) {
        self.then.set(Some(Box::new(f)));
    }

    fn tell(&self, side: Side, copied: Copied) {
        let waitable = match side {
            Side::Readable => self.readable,
            Side::Writable => self.writable,
        };
        events::deliver_here(waitable, copied);
    }
}

/// Who is to be woken because of what happened in a pair.
pub(crate) struct Late {
    /// Whose tasks have been told to take a turn.
    of_tasks: RefCell<Vec<Waker>>,
    /// What belongs to no task, or to one of other bindings: there may never be a turn.
    of_others: RefCell<Vec<Waker>>,
}

impl Late {
    pub(crate) const fn new() -> Late {
        Late {
            of_tasks: RefCell::new(Vec::new()),
            of_others: RefCell::new(Vec::new()),
        }
    }

    /// Whether nobody is to be woken.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.of_others.borrow().is_empty() && self.of_tasks.borrow().is_empty()
    }

    fn next(&self) -> Option<Waker> {
        let others = self.of_others.borrow_mut().pop();
        others.or_else(|| self.of_tasks.borrow_mut().pop())
    }
}

impl Drop for Late {
    fn drop(&mut self) {
        // Natively, when a thread ends: as for those in the registry.
        while let Some(waker) = self.next() {
            mem::forget(waker);
        }
    }
}

/// Leaves `waker` to the next turn of its task.
pub(super) fn wakes_in_turn(waker: Waker) {
    instance::with(|instance| instance.late.of_tasks.borrow_mut().push(waker));
}

/// Leaves `waker` to the next turn, or to [`wake_others`].
pub(super) fn wakes_anywhere(waker: Waker) {
    instance::with(|instance| instance.late.of_others.borrow_mut().push(waker));
}

/// Wakes who was told something, which counts as an event. Says whether somebody was.
pub(crate) fn wake_late() -> bool {
    let next = || instance::try_with(|instance| instance.late.next()).flatten();
    let mut woke = false;
    while let Some(waker) = next() {
        allowance::spend();
        waker.wake();
        woke = true;
    }
    woke
}

/// Wakes who was told something and waits for no turn, unless one goes on, at whose
/// end they are woken. Called when what told them is done: who is woken may drop
/// payloads, which may panic.
#[inline]
pub(crate) fn wake_others() {
    let is_told = |instance: &instance::Instance| !instance.late.of_others.borrow().is_empty();
    if instance::try_with(is_told) == Some(true) {
        wake_those();
    }
}

#[cold]
fn wake_those() {
    let next =
        || instance::try_with(|instance| instance.late.of_others.borrow_mut().pop()).flatten();
    while let Some(waker) = next() {
        if orphans::is_in_turn() {
            return wakes_anywhere(waker);
        }
        orphans::with_some_task(|| waker.wake());
    }
}

/// What a side is told of items that were copied.
fn done(side: Side, items: usize) -> Copied {
    match side {
        Side::Readable => Copied::Completed(items),
        Side::Writable => Copied::Moved(items),
    }
}
