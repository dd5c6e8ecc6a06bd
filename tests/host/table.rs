//! The handle table, waitable sets and events (canonical-abi.md §1.1, §4.5).

use super::channel::{Channel, Held, Side, State};
use super::imports::Call;
use super::resource::Rep;
use super::sites::Site;
use super::trap;
use super::value::Type;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

/// What a handle names.
pub enum Object {
    Set(Set),
    End(Rc<RefCell<Channel>>, Side),
    Subtask(Rc<Call>),
    /// An `own` handle, and how often it is lent.
    Resource(Rep, Rc<Cell<usize>>),
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
    /// A built-in is blocked until there is something to deliver.
    waited_for: bool,
}

/// The most handles that there can be.
const MAX_HANDLES: usize = (1 << 28) - 1;

/// The one table of the instance: indices from 1, reused last in, first out.
pub struct Table {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    /// How many handles there can be.
    pub limit: usize,
}

impl Default for Table {
    fn default() -> Table {
        Table {
            entries: Vec::new(),
            free: Vec::new(),
            limit: MAX_HANDLES,
        }
    }
}

/// A handle that is in a table when nothing should be.
pub struct Left {
    pub what: What,
    /// Its number, and the state of what it names.
    pub text: String,
}

/// What a handle names.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum What {
    Set,
    /// An end of the channel with this number.
    End {
        serial: u32,
        side: Side,
        is_future: bool,
        ty: Type,
    },
    Subtask,
    /// The token with this number.
    Token(u32),
    ErrorContext,
}

impl fmt::Debug for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An event: what it is (§3), the handle, the payload.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Event(pub u32, pub u32, pub u32);

impl Table {
    pub fn add(&mut self, object: Object) -> u32 {
        if self.entries.len() - self.free.len() >= self.limit {
            trap(
                Site::TableFull,
                format_args!("{object:?} is one more than {}", self.limit),
            );
        }
        let entry = Some(Entry {
            object,
            set: None,
            waited_for: false,
        });
        match self.free.pop() {
            Some(index) => {
                self.entries[index as usize - 1] = entry;
                index
            }
            None => {
                if self.entries.is_empty() {
                    // Room for those of most runs of a simulation.
                    self.entries.reserve(16);
                }
                self.entries.push(entry);
                self.entries.len() as u32
            }
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.len() == self.free.len()
    }

    fn entry(&mut self, index: u32) -> &mut Entry {
        // In place of a chain of closures: asked for with every built-in.
        let at = (index as usize).wrapping_sub(1);
        let entries: &mut [_] = &mut self.entries;
        if at < entries.len()
            && let Some(entry) = &mut entries[at]
        {
            return entry;
        }
        trap(Site::NoEntry, format_args!("handle {index} names nothing"))
    }

    pub fn get(&mut self, index: u32) -> &mut Object {
        &mut self.entry(index).object
    }

    /// Removes a handle, from its set as well.
    pub fn remove(&mut self, index: u32) -> Object {
        self.entry(index);
        self.move_to(index, None);
        let entry = self.entries[index as usize - 1].take().expect("looked at");
        self.free.push(index);
        entry.object
    }

    pub fn set(&mut self, index: u32) -> &mut Set {
        match self.get(index) {
            Object::Set(set) => set,
            other => trap(Site::NoSet, format_args!("handle {index} is a {other:?}")),
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
                Site::NoSuchEnd,
                format_args!(
                    "handle {index} is a {other:?}, not the end to {}",
                    side.verb()
                ),
            ),
        }
    }

    /// The same, by a built-in for ends of a type.
    pub fn end_of(
        &mut self,
        index: u32,
        is_future: bool,
        ty: Type,
        side: Side,
    ) -> Rc<RefCell<Channel>> {
        let channel = self.end(index, is_future, side);
        let found = channel.borrow().ty;
        if found != ty {
            trap(
                Site::OtherType,
                format_args!("handle {index} is of {found:?}, not {ty:?}"),
            );
        }
        channel
    }

    pub fn add_resource(&mut self, rep: Rep) -> u32 {
        self.add(Object::Resource(rep, Rc::default()))
    }

    pub fn resource(&mut self, index: u32) -> (&Rep, &Rc<Cell<usize>>) {
        match self.get(index) {
            Object::Resource(rep, lends) => (rep, lends),
            other => trap(
                Site::NoResource,
                format_args!("handle {index} is a {other:?}"),
            ),
        }
    }

    /// A resource leaves the table: it is dropped or handed away.
    pub fn take_resource(&mut self, index: u32) -> Rep {
        self.resource(index);
        match self.remove(index) {
            Object::Resource(rep, lends) if lends.get() == 0 => rep,
            other => trap(
                Site::Lent,
                format_args!("handle {index} is a {other:?} that is lent"),
            ),
        }
    }

    pub fn add_end(&mut self, held: Held) -> u32 {
        let (channel, side) = held.into_parts();
        self.add(Object::End(channel, side))
    }

    /// Lifting a readable end, as of a parameter (§4.1).
    pub fn take_readable(&mut self, index: u32, is_future: bool, ty: Type) -> Held {
        let channel = self.end_of(index, is_future, ty, Side::Readable);
        if self.is_member(index) {
            trap(
                Site::LiftFromSet,
                format_args!("handle {index} is handed away from within a set"),
            );
        }
        let state = channel.borrow().end(Side::Readable).state;
        if state != State::Idle {
            trap(
                Site::LiftNotIdle,
                format_args!("handle {index} is handed away when it is {state:?}"),
            );
        }
        self.remove(index);
        channel.borrow_mut().has_left = true;
        Held::new(channel, Side::Readable)
    }

    pub fn subtask(&mut self, index: u32) -> Rc<Call> {
        match self.get(index) {
            Object::Subtask(call) => Rc::clone(call),
            other => trap(
                Site::NoSubtask,
                format_args!("handle {index} is a {other:?}"),
            ),
        }
    }

    /// `waitable.join`
    pub fn join(&mut self, index: u32, set: Option<u32>) {
        let entry = self.entry(index);
        if !entry.object.is_waitable() {
            trap(
                Site::NoWaitable,
                format_args!("handle {index} is a {:?}", entry.object),
            );
        }
        if entry.waited_for {
            trap(
                Site::JoinWhileWaitedFor,
                format_args!("a built-in is blocked on handle {index}"),
            );
        }
        if let Some(set) = set {
            self.set(set);
        }
        self.move_to(index, set);
    }

    fn move_to(&mut self, index: u32, set: Option<u32>) {
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
    pub fn demand_no_set(&mut self, index: u32) {
        if self.is_member(index) {
            trap(Site::SyncInSet, format_args!("handle {index} is in a set"));
        }
    }

    /// A built-in waits for what there is to deliver, or no longer.
    pub fn wait_for(&mut self, index: u32, waits: bool) {
        self.entry(index).waited_for = waits;
    }

    /// `waitable-set.drop`
    pub fn drop_set(&mut self, index: u32) {
        let set = self.set(index);
        if !set.members.is_empty() {
            trap(
                Site::SetHasMembers,
                format_args!("set {index} has the members {:?}", set.members),
            );
        }
        if set.waiters > 0 {
            trap(
                Site::SetHasWaiters,
                format_args!("set {index} has {} waiters", set.waiters),
            );
        }
        self.remove(index);
    }

    /// Takes the next event of a set: of the members that have one, in the order
    /// in which they joined, `choose` says which.
    pub fn next_event(&mut self, set: u32, choose: impl FnOnce(usize) -> usize) -> Option<Event> {
        self.set(set);
        let ready = |index: &u32| self.has_event(*index);
        let Some(Entry {
            object: Object::Set(Set { members, .. }),
            ..
        }) = &self.entries[set as usize - 1]
        else {
            unreachable!("looked at");
        };
        let count = members.iter().filter(|index| ready(index)).count();
        let chosen = match count {
            0 => return None,
            1 => 0,
            _ => choose(count),
        };
        let index = *members.iter().filter(|index| ready(index)).nth(chosen)?;
        self.event(index)
    }

    /// Whether a member of a set has an event.
    pub fn has_ready_member(&self, set: u32) -> bool {
        match self.entries.get(set as usize - 1) {
            Some(Some(Entry {
                object: Object::Set(set),
                ..
            })) => set.members.iter().any(|index| self.has_event(*index)),
            _ => false,
        }
    }

    /// A call that is a member of a set, and whose callee was asked to stop and runs.
    pub fn asked_member(&self, set: u32) -> Option<Rc<Call>> {
        let Some(Object::Set(set)) = self
            .entries
            .get(set as usize - 1)?
            .as_ref()
            .map(|entry| &entry.object)
        else {
            return None;
        };
        set.members.iter().find_map(|index| {
            match &self.entries[*index as usize - 1].as_ref()?.object {
                Object::Subtask(call)
                    if call.is_cancel_requested() && call.has_started() && !call.is_resolved() =>
                {
                    Some(Rc::clone(call))
                }
                _ => None,
            }
        })
    }

    /// Whether a waitable has an event.
    pub fn has_event(&self, index: u32) -> bool {
        match &self.entries[index as usize - 1] {
            Some(entry) => match &entry.object {
                Object::End(channel, side) => channel.borrow().is_ready(*side),
                Object::Subtask(call) => call.has_event(),
                _ => false,
            },
            None => false,
        }
    }

    /// Whether somebody waits on a set.
    pub fn is_waited_on(&self, set: u32) -> bool {
        let entry = self.entries.get(set as usize - 1);
        matches!(
            entry,
            Some(Some(Entry { object: Object::Set(Set { waiters, .. }), .. })) if *waiters > 0
        )
    }

    /// What is in use, with the set that it is in.
    pub fn in_use(&self) -> impl Iterator<Item = (u32, &Object, Option<u32>)> {
        let entries = self.entries.iter().enumerate();
        entries.filter_map(|(at, entry)| {
            let entry = entry.as_ref()?;
            Some((at as u32 + 1, &entry.object, entry.set))
        })
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
            Object::Set(_) | Object::ErrorContext(_) | Object::Resource(..) => None,
        }
    }

    /// What is in the table.
    pub fn left(&self) -> Vec<Left> {
        let named = |(at, entry): (usize, &Option<Entry>)| {
            let object = &entry.as_ref()?.object;
            let what = match object {
                Object::Set(_) => What::Set,
                Object::End(channel, side) => {
                    let channel = channel.borrow();
                    What::End {
                        serial: channel.serial,
                        side: *side,
                        is_future: channel.is_future,
                        ty: channel.ty,
                    }
                }
                Object::Subtask(_) => What::Subtask,
                Object::Resource(rep, _) => What::Token(rep.0),
                Object::ErrorContext(_) => What::ErrorContext,
            };
            let text = format!("{} {object:?}", at + 1);
            Some(Left { what, text })
        };
        self.entries.iter().enumerate().filter_map(named).collect()
    }
}

impl Object {
    fn is_waitable(&self) -> bool {
        matches!(self, Object::End(..) | Object::Subtask(_))
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
            Object::Resource(rep, lends) => {
                write!(f, "token {}, lent {} times", rep.0, lends.get())
            }
        }
    }
}
