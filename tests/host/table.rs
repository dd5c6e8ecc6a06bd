//! The handle table, waitable sets and events (canonical-abi.md §1.1, §4.5).

use super::channel::{Channel, Side};
use super::imports::Call;
use super::trap;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// What a handle names.
pub enum Object {
    Set(Set),
    End(Rc<RefCell<Channel>>, Side),
    Subtask(Rc<Call>),
    ErrorContext(String),
}

#[derive(Default)]
pub struct Set {
    /// In the order in which they joined.
    members: Vec<u32>,
    /// Threads and callbacks that wait on it.
    pub waiters: u32,
}

struct Entry {
    object: Object,
    /// The set that it is a member of.
    set: Option<u32>,
}

/// The one table of the instance: indices from 1, reused last in, first out.
#[derive(Default)]
pub struct Table {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
}

/// An event: what it is (§3), the handle, the payload.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Event(pub u32, pub u32, pub u32);

impl Table {
    pub fn add(&mut self, object: Object) -> u32 {
        let entry = Some(Entry { object, set: None });
        match self.free.pop() {
            Some(index) => {
                self.entries[index as usize - 1] = entry;
                index
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as u32
            }
        }
    }

    fn entry(&mut self, index: u32) -> &mut Entry {
        let entry = (index as usize)
            .checked_sub(1)
            .and_then(|at| self.entries.get_mut(at))
            .and_then(Option::as_mut);
        entry.unwrap_or_else(|| {
            trap(
                "Table.get: the index is in use",
                format_args!("handle {index} names nothing"),
            )
        })
    }

    pub fn get(&mut self, index: u32) -> &mut Object {
        &mut self.entry(index).object
    }

    /// Removes a handle, from its set as well.
    pub fn remove(&mut self, index: u32) -> Object {
        self.entry(index);
        self.join(index, None);
        let entry = self.entries[index as usize - 1].take().expect("looked at");
        self.free.push(index);
        entry.object
    }

    pub fn set(&mut self, index: u32) -> &mut Set {
        match self.get(index) {
            Object::Set(set) => set,
            other => trap(
                "waitable-set.*: the index is a waitable set",
                format_args!("handle {index} is a {other:?}"),
            ),
        }
    }

    pub fn end(&mut self, index: u32, is_future: bool, side: Side) -> Rc<RefCell<Channel>> {
        match self.get(index) {
            Object::End(channel, found)
                if *found == side && channel.borrow().is_future == is_future =>
            {
                Rc::clone(channel)
            }
            other => trap(
                "stream/future.*: the index is an end of this kind",
                format_args!(
                    "handle {index} is a {other:?}, not the end to {}",
                    side.verb()
                ),
            ),
        }
    }

    pub fn subtask(&mut self, index: u32) -> Rc<Call> {
        match self.get(index) {
            Object::Subtask(call) => Rc::clone(call),
            other => trap(
                "subtask.*: the index is a subtask",
                format_args!("handle {index} is a {other:?}"),
            ),
        }
    }

    /// `waitable.join`
    pub fn join(&mut self, index: u32, set: Option<u32>) {
        if let Some(set) = set {
            if matches!(self.get(index), Object::Set(_) | Object::ErrorContext(_)) {
                trap(
                    "waitable.join: the index is a waitable",
                    format_args!("handle {index} joins set {set}"),
                );
            }
            self.set(set);
        }
        if let Some(old) = std::mem::replace(&mut self.entry(index).set, set) {
            self.set(old).members.retain(|member| *member != index);
        }
        if let Some(set) = set {
            self.set(set).members.push(index);
        }
    }

    pub fn is_member(&mut self, index: u32) -> bool {
        self.entry(index).set.is_some()
    }

    /// A synchronous operation on a member of a set traps (§5.4).
    pub fn demand_no_set(&mut self, index: u32, built_in: &str) {
        if self.is_member(index) {
            trap(
                "a synchronous operation on a member of a set",
                format_args!("{built_in} of {index}, which is in a set"),
            );
        }
    }

    /// `waitable-set.drop`
    pub fn drop_set(&mut self, index: u32) {
        let set = self.set(index);
        if !set.members.is_empty() || set.waiters > 0 {
            trap(
                "waitable-set.drop: no members, no waiters",
                format_args!(
                    "set {index} has the members {:?} and {} waiters",
                    set.members, set.waiters
                ),
            );
        }
        self.remove(index);
    }

    /// Takes the next event of a set.
    pub fn next_event(&mut self, set: u32, last_first: bool) -> Option<Event> {
        let mut members = self.set(set).members.clone();
        if last_first {
            members.reverse();
        }
        members.into_iter().find_map(|member| self.event(member))
    }

    fn event(&mut self, index: u32) -> Option<Event> {
        match self.get(index) {
            Object::End(channel, side) => {
                let (channel, side) = (Rc::clone(channel), *side);
                let mut channel = channel.borrow_mut();
                if !channel.is_ready(side) {
                    return None;
                }
                let code = match (channel.is_future, side) {
                    (false, Side::Readable) => 2,
                    (false, Side::Writable) => 3,
                    (true, Side::Readable) => 4,
                    (true, Side::Writable) => 5,
                };
                Some(Event(code, index, channel.deliver(side).0.encode()))
            }
            Object::Subtask(call) => call.deliver().map(|state| Event(1, index, state)),
            Object::Set(_) | Object::ErrorContext(_) => None,
        }
    }

    /// What is in the table.
    pub fn left(&self) -> Vec<String> {
        let named = |(at, entry): (usize, &Option<Entry>)| {
            let entry = entry.as_ref()?;
            Some(format!("{} {:?}", at + 1, entry.object))
        };
        self.entries.iter().enumerate().filter_map(named).collect()
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Object::Set(set) => write!(f, "waitable set with members {:?}", set.members),
            Object::End(channel, side) => {
                let channel = channel.borrow();
                let state = channel.end(*side).state;
                write!(f, "{side:?} end of a {}, {state:?}", channel.name())
            }
            Object::Subtask(call) => write!(f, "subtask, {:?}", call.state()),
            Object::ErrorContext(text) => write!(f, "error context {text:?}"),
        }
    }
}
