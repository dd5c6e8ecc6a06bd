//! A small host in the process of the test.
//!
//! It answers the canonical built-ins for the runtime under test, keeps one
//! handle table, and traps (panics, with the rule) where the canonical ABI
//! traps. Every built-in that is called is recorded in order. The other side of
//! streams, futures and imports is driven by the test itself, step by step:
//!
//! ```text
//!   test ──► Peer, Import ──► Channel, Subtask ◄── built-ins ◄── runtime ◄── guest code
//!   test ──► Task::step ─────► start_task, callback ───────────────────────────┘
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `value` | payloads: their canonical form in this process |
//! | `channel` | streams and futures: rendezvous, cancel, drop |
//! | `table` | the handle table, waitable sets, events |
//! | `builtins` | the built-ins, recorded |
//! | `code` | the guest's code: entered, blocked, or not to be left |
//! | `vtables` | tables as generated bindings have them |
//! | `peer` | the other end of a stream or future |
//! | `tasks` | component-model tasks of the guest |
//! | `turn` | how much a turn of a task completes |
//! | `imports`, `pass` | imported async functions |
//! | `resource` | a resource type of the host |
//! | `rules` | what hosts may do differently |
//! | `fault` | panics on demand |
//! | `sites` | every place where the canonical ABI traps, and those out of scope |
//! | `trap` | what happens there |
//! | `guest` | helpers for guest code |
//! | `foreign` | executors and importers of other bindings (C ABI) |

#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses a part of this"
)]

mod builtins;
mod channel;
mod code;
pub mod fault;
pub mod foreign;
mod guest;
pub mod imports;
pub mod pass;
mod peer;
pub mod resource;
mod rules;
pub mod sites;
mod table;
mod tasks;
pub mod trap;
mod turn;
mod value;
mod vtables;

pub use channel::{
    Buffer, Channel, Held, Outcome, Side, State, all_of, came_back, channel_of, goes_on_with,
    has_left, last_serial, leaves_with, observe, observed,
};
pub use code::Blocked;
pub use guest::{Log, NotesDrop, OnDrop, lift_stream, panic_message, pause, poll_once};
pub use peer::Peer;
pub use rules::Rules;
pub use sites::Site;
pub use table::{Event, Left, Object, Table, What};
pub use tasks::{Code, Context, Task};
use trap::trap;
pub use value::{
    Fussy, List, Nothing, Text, Type, Value, fussy_default, fussy_default_panics, item_text,
    number_in,
};
pub use vtables::{Nested, NestedFuture, Wire, future, stream};

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ops::Deref;
use std::rc::Rc;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Host>>> = const { RefCell::new(None) };
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

type Script = Box<dyn FnOnce()>;

/// What goes on outside of an instance.
pub trait Elsewhere {
    /// Picks one of so many.
    fn choose(&self, among: usize) -> usize;

    /// Something happens while the guest is blocked in a built-in. False if
    /// there is nothing left that could.
    fn goes_on(&self, on: Blocked) -> bool;

    /// Whether something happened while the guest, which may go on at once, gave
    /// others the chance.
    fn lingers(&self) -> bool;
}

/// The host; see the [module](self).
pub struct Host {
    table: Rc<RefCell<table::Table>>,
    trace: RefCell<Vec<String>>,
    recording: Cell<bool>,
    rules: Cell<Rules>,
    /// The cell of `wasip3_task_set`.
    cell: Cell<*mut u8>,
    /// The context slot of code that is in no task of ours.
    slot: Cell<*mut u8>,
    /// The component-model tasks whose code is on the stack.
    running: RefCell<Vec<Rc<tasks::Context>>>,
    /// How many these are.
    on_stack: Cell<usize>,
    /// What happens elsewhere when the guest blocks or yields, one per time.
    elsewhere: RefCell<VecDeque<Script>>,
    /// The rest of the world, in a simulation.
    world: RefCell<Option<Rc<dyn Elsewhere>>>,
    /// The runtime's state, where that is not the thread's.
    separate: RefCell<Option<wit_async::native::Instance>>,
    backpressure: Cell<u32>,
    /// False while a realloc or a post-return runs.
    may_leave: Cell<bool>,
    /// How much of the code on the stack is blocked in a built-in. While all of
    /// it is, other code of the instance may run.
    blocked: Cell<usize>,
    turns: turn::Turns,
}

/// A [`Host`] that is installed on this thread, and that demands at the end that
/// nothing is left.
pub struct Installed {
    host: Rc<Host>,
    _installed: wit_async::native::Installed,
    expect_left: Cell<bool>,
}

/// Installs a host for the current test.
pub fn install() -> Installed {
    install_with(Rules::default())
}

/// Installs a host with other rules.
pub fn install_with(rules: Rules) -> Installed {
    let host = Host::new(rules);
    CURRENT.with(|current| *current.borrow_mut() = Some(Rc::clone(&host)));
    Installed {
        _installed: wit_async::native::install(host.clone()),
        host,
        expect_left: Cell::new(false),
    }
}

impl Host {
    fn new(rules: Rules) -> Rc<Host> {
        Rc::new(Host {
            table: Rc::default(),
            trace: RefCell::default(),
            recording: Cell::new(true),
            rules: Cell::new(rules),
            cell: Cell::new(std::ptr::null_mut()),
            slot: Cell::new(std::ptr::null_mut()),
            running: RefCell::default(),
            on_stack: Cell::new(0),
            elsewhere: RefCell::default(),
            world: RefCell::default(),
            separate: RefCell::default(),
            backpressure: Cell::new(0),
            may_leave: Cell::new(true),
            blocked: Cell::new(0),
            turns: turn::Turns::default(),
        })
    }

    /// A component instance of its own, in a world.
    pub fn in_world(rules: Rules, world: Rc<dyn Elsewhere>) -> Rc<Host> {
        let host = Host::new(rules);
        host.recording.set(false);
        host.world.replace(Some(world));
        let instance = wit_async::native::Instance::new(host.clone());
        host.separate.replace(Some(instance));
        host
    }

    /// The end of an instance in a world.
    pub fn retire(&self) {
        self.world.take();
        self.separate.take();
    }
}

impl Installed {
    /// The test leaks on purpose: do not demand that nothing is left.
    pub fn leaks_on_purpose(&self) {
        self.expect_left.set(true);
    }
}

impl Deref for Installed {
    type Target = Rc<Host>;

    fn deref(&self) -> &Rc<Host> {
        &self.host
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("calls before: {:#?}", self.trace.borrow());
        } else if !self.expect_left.get() {
            #[cfg(feature = "diagnostics")]
            assert_eq!(
                wit_async::diagnostics::live(),
                wit_async::diagnostics::Live::default(),
                "the runtime has something left"
            );
            let left = self.table.borrow().left();
            assert!(left.is_empty(), "handles are left: {left:?}");
            assert!(
                self.cell.get().is_null(),
                "the cell of `wasip3_task_set` was left set"
            );
            assert!(
                self.elsewhere.borrow().is_empty(),
                "the guest blocked less often than the test expects"
            );
        }
        CURRENT.with(|current| *current.borrow_mut() = None);
    }
}

impl Host {
    /// The built-ins that were called since the last time, in order.
    pub fn calls(&self) -> Vec<String> {
        let _host = enter();
        std::mem::take(&mut *self.trace.borrow_mut())
    }

    /// Switches recording on and off; switched off the trace stays as it is.
    pub fn record(&self, on: bool) {
        self.recording.set(on);
    }

    /// What happens elsewhere the next time the guest blocks in a built-in, or
    /// yields. Each script is run once, in order.
    pub fn when_blocked(&self, script: impl FnOnce() + 'static) {
        let _host = enter();
        self.elsewhere.borrow_mut().push_back(Box::new(script));
    }

    /// How many calls are held back.
    pub fn backpressure(&self) -> u32 {
        self.backpressure.get()
    }

    /// What the cell of `wasip3_task_set` holds.
    pub fn task_cell(&self) -> *mut u8 {
        self.cell.get()
    }

    /// The table of handles.
    pub fn table(&self) -> &Rc<RefCell<Table>> {
        &self.table
    }

    /// A waitable in a set that a callback waits on, with an event that is not
    /// delivered.
    pub fn undelivered(&self) -> Option<u32> {
        let table = self.table.borrow();
        let mut waitables = table.in_use();
        let found = waitables.find(|(index, _, set)| {
            set.is_some_and(|set| table.is_waited_on(set)) && table.has_event(*index)
        });
        found.map(|(index, ..)| index)
    }

    /// Whether a callback waits on the set that the subtask of a call is in.
    pub fn is_heard_of(&self, call: &Rc<imports::Call>) -> bool {
        let table = self.table.borrow();
        table.in_use().any(|(_, object, set)| {
            matches!(object, Object::Subtask(found) if Rc::ptr_eq(found, call))
                && set.is_some_and(|set| table.is_waited_on(set))
        })
    }

    /// Whether a member of a set has an event.
    pub fn has_ready_member(&self, set: u32) -> bool {
        self.table.borrow().has_ready_member(set)
    }

    /// Whether something goes on that a task started, or whose waitable is in a set.
    pub fn concerns(&self, task: &Rc<Context>, set: u32) -> bool {
        let table = self.table.borrow();
        table.in_use().any(|(_, object, of)| {
            let starter = match object {
                Object::End(channel, side) => channel.borrow().copied_by(*side),
                Object::Subtask(call) => call.made_by(),
                _ => None,
            };
            starter.is_some_and(|starter| of == Some(set) || Rc::ptr_eq(&starter, task))
        })
    }

    /// Whether a member of a set may wait for its other end inside of this instance,
    /// where the runtime exchanges what the host does not.
    pub fn may_wait_inside(&self) -> bool {
        let table = self.table.borrow();
        table.in_use().any(|(index, object, of)| {
            let Object::End(channel, _) = object else {
                return false;
            };
            let is_other = |(other, object, _): (u32, &Object, _)| {
                other != index
                    && matches!(object, Object::End(other, _) if Rc::ptr_eq(other, channel))
            };
            of.is_some() && !channel.borrow().ty.is_number() && table.in_use().any(is_other)
        })
    }

    /// Whether both ends of a channel are in this instance, where the runtime exchanges
    /// what the host does not.
    pub fn may_meet_inside(&self, channel: &Rc<RefCell<Channel>>) -> bool {
        let table = self.table.borrow();
        let ends = table.in_use().filter(
            |(_, object, _)| matches!(object, Object::End(found, _) if Rc::ptr_eq(found, channel)),
        );
        !channel.borrow().ty.is_number() && ends.count() == 2
    }

    /// The handles in the table, with what they are.
    pub fn handles(&self) -> Vec<String> {
        let left = self.table.borrow().left();
        left.into_iter().map(|left| left.text).collect()
    }

    fn log(&self, call: impl FnOnce() -> String) {
        if self.recording.get() {
            self.trace.borrow_mut().push(call());
        }
    }

    fn world(&self) -> Option<Rc<dyn Elsewhere>> {
        self.world.borrow().clone()
    }

    /// Picks one of so many.
    fn choose(&self, among: usize) -> usize {
        match self.world() {
            Some(world) => world.choose(among),
            None if self.rules.get().last_member_first => among - 1,
            None => 0,
        }
    }
}

/// The host of this thread.
pub fn host() -> Rc<Host> {
    CURRENT
        .with(|current| current.borrow().clone())
        .expect("a host is installed")
}

/// Whether the code that runs is the host's. What it allocates is not the
/// runtime's.
pub fn inside() -> bool {
    DEPTH.with(Cell::get) > 0
}

/// Says that what follows is the host's, until it is dropped.
fn enter() -> Inside {
    DEPTH.with(|depth| depth.set(depth.get() + 1));
    Inside
}

struct Inside;

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
    }
}

/// What tells the channel of an end from all others.
pub fn serial_of(handle: u32) -> u32 {
    host().serial(handle)
}
