//! What may be left behind a run, because a program forgot something on purpose or a panic
//! came out of foreign code.
//!
//! Each operation is entered when it begins, and struck out when it is over or dropped: what
//! is still entered when the world has stopped was leaked. A handle that is left is excused
//! if it is that of something leaked, or may have been carried by it; nothing else is.

use super::items::Item;
use super::world::World;
use crate::host::fault::{self, Site};
use crate::host::{Left, What};
use std::cell::{Cell, RefCell};

/// Something underway.
#[derive(Copy, Clone)]
struct Underway {
    number: u32,
    /// The channel whose end is in it; none for a call.
    serial: Option<u32>,
    /// Whether ends of other channels may be in it.
    carries_ends: bool,
    /// Whether tokens may be in it.
    carries_tokens: bool,
}

/// What is underway in a world that looks for leaks.
#[derive(Default)]
pub struct Leaks {
    underway: RefCell<Vec<Underway>>,
    next: Cell<u32>,
    /// Whether something was leaked already.
    leaked: Cell<bool>,
    /// Whether something was found that stays for a reason, and what the runtime knows of
    /// it.
    keeps: Cell<bool>,
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
    pub fn copy<T: Item>(world: &'a World, serial: u32) -> Option<Entered<'a>> {
        let (carries_ends, carries_tokens) = T::CARRIES;
        Entered::enter(world, Some(serial), carries_ends, carries_tokens)
    }

    /// A call: parameters and results carry everything.
    pub fn call(world: &'a World) -> Option<Entered<'a>> {
        Entered::enter(world, None, true, true)
    }

    /// It is about to be leaked.
    pub fn leaks(&self) {
        self.leaks.leak();
    }

    fn enter(
        world: &'a World,
        serial: Option<u32>,
        carries_ends: bool,
        carries_tokens: bool,
    ) -> Option<Entered<'a>> {
        // Elsewhere nothing is leaked, and nobody asks.
        if !world.forgets() {
            return None;
        }
        let leaks = &world.leaks;
        let number = leaks.next.replace(leaks.next.get() + 1);
        leaks.underway.borrow_mut().push(Underway {
            number,
            serial,
            carries_ends,
            carries_tokens,
        });
        Some(Entered { leaks, number })
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

    /// Whether memory is left with what was leaked.
    pub fn left_memory(&self) -> bool {
        self.leaked.get() || self.keeps.get() || fault::fired() == Some(Site::CallImport)
    }

    /// Whether tokens may be left that have no handle, in the hands of a callee or in a
    /// channel of which an end is left.
    pub fn excuses_tokens(&self) -> bool {
        let underway = self.underway.borrow();
        let mut carries = underway
            .iter()
            .map(|of| of.carries_tokens || of.carries_ends);
        let lowered = fault::fired() == Some(Site::CallImport);
        lowered || self.keeps.get() && fault::has_lost_a_wake() || carries.any(|carries| carries)
    }

    /// What is wrong with the handles that are left in an instance in which so many tasks
    /// wait.
    pub fn unexcused(&self, mut left: Vec<Left>, tasks: usize) -> Option<String> {
        let underway = self.underway.borrow();
        let is_call = |leaked: &&Underway| leaked.serial.is_none();
        let mut calls = underway.iter().filter(is_call).count();
        let mut ends = underway.iter().any(|leaked| leaked.carries_ends);
        let mut tokens = underway.iter().any(|leaked| leaked.carries_tokens);
        let mut promises = 0;
        match fault::fired() {
            // The end stays whose value nobody made, for it cannot go unwritten.
            Some(Site::Lower) => promises = 1,
            // And with it the one whose default it was a part of.
            Some(Site::Default) => promises = 2,
            // What was lowered stays, for nobody knows whose it is.
            Some(Site::CallImport) => (ends, tokens) = (true, true),
            _ => {}
        }
        // Somebody may wait for ever for what is done with the other end of such a one.
        let has_leaked = |serial| ends || underway.iter().any(|of| of.serial == Some(serial));
        let waits = left.iter().any(|left| match left.what {
            What::End { serial, .. } => has_leaked(serial),
            _ => false,
        });
        // Who waits has a set, and perhaps a stream by which it is woken; so has what belongs
        // to no task.
        let mut sets = if waits { tasks + 1 } else { 0 };
        let mut bells = 2 * sets;
        let may_keep = promises;
        let mut is_excused = |left: &Left| match left.what {
            What::Subtask => one_less(&mut calls),
            What::End { serial, .. } if has_leaked(serial) => true,
            What::End { is_promise, .. } if is_promise => one_less(&mut promises),
            What::End { .. } => one_less(&mut bells),
            What::Token => tokens,
            What::Set => one_less(&mut sets),
            What::ErrorContext => false,
        };
        left.retain(|left| !is_excused(left));
        self.keeps.set(self.keeps.get() || promises < may_keep);
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
}

/// Takes one off, if there is one.
fn one_less(count: &mut usize) -> bool {
    let is_one = *count > 0;
    *count -= usize::from(is_one);
    is_one
}
