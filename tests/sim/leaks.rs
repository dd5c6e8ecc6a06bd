//! What may be left behind a run, because a program forgot something on purpose or a panic
//! came out of foreign code.
//!
//! Each operation is entered when it begins, and struck out when it is over or dropped: what
//! is still entered when the world has stopped was leaked. A handle that is left is excused
//! if it is that of something leaked, or was in it; nothing else is.
//!
//! ```text
//!   leaked copy ───── its channel
//!   leaked call ───── what it was given, until it starts, and what it returned:
//!                     tokens, and channels
//!   channel ───────── its ends; what was to be written or was copied in it, and so on
//! ```

use super::items::Item;
use super::world::World;
use crate::host::fault::{self, Site};
use crate::host::{Left, Side, Type, What, all_of};
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

    /// What an item with this number is in a channel of this type.
    fn of_type(ty: Type, number: u32) -> Option<Carried> {
        match ty {
            Type::Reader | Type::Awaited => Some(Carried::End(number)),
            Type::Token => Some(Carried::Token(number)),
            _ => None,
        }
    }
}

/// What a call has in it, or its memory.
pub type Cargo = Rc<RefCell<Vec<Carried>>>;

/// Something underway.
struct Underway {
    number: u32,
    what: Of,
}

enum Of {
    Copy {
        serial: u32,
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
    /// What the next call is given.
    given: RefCell<Vec<Carried>>,
    /// Of the call that is polled.
    polled: RefCell<Cargo>,
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
    /// Of a call.
    cargo: Option<Cargo>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut underway = self.leaks.underway.borrow_mut();
        underway.retain(|other| other.number != self.number);
    }
}

impl<'a> Entered<'a> {
    /// A copy on an end of a channel of `T`.
    pub fn copy<T: Item>(world: &'a World, serial: u32) -> Option<Entered<'a>> {
        let what = Of::Copy {
            serial,
            carries: T::CARRIES != (false, false),
        };
        // Elsewhere nothing is leaked, and nobody asks.
        world.forgets().then(|| Entered::enter(world, what))
    }

    /// A call, with what it was [given](Leaks::gives).
    pub fn call(world: &'a World) -> Option<Entered<'a>> {
        let given = world.leaks.given.take();
        let is_asked = world.forgets() || world.plans_faults();
        is_asked.then(|| Entered::enter(world, Of::Call(Rc::new(RefCell::new(given)))))
    }

    /// Of a call: what it has in it.
    pub fn cargo(&self) -> Option<Cargo> {
        self.cargo.clone()
    }

    /// It is about to be leaked.
    pub fn leaks(&self) {
        self.leaks.leak();
    }

    fn enter(world: &'a World, what: Of) -> Entered<'a> {
        let leaks = &world.leaks;
        let number = leaks.next.replace(leaks.next.get() + 1);
        let cargo = match &what {
            Of::Copy { .. } => None,
            Of::Call(cargo) => Some(Rc::clone(cargo)),
        };
        leaks.underway.borrow_mut().push(Underway { number, what });
        Entered {
            leaks,
            number,
            cargo,
        }
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

    /// The next call is given this.
    pub fn gives(&self, carried: impl IntoIterator<Item = Carried>) {
        self.given.borrow_mut().extend(carried);
    }

    /// A call is polled from now on; what is returned is the one before. If it panicked where
    /// it was made, it stays for good.
    pub fn polls(&self, cargo: Cargo) -> Cargo {
        match is_lowered_for_ever() {
            true => cargo,
            false => self.polled.replace(cargo),
        }
    }

    /// Of the call that is polled: what it has in it. Behind one that panicked nobody asks.
    pub fn polled(&self) -> Cargo {
        match is_lowered_for_ever() {
            true => Cargo::default(),
            false => Rc::clone(&self.polled.borrow()),
        }
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

    /// Everything that was leaked, or was in something that was. Of a channel either end
    /// was: somebody may wait for ever for what is done with the other one.
    fn all(&self) -> Vec<Carried> {
        let mut all = Vec::new();
        for leaked in self.underway.borrow().iter() {
            match &leaked.what {
                Of::Copy { serial, .. } => all.push(Carried::End(*serial)),
                Of::Call(cargo) => all.extend_from_slice(&cargo.borrow()),
            }
        }
        if is_lowered_for_ever() {
            all.extend_from_slice(&self.polled.borrow().borrow());
        }
        let mut at = 0;
        while let Some(this) = all.get(at).copied() {
            at += 1;
            if let Carried::End(serial) = this {
                self.add_items(serial, &mut all);
            }
        }
        all
    }

    /// Adds what may be left in a channel.
    fn add_items(&self, serial: u32, all: &mut Vec<Carried>) {
        let mut add = |item: Carried| {
            if !all.contains(&item) {
                all.push(item);
            }
        };
        for (_, item) in self.meant.borrow().iter().filter(|(of, _)| *of == serial) {
            add(*item);
        }
        all_of(serial, |channel| {
            let copied = channel.copied.iter();
            copied
                .filter_map(|number| Carried::of_type(channel.ty, *number))
                .for_each(&mut add);
            if channel.is_future {
                // A default waits for its reader. Nobody knows in which one it went.
                self.defaults.borrow().iter().copied().for_each(&mut add);
            }
        });
    }

    /// What is wrong with the handles that are left in an instance in which so many tasks
    /// wait.
    pub fn unexcused(&self, mut left: Vec<Left>, tasks: usize) -> Option<String> {
        let is_call = |leaked: &&Underway| matches!(leaked.what, Of::Call(_));
        let mut calls = self.underway.borrow().iter().filter(is_call).count();
        let all = self.all();
        let has_leaked = |serial| all.contains(&Carried::End(serial));
        let waits = left.iter().any(|left| match left.what {
            What::End { serial, .. } => has_leaked(serial),
            _ => false,
        });
        // Who waits has a set, and perhaps a stream by which it is woken; so has what belongs
        // to no task.
        let mut sets = if waits { tasks + 1 } else { 0 };
        let mut bells = bells(&left);
        bells.retain(|serial| !has_leaked(*serial));
        bells.truncate(sets);
        left.retain(|left| {
            let is_excused = match left.what {
                What::Subtask => one_less(&mut calls),
                What::End { serial, .. } if has_leaked(serial) => true,
                What::End {
                    side: Side::Writable,
                    is_future: true,
                    ty,
                    ..
                } => self.may_keep_promise(ty),
                What::End { serial, .. } => bells.contains(&serial),
                What::Token(number) => all.contains(&Carried::Token(number)),
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

    /// Whether one more writable end of a future stays, which cannot go unwritten.
    fn may_keep_promise(&self, ty: Type) -> bool {
        let most = match fault::fired() {
            // Nobody made the value.
            Some(Site::Lower) => usize::from(fault::was_of_future() && fails_to_lower(ty)),
            // It was about to be passed on, beside a `block_on` that was survived.
            Some(Site::Lift) => usize::from(fault::was_of_future()),
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

/// The streams by which tasks may be woken: of units, and both ends are here.
fn bells(left: &[Left]) -> Vec<u32> {
    let of = |wanted: Side| {
        left.iter().filter_map(move |left| match left.what {
            What::End {
                serial,
                side,
                is_future: false,
                ty: Type::Unit,
            } if side == wanted => Some(serial),
            _ => None,
        })
    };
    let writable: Vec<u32> = of(Side::Writable).collect();
    of(Side::Readable)
        .filter(|serial| writable.contains(serial))
        .collect()
}

/// Takes one off, if there is one.
fn one_less(count: &mut usize) -> bool {
    let is_one = *count > 0;
    *count -= usize::from(is_one);
    is_one
}
