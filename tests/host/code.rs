//! The code of an instance: when it may be entered, when it may leave, and what
//! happens while it is blocked (canonical-abi.md §1.2).

use super::imports::Call;
use super::sites::Site;
use super::table::Table;
use super::tasks::Context;
use super::trap::trap;
use super::{CURRENT, Host, Inside, enter};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use wit_async::native;

/// What a thread waits for that is blocked in a built-in.
#[derive(Clone)]
pub enum Blocked {
    /// For an event of a member of a set.
    OnSet(Rc<RefCell<Table>>, u32),
    /// For the callee to resolve, which is asked to stop.
    OnCall(Rc<Call>),
    /// For nothing: it has given others the chance.
    Lingers,
}

impl Blocked {
    /// The call that is to be cancelled, if it is for its callee.
    pub fn asked(&self) -> Option<Rc<Call>> {
        match self {
            Blocked::OnSet(table, set) => table.borrow().asked_member(*set),
            Blocked::OnCall(call) => Some(Rc::clone(call)),
            Blocked::Lingers => None,
        }
    }

    /// Whether it has come.
    pub fn is_over(&self) -> bool {
        match self {
            Blocked::OnSet(table, set) => table.borrow().has_ready_member(*set),
            Blocked::OnCall(call) => call.is_resolved(),
            Blocked::Lingers => true,
        }
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Blocked::OnSet(_, set) => write!(f, "on set {set}"),
            Blocked::OnCall(_) => write!(f, "in `subtask.cancel`"),
            Blocked::Lingers => write!(f, "in nothing"),
        }
    }
}

impl Host {
    /// Whether code of the instance is on the stack.
    pub fn is_on_stack(&self) -> bool {
        self.on_stack.get() > 0
    }

    /// Whether synchronous code of the instance, an export or a destructor, may be
    /// called: all that is on the stack is blocked. It waits for no lock. But a
    /// synchronous task that is blocked lets nobody in but its siblings.
    pub fn lets_in_synchronous_code(&self) -> bool {
        let on_stack = self.on_stack.get();
        on_stack == 0 || on_stack == self.blocked.get() && !self.is_in_sync_task()
    }

    /// Calls `f` as code of this instance, in a task.
    pub fn run<R>(self: &Rc<Host>, context: &Rc<Context>, f: impl FnOnce() -> R) -> R {
        struct Leave<'a> {
            host: &'a Host,
            before: Option<Rc<Host>>,
            turns: usize,
            _entered: Option<native::Entered>,
        }
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.host.turns.leave(self.turns);
                self.host.running.borrow_mut().pop();
                self.host.on_stack.set(self.host.on_stack.get() - 1);
                CURRENT.set(self.before.take());
            }
        }
        let leave = {
            let _host = enter();
            self.demand_may_enter(context);
            self.check_lock(context);
            context.entered_panicking.set(std::thread::panicking());
            self.running.borrow_mut().push(Rc::clone(context));
            self.on_stack.set(self.on_stack.get() + 1);
            let separate = self.separate.borrow();
            Leave {
                host: self,
                before: CURRENT.replace(Some(Rc::clone(self))),
                turns: self.turns.enter(),
                _entered: separate.as_ref().map(native::Instance::enter),
            }
        };
        let result = f();
        drop(leave);
        result
    }

    /// Calls a synchronous export.
    pub fn call_sync<R>(self: &Rc<Host>, f: impl FnOnce() -> R) -> R {
        self.call_sync_in(&Context::new(true), f)
    }

    /// The same, in a task that is known.
    pub fn call_sync_in<R>(self: &Rc<Host>, context: &Rc<Context>, f: impl FnOnce() -> R) -> R {
        let result = self.run(context, f);
        context.returned_by_itself();
        result
    }

    /// Runs code of the guest that may not leave the instance: a realloc or a
    /// post-return.
    pub fn post_return(&self, f: impl FnOnce()) {
        self.may_leave.set(false);
        f();
        self.may_leave.set(true);
    }

    /// Code of an instance that runs, and is not blocked, cannot be entered.
    fn demand_may_enter(&self, context: &Context) {
        // In a world all threads have one stack: a caller whose callee is blocked
        // cannot go on, as it would elsewhere, and is looked at as if it had.
        let goes_on = self.world().is_some() && context.is_sync();
        if self.on_stack.get() > self.blocked.get() && !goes_on {
            trap(
                Site::MayEnter,
                format_args!("the instance is called, and its code runs already"),
            );
        }
    }

    /// In a world no task of an asynchronous export is entered while the code of another
    /// one is on the stack: it has the lock of the instance, also while it is blocked. (A
    /// test that steps by hand may do so, as if there were another instance.)
    fn check_lock(&self, context: &Context) {
        let has_lock = |task: &Rc<Context>| !task.is_sync();
        if self.world().is_some() && !context.is_sync() {
            assert!(
                !self.running.borrow().iter().any(has_lock),
                "the host enters a task while another one of the instance has the lock"
            );
        }
    }

    /// A realloc and a post-return call no built-ins.
    pub(super) fn demand_may_leave(&self) {
        if !self.may_leave.get() {
            trap(
                Site::MayLeave,
                format_args!("a built-in is called in a realloc or a post-return"),
            );
        }
    }

    /// A built-in is called that does not leave a realloc or a post-return in
    /// peace: all but `context.*`, `backpressure.*` and `resource.rep`.
    pub(super) fn built_in(&self) -> Inside {
        let inside = enter();
        self.demand_may_leave();
        inside
    }

    /// The guest is blocked: something happens elsewhere.
    pub(super) fn block(&self, on: &Blocked) {
        let goes_on = self.while_blocked(|| match self.world() {
            Some(world) => world.goes_on(on.clone()),
            None => self.elsewhere(),
        });
        if !goes_on {
            trap(
                Site::Deadlock,
                format_args!("the guest is blocked {on}, and nothing is left that could happen"),
            );
        }
    }

    /// The guest gives others the chance. Whether somebody took it.
    pub(super) fn lingers(&self) -> bool {
        self.while_blocked(|| match self.world() {
            Some(world) => world.lingers(),
            None => self.elsewhere(),
        })
    }

    /// The guest calls an import that is lowered synchronously, of which the runtime
    /// knows nothing, and `f` happens before it returns: synchronous code, for all else
    /// waits for the task.
    pub fn call_lowered<R>(&self, f: impl FnOnce() -> R) -> R {
        let _unblock = self.be_blocked();
        let cell = self.cell.get();
        let result = f();
        assert_eq!(
            self.cell.get(),
            cell,
            "synchronous code leaves the cell as it was"
        );
        result
    }

    /// Other code of the instance may run during `f`.
    fn while_blocked<R>(&self, f: impl FnOnce() -> R) -> R {
        let _unblock = self.be_blocked();
        let result = f();
        // Whoever ran meanwhile need not nest with this one.
        self.cell.set(std::ptr::null_mut());
        result
    }

    fn be_blocked(&self) -> impl Drop {
        struct Unblock<'a>(&'a Cell<usize>);
        impl Drop for Unblock<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() - 1);
            }
        }
        self.blocked.set(self.blocked.get() + 1);
        Unblock(&self.blocked)
    }

    /// The task whose code runs. Only to be told from others.
    pub fn task(&self) -> *const Context {
        let running = self.running.borrow();
        running.last().map_or(std::ptr::null(), Rc::as_ptr)
    }

    /// Whether the code that runs is a synchronous task.
    pub fn is_in_sync_task(&self) -> bool {
        let running = self.running.borrow();
        running.last().is_some_and(|task| task.is_sync())
    }

    /// A synchronous task does not block. (It may if a sibling can go on, but that
    /// is not for a runtime to know.)
    pub(super) fn demand_may_block(&self, built_in: fmt::Arguments<'_>) {
        if self.is_in_sync_task() {
            trap(
                Site::BlockInSyncTask,
                format_args!("{built_in} blocks in a synchronous task"),
            );
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
