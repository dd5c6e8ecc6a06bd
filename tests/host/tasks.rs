//! Component-model tasks of the guest (canonical-abi.md §1.4, §4.4).

use super::sites::Site;
use super::table::Event;
use super::trap::{guarded, trap};
use super::{Host, enter, host};
use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use wit_async::rt::async_support::{callback, start_task};

/// What a task returned to the host.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Code {
    Exit,
    Yield,
    Wait(u32),
}

impl Code {
    fn decode(code: u32) -> Code {
        match (code & 0xf, code >> 4) {
            (0, _) => Code::Exit,
            (1, _) => Code::Yield,
            (2, set) => Code::Wait(set),
            _ => trap(Site::CallbackCode, format_args!("the code is {code:#x}")),
        }
    }
}

/// What the host keeps of a task.
pub struct Context {
    /// The context slot.
    pub slot: Cell<*mut u8>,
    cancel_delivered: Cell<bool>,
    resolved: Cell<bool>,
    exited: Cell<bool>,
    /// Somebody else's panic was unwinding when its code was entered.
    pub entered_panicking: Cell<bool>,
    sync: bool,
    /// It has to have resolved when it exits. The tests' own tasks mostly call no
    /// `task.return`.
    returns: Cell<bool>,
    /// Borrowed handles that were passed to it.
    pub borrows: Cell<usize>,
}

impl Context {
    pub fn new(sync: bool) -> Rc<Context> {
        Rc::new(Context {
            slot: Cell::new(std::ptr::null_mut()),
            cancel_delivered: Cell::new(false),
            resolved: Cell::new(false),
            exited: Cell::new(false),
            entered_panicking: Cell::new(false),
            sync,
            returns: Cell::new(false),
            borrows: Cell::new(0),
        })
    }

    /// A task of an async export that calls `task.return`, as all have to.
    pub fn that_returns() -> Rc<Context> {
        let context = Context::new(false);
        context.returns.set(true);
        context
    }

    /// Whether its last thread has ended.
    pub fn has_exited(&self) -> bool {
        self.exited.get()
    }

    /// Its last thread ends.
    fn exit(&self) {
        self.exited.set(true);
        if self.returns.get() && !self.resolved.get() {
            trap(
                Site::ExitUnresolved,
                format_args!("a task exited that has not returned"),
            );
        }
    }

    /// Whether the type of its function is synchronous.
    pub fn is_sync(&self) -> bool {
        self.sync
    }

    pub fn is_resolved(&self) -> bool {
        self.resolved.get()
    }

    /// The cancel request reaches the task.
    pub fn deliver_cancel(&self) {
        assert!(
            !self.cancel_delivered.replace(true) && !self.resolved.get(),
            "a task is asked once, before it has resolved"
        );
    }

    /// `task.return` of the export that this is a task of. No two exports have the
    /// same type here.
    pub fn returned(&self) {
        let running = host();
        running.demand_may_leave();
        let now = running.now();
        if now.sync {
            trap(
                Site::ReturnInSyncTask,
                format_args!("a synchronous task called `task.return`"),
            );
        }
        if !std::ptr::eq(&raw const *now, self) {
            trap(
                Site::ReturnOfOther,
                format_args!("a task called `task.return` of another one"),
            );
        }
        if self.resolved.replace(true) {
            trap(
                Site::ReturnResolved,
                format_args!("the task has returned, or was cancelled"),
            );
        }
        self.demand_no_borrows(Site::ReturnWithBorrows);
    }

    /// The function of a synchronous task has returned.
    pub fn returned_by_itself(&self) {
        self.resolved.set(true);
        self.demand_no_borrows(Site::ReturnWithBorrows);
        self.exit();
    }

    fn demand_no_borrows(&self, site: Site) {
        if self.borrows.get() > 0 {
            trap(site, format_args!("{} are there", self.borrows.get()));
        }
    }

    /// `task.cancel`
    pub fn cancelled(&self) {
        if std::thread::panicking() && !self.entered_panicking.get() {
            // Its panic is what matters; a component would have ended by now.
            return;
        }
        if self.sync {
            trap(
                Site::TaskCancelInSyncTask,
                format_args!("a synchronous task called `task.cancel`"),
            );
        }
        if !self.cancel_delivered.get() || self.resolved.replace(true) {
            trap(
                Site::TaskCancelNotDelivered,
                format_args!("no cancel was delivered, or the task has resolved"),
            );
        }
        self.demand_no_borrows(Site::TaskCancelWithBorrows);
    }
}

/// An async export that was called.
pub struct Task {
    host: Rc<Host>,
    context: Rc<Context>,
    code: Cell<Code>,
}

impl Host {
    /// Calls an async export whose body is `root`. It starts at once.
    pub fn start(self: &Rc<Self>, root: impl Future<Output = ()> + 'static) -> Task {
        self.start_in(Context::new(false), root)
    }

    /// The same, in a task that is known.
    pub fn start_in(
        self: &Rc<Self>,
        context: Rc<Context>,
        root: impl Future<Output = ()> + 'static,
    ) -> Task {
        self.start_entry(context, || start_task(root).cast_unsigned())
    }

    /// The same of an export of other bindings, which return a code.
    pub fn start_entry(self: &Rc<Self>, context: Rc<Context>, entry: impl FnOnce() -> u32) -> Task {
        let code = self.run(&context, entry);
        let task = Task {
            host: Rc::clone(self),
            context,
            code: Cell::new(Code::Exit),
        };
        task.returned(code);
        task
    }
}

impl Task {
    /// What the task said last.
    pub fn code(&self) -> Code {
        self.code.get()
    }

    /// Whether there is something for the task.
    pub fn is_ready(&self) -> bool {
        match self.code.get() {
            Code::Exit => false,
            Code::Yield => true,
            Code::Wait(set) => self.host.table.borrow().has_ready_member(set),
        }
    }

    /// Whether the task waits for an event.
    pub fn is_waiting(&self) -> bool {
        matches!(self.code.get(), Code::Wait(_))
    }

    pub fn has_exited(&self) -> bool {
        self.code.get() == Code::Exit
    }

    /// Delivers what the task waits for: an event, or after a yield nothing. False
    /// when there is nothing for it.
    pub fn step(&self) -> bool {
        let event = match self.code.get() {
            Code::Exit => return false,
            Code::Yield => Event(0, 0, 0),
            Code::Wait(set) => {
                let _host = enter();
                match self.host.next_event(set) {
                    Some(event) => event,
                    None => return false,
                }
            }
        };
        self.deliver(event);
        true
    }

    /// Steps until there is nothing for the task.
    pub fn settle(&self) -> Code {
        while self.step() {}
        self.code()
    }

    /// The caller asks the task to stop.
    pub fn cancel(&self) -> Code {
        self.context.deliver_cancel();
        self.deliver(Event(6, 0, 0));
        self.code()
    }

    /// An event that nobody asked for.
    pub fn deliver_raw(&self, code: u32, handle: u32, payload: u32) -> Code {
        self.deliver(Event(code, handle, payload));
        self.code()
    }

    fn deliver(&self, Event(code, p1, p2): Event) {
        // If it panics it waits for nothing: it is called again as if it had yielded.
        if let Code::Wait(set) = self.code.replace(Code::Yield) {
            let _host = enter();
            self.host.table.borrow_mut().set(set).waiters -= 1;
        }
        // SAFETY: the task returned another code than EXIT the last time.
        let code = self
            .host
            .run(&self.context, || unsafe { callback(code, p1, p2) });
        self.returned(code);
    }

    fn returned(&self, code: u32) {
        guarded(|| self.obey(code));
    }

    fn obey(&self, code: u32) {
        let _host = enter();
        let code = Code::decode(code);
        self.code.set(code);
        match code {
            Code::Wait(set) => self.host.table.borrow_mut().set(set).waiters += 1,
            Code::Exit => {
                self.context.exit();
                assert!(
                    self.context.slot.get().is_null(),
                    "the task exited and left a pointer in its slot"
                );
            }
            Code::Yield => {}
        }
    }
}
