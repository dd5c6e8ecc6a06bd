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
//! | `vtables` | tables as generated bindings have them |
//! | `peer` | the other end of a stream or future |
//! | `tasks` | component-model tasks of the guest |
//! | `imports` | imported async functions |
//! | `guest` | helpers for guest code |
//! | `foreign` | executors and importers of other bindings (C ABI) |

#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses a part of this"
)]

mod builtins;
mod channel;
pub mod foreign;
mod guest;
pub mod imports;
mod peer;
mod table;
mod tasks;
mod value;
mod vtables;

pub use channel::{Outcome, Side};
pub use guest::{Log, NotesDrop, OnDrop, lift_stream, panic_message, pause, poll_once};
pub use peer::Peer;
pub use tasks::{Code, Task};
pub use value::{Fussy, Nothing, Type, Value, fussy_default, fussy_default_panics};
pub use vtables::{Wire, future, stream};

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::Write;
use std::ops::Deref;
use std::rc::Rc;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Host>>> = const { RefCell::new(None) };
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// What hosts may do differently.
#[derive(Copy, Clone, Default, Debug)]
pub struct Rules {
    /// An idle end is told unasked that the other end is gone, as wasmtime does.
    pub notices: bool,
    /// A cancel that finds items copied says COMPLETED, as the older text of the
    /// specification has it, in place of CANCELLED.
    pub cancel_says_completed: bool,
    /// Of several events the one of the member that joined last comes first.
    pub last_member_first: bool,
}

type Script = Box<dyn FnOnce()>;

/// The host; see the [module](self).
pub struct Host {
    table: RefCell<table::Table>,
    trace: RefCell<Vec<String>>,
    recording: Cell<bool>,
    rules: Cell<Rules>,
    /// The cell of `wasip3_task_set`.
    cell: Cell<*mut u8>,
    /// The component-model tasks whose code is on the stack.
    running: RefCell<Vec<Rc<tasks::Context>>>,
    /// What happens elsewhere when the guest blocks or yields, one per time.
    elsewhere: RefCell<VecDeque<Script>>,
    backpressure: Cell<u32>,
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
    let host = Rc::new(Host {
        table: RefCell::default(),
        trace: RefCell::default(),
        recording: Cell::new(true),
        rules: Cell::new(rules),
        cell: Cell::new(std::ptr::null_mut()),
        running: RefCell::default(),
        elsewhere: RefCell::default(),
        backpressure: Cell::new(0),
    });
    CURRENT.with(|current| *current.borrow_mut() = Some(Rc::clone(&host)));
    Installed {
        _installed: wit_async::native::install(host.clone()),
        host,
        expect_left: Cell::new(false),
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
        if !std::thread::panicking() && !self.expect_left.get() {
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

    /// The handles in the table, with what they are.
    pub fn handles(&self) -> Vec<String> {
        self.table.borrow().left()
    }

    fn log(&self, call: impl FnOnce() -> String) {
        if self.recording.get() {
            self.trace.borrow_mut().push(call());
        }
    }

    /// Runs the next script, if there is one.
    fn elsewhere(&self) -> bool {
        let script = self.elsewhere.borrow_mut().pop_front();
        match script {
            Some(script) => {
                script();
                true
            }
            None => false,
        }
    }
}

/// The host of this thread.
fn host() -> Rc<Host> {
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

/// Traps: the canonical ABI forbids what the guest did.
#[track_caller]
fn trap(rule: &str, what: std::fmt::Arguments<'_>) -> ! {
    panic!("trap: {what} (canonical ABI, {rule})")
}

/// Runs a slot of a vtable. A trap cannot unwind from there: it is printed, past
/// the capturing of output, and ends the process.
fn slot<R>(f: impl FnOnce(&Host) -> R) -> R {
    let host = host();
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(&host))) {
        Ok(result) => result,
        Err(panic) => {
            let message = panic.downcast_ref::<String>().cloned();
            let test = std::thread::current().name().unwrap_or("?").to_owned();
            let _ = writeln!(
                std::io::stderr(),
                "{test}: {}\ncalls before: {:#?}",
                message.unwrap_or_default(),
                host.trace.borrow(),
            );
            std::process::abort()
        }
    }
}
