//! What may be left behind a run, because a program forgot something on purpose or a panic
//! came out of foreign code.
//!
//! Each operation is entered when it begins, and struck out when it is over or dropped: what
//! is still entered when the world has stopped was leaked. A handle that is left is excused
//! if it is that of something leaked, or was in it; nothing else is.
//!
//! ```text
//!   leaked copy ──┬── the ends of its channel
//!                 └── what was to be written, or was copied, in its channel
//!   leaked call ───── what was lowered for it, until it starts, and what it returned
//! ```

use super::items::Item;
use super::world::World;
use crate::host::fault::{self, Site};
use crate::host::{Left, Side, Type, What, went_through};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Something with a handle that is passed on.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum Carried {
    /// The readable end of the channel with this number.
    End(u32),
    /// The token with this number.
    Token(u32),
}

impl Carried {
    /// What an item with this number is, or has in it.
    pub fn in_item<T: Item>(number: u32) -> Option<Carried> {
        match T::CARRIES {
            (true, _) => Some(Carried::End(number)),
            (_, true) => Some(Carried::Token(number)),
            _ => None,
        }
    }

    fn number(self) -> u32 {
        let (Carried::End(number) | Carried::Token(number)) = self;
        number
    }
}

/// What the memory of a call has in it.
pub type Cargo = Rc<RefCell<Vec<Carried>>>;

/// Something underway.
struct Underway {
    number: u32,
    what: Of,
}

enum Of {
    Copy {
        serial: u32,
        is_future: bool,
        /// Whether its items have handles.
        carries: bool,
    },
    Call(Cargo),
}

/// What is underway in a world that looks for leaks.
#[derive(Default)]
pub struct Leaks {
    underway: RefCell<Vec<Underway>>,
    next: Cell<u32>,
    /// What was made to be sent, and in which channel.
    meant: RefCell<Vec<(u32, Carried)>>,
    /// What defaults had in them, in whatever future they went.
    defaults: RefCell<Vec<Carried>>,
    /// What was lowered last for a call,
    lowered: RefCell<Vec<Carried>>,
    /// and where it belongs as soon as the call is made.
    cargo: RefCell<Cargo>,
    /// Whether something was leaked already.
    leaked: Cell<bool>,
    /// Whether something was found that stays for a reason, and what the runtime knows of
    /// it.
    keeps: Cell<bool>,
    /// How many writable ends of futures were found that cannot be dropped.
    promises: Cell<usize>,
}

/// An operation that is underway for as long as this is there.
pub struct Entered<'a> {
    leaks: &'a Leaks,
    number: u32,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut underway = self.leaks.underway.borrow_mut();
        underway.retain(|other| other.number != self.number);
    }
}

impl<'a> Entered<'a> {
    /// A copy on an end of a channel of `T`.
    pub fn copy<T: Item>(world: &'a World, serial: u32, is_future: bool) -> Option<Entered<'a>> {
        let what = Of::Copy {
            serial,
            is_future,
            carries: T::CARRIES != (false, false),
        };
        // Elsewhere nothing is leaked, and nobody asks.
        world.forgets().then(|| Entered::enter(world, what))
    }

    /// A call, which is made next.
    pub fn call(world: &'a World) -> Option<Entered<'a>> {
        world.forgets().then(|| {
            let cargo = Cargo::default();
            world.leaks.cargo.replace(Rc::clone(&cargo));
            Entered::enter(world, Of::Call(cargo))
        })
    }

    /// It is about to be leaked.
    pub fn leaks(&self) {
        self.leaks.leak();
    }

    fn enter(world: &'a World, what: Of) -> Entered<'a> {
        let leaks = &world.leaks;
        let number = leaks.next.replace(leaks.next.get() + 1);
        leaks.underway.borrow_mut().push(Underway { number, what });
        Entered { leaks, number }
    }
}

impl Leaks {
    /// Something is leaked, with what is underway in it.
    pub fn leak(&self) {
        self.leaked.set(true);
    }

    /// Whether something was leaked.
    pub fn have_begun(&self) -> bool {
        self.leaked.get()
    }

    /// An item was made, to be sent in a channel.
    pub fn means(&self, serial: u32, carried: Option<Carried>) {
        let mut meant = self.meant.borrow_mut();
        meant.extend(carried.map(|carried| (serial, carried)));
    }

    /// A default was made.
    pub fn defaults(&self, carried: Option<Carried>) {
        self.defaults.borrow_mut().extend(carried);
    }

    /// This is lowered for a call, which is made next.
    pub fn lowers(&self, carried: impl IntoIterator<Item = Carried>) {
        if is_lowered_for_ever() {
            return;
        }
        let mut lowered = self.lowered.borrow_mut();
        lowered.clear();
        lowered.extend(carried);
    }

    /// The call is made: what its memory has in it.
    pub fn calls(&self) -> Cargo {
        let cargo = self.cargo.take();
        if !is_lowered_for_ever() {
            cargo.borrow_mut().append(&mut self.lowered.borrow_mut());
        }
        cargo
    }

    /// Whether memory is left with what was leaked.
    pub fn left_memory(&self) -> bool {
        self.leaked.get() || self.keeps.get() || is_lowered_for_ever()
    }

    /// Whether tokens may be left that have no handle, in the hands of a callee or in a
    /// channel of which an end is left.
    pub fn excuses_tokens(&self) -> bool {
        let underway = self.underway.borrow();
        let mut carries = underway.iter().map(|of| match of.what {
            Of::Copy { carries, .. } => carries,
            Of::Call(_) => true,
        });
        is_lowered_for_ever()
            || self.keeps.get() && fault::has_lost_a_wake()
            || carries.any(|carries| carries)
    }

    /// Whether this was in something that was leaked.
    fn has_carried(&self, this: Carried) -> bool {
        // Of the future with it either end was leaked: it waits for a reader.
        let is_default = self.defaults.borrow().contains(&this);
        let may_be = |cargo: &[Carried]| {
            let has_end = || cargo.iter().any(|with| matches!(with, Carried::End(_)));
            cargo.contains(&this) || is_default && has_end()
        };
        if is_lowered_for_ever() && may_be(&self.lowered.borrow()) {
            return true;
        }
        self.underway
            .borrow()
            .iter()
            .any(|leaked| match &leaked.what {
                Of::Copy {
                    serial,
                    is_future,
                    carries: true,
                } => {
                    self.meant.borrow().contains(&(*serial, this))
                        || *is_future && is_default
                        || went_through(*serial, this.number())
                }
                Of::Copy { .. } => false,
                Of::Call(cargo) => may_be(&cargo.borrow()),
            })
    }

    /// Whether an end of this channel was leaked, or was in something that was. Somebody may
    /// wait for ever for what is done with the other one.
    fn has_leaked(&self, channel: u32) -> bool {
        let mine =
            |leaked: &Underway| matches!(leaked.what, Of::Copy { serial, .. } if serial == channel);
        self.underway.borrow().iter().any(mine) || self.has_carried(Carried::End(channel))
    }

    /// What is wrong with the handles that are left in an instance in which so many tasks
    /// wait.
    pub fn unexcused(&self, mut left: Vec<Left>, tasks: usize) -> Option<String> {
        let is_call = |leaked: &&Underway| matches!(leaked.what, Of::Call(_));
        let mut calls = self.underway.borrow().iter().filter(is_call).count();
        let waits = left.iter().any(|left| match left.what {
            What::End { serial, .. } => self.has_leaked(serial),
            _ => false,
        });
        // Who waits has a set, and perhaps a stream by which it is woken; so has what belongs
        // to no task.
        let mut sets = if waits { tasks + 1 } else { 0 };
        let bells = self.bells(&left, sets);
        left.retain(|left| {
            let is_excused = match left.what {
                What::Subtask => one_less(&mut calls),
                What::End { serial, .. } if self.has_leaked(serial) => true,
                What::End {
                    side: Side::Writable,
                    is_future: true,
                    ty,
                    ..
                } => self.may_keep_promise(ty),
                What::End { serial, .. } => bells.contains(&serial),
                What::Token(number) => self.has_carried(Carried::Token(number)),
                What::Set => one_less(&mut sets),
                What::ErrorContext => false,
            };
            !is_excused
        });
        if tasks > 0 && fault::has_lost_a_wake() {
            // Whom the waker did not wake stays, with what it has.
            self.keeps.set(true);
            return None;
        }
        if tasks > 0 && !waits {
            return Some(format!(
                "there is a deadlock: {tasks} tasks wait, and nothing is left that could wake them"
            ));
        }
        (!left.is_empty()).then(|| format!("handles are left: {left:?}"))
    }

    /// The streams by which tasks are woken, at most so many: both of their ends are here.
    fn bells(&self, left: &[Left], most: usize) -> Vec<u32> {
        let mut readable = Vec::new();
        let mut writable = Vec::new();
        for left in left {
            if let What::End {
                serial,
                side,
                is_future: false,
                ty: Type::Unit,
            } = left.what
            {
                match side {
                    Side::Readable => readable.push(serial),
                    Side::Writable => writable.push(serial),
                }
            }
        }
        readable.retain(|serial| writable.contains(serial) && !self.has_leaked(*serial));
        readable.truncate(most);
        readable
    }

    /// Whether one more writable end of a future stays, which cannot go unwritten.
    fn may_keep_promise(&self, ty: Type) -> bool {
        let most = match fault::fired() {
            // Nobody made the value.
            Some(Site::Lower) => usize::from(fault::was_of_future() && fails_to_lower(ty)),
            // And with it the one stays whose default it was a part of.
            Some(Site::Default) => 2,
            _ => 0,
        };
        let may = self.promises.get() < most;
        if may {
            self.promises.set(self.promises.get() + 1);
            self.keeps.set(true);
        }
        may
    }
}

/// Whether the call that was made last panicked. What was lowered for it stays, for nobody
/// knows whose it is.
fn is_lowered_for_ever() -> bool {
    fault::fired() == Some(Site::CallImport)
}

/// Whether lowering a payload of this type panics where that is planned.
fn fails_to_lower(ty: Type) -> bool {
    matches!(ty, Type::Text | Type::Token | Type::Reader | Type::Awaited)
}

/// Takes one off, if there is one.
fn one_less(count: &mut usize) -> bool {
    let is_one = *count > 0;
    *count -= usize::from(is_one);
    is_one
}
