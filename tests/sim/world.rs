//! Everything that is not the runtime: instances, tasks, the host's ends and
//! calls, and what happens next.

use super::calls::{Caller, Message, Served};
use super::choices::Choices;
use super::ledger::Ledger;
use super::peers::HostEnd;
use super::program;
use super::scenario::Scenario;
use super::stats::{Kind, State, Stats, Stop};
use crate::host::trap::{has_trapped, text, trap};
use crate::host::{Context, Elsewhere, Held, Host, Rules, Task};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::task::Waker;
use wit_async::rt::async_support::TaskCancelOnDrop;

thread_local! {
    static WORLD: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

/// The world of this thread.
pub fn world() -> Rc<World> {
    WORLD.with_borrow(|world| world.clone().expect("a run is going on"))
}

/// How many steps a world takes before it closes.
const STEPS: u32 = 150;

/// How many more it may take until it is quiet.
const CLOSING_STEPS: u32 = 4000;

/// One run's world.
pub struct World {
    this: Weak<World>,
    choices: RefCell<Choices>,
    rules: Rules,
    scenario: Scenario,
    hosts: RefCell<Vec<Rc<Host>>>,
    tasks: RefCell<Vec<Rc<Export>>>,
    ends: RefCell<Vec<HostEnd>>,
    calls: RefCell<Vec<Served>>,
    /// Called by the host, so far.
    called: Cell<u32>,
    closing: Cell<bool>,
    steps: Cell<u32>,
    numbers: Cell<u32>,
    /// Wake what waits for the world to close, by instance.
    sleepers: RefCell<Vec<(usize, Waker)>>,
    failure: RefCell<Option<String>>,
    /// How many built-ins are blocked, one inside of what goes on during the
    /// other: they can only come back in that order.
    blocked: Cell<u32>,
    inconclusive: Cell<bool>,
    trace: RefCell<Option<Vec<String>>>,
    pub ledger: Ledger,
    pub stats: RefCell<Stats>,
}

/// One call of an export.
struct Export {
    instance: usize,
    context: Rc<Context>,
    caller: Caller,
    /// Nothing while it is held back.
    task: RefCell<Option<Task>>,
    cancel: Cell<Cancel>,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Cancel {
    None,
    Requested,
    Delivered,
}

/// What can happen next.
#[derive(Copy, Clone, Debug)]
enum Action {
    Admit(usize),
    Event(usize),
    Cancelled(usize),
    /// The host wants a call of its own to stop.
    Ask(usize),
    End(usize),
    Call(usize),
    Invoke(usize),
    InvokeSync(usize),
}

impl World {
    /// A world of so many instances; it is the one of this thread from now on.
    pub fn new(
        mut choices: Choices,
        instances: usize,
        scenario: Scenario,
        traced: bool,
    ) -> Rc<World> {
        let mut rule = || choices.pick(2) == 1;
        let rules = Rules {
            notices: rule(),
            cancel_says_completed: rule(),
            last_member_first: false,
            stale_notices: rule(),
            results_need_task: rule(),
            no_cancel_in_sync_task: rule(),
        };
        let world = Rc::new_cyclic(|this| World {
            this: this.clone(),
            choices: RefCell::new(choices),
            rules,
            scenario,
            hosts: RefCell::default(),
            tasks: RefCell::default(),
            ends: RefCell::default(),
            calls: RefCell::default(),
            called: Cell::new(0),
            closing: Cell::new(false),
            steps: Cell::new(0),
            numbers: Cell::new(1),
            sleepers: RefCell::default(),
            failure: RefCell::default(),
            blocked: Cell::new(0),
            inconclusive: Cell::new(false),
            trace: RefCell::new(traced.then(Vec::new)),
            ledger: Ledger::default(),
            stats: RefCell::default(),
        });
        for _ in 0..instances {
            let elsewhere: Rc<dyn Elsewhere> = world.clone();
            let host = Host::in_world(rules, elsewhere);
            host.record(traced);
            world.hosts.borrow_mut().push(host);
        }
        WORLD.set(Some(Rc::clone(&world)));
        world
    }

    /// Takes it apart.
    pub fn end(self: Rc<World>) -> Choices {
        WORLD.set(None);
        self.ends.take();
        self.calls.take();
        self.tasks.take();
        self.sleepers.take();
        for host in self.hosts.take() {
            host.retire();
        }
        self.choices.replace(Choices::given(Vec::new()))
    }

    pub fn scenario(&self) -> Scenario {
        self.scenario
    }

    pub fn rules(&self) -> Rules {
        self.rules
    }

    pub fn forgets(&self) -> bool {
        self.scenario == Scenario::Forgets
    }

    pub fn pick(&self, among: u32) -> u32 {
        self.choices.borrow_mut().pick(among)
    }

    pub fn next_number(&self) -> u32 {
        self.numbers.replace(self.numbers.get() + 1)
    }

    pub fn count(&self, kind: Kind, state: State, stop: Stop) {
        self.stats.borrow_mut().count(kind, state, stop);
    }

    pub fn is_closing(&self) -> bool {
        self.closing.get() || has_trapped()
    }

    /// The instance whose code runs.
    pub fn running_instance(&self) -> usize {
        let running = crate::host::host();
        let hosts = self.hosts.borrow();
        let found = hosts.iter().position(|host| Rc::ptr_eq(host, &running));
        found.expect("guest code runs in an instance")
    }

    /// Drops what programs left for each other.
    pub fn clear_shelves(&self) {
        for instance in 0..self.instances() {
            if self.has_failed() {
                return;
            }
            if self.forgets() {
                let host = self.host(instance);
                self.catch(|| {
                    let root = async move { program::drop_shelf(instance) };
                    host.start_in(Context::new(false), root).settle();
                });
            } else {
                self.guest(instance, || program::drop_shelf(instance));
            }
        }
    }

    /// After a failure: everything is leaked, for touching it would only fail
    /// again.
    pub fn abandon(self: Rc<World>) -> Choices {
        WORLD.set(None);
        let choices = self.choices.replace(Choices::given(Vec::new()));
        program::forget_shelves();
        std::mem::forget(self);
        choices
    }

    pub fn instances(&self) -> usize {
        self.hosts.borrow().len()
    }

    pub fn host(&self, instance: usize) -> Rc<Host> {
        Rc::clone(&self.hosts.borrow()[instance])
    }

    /// The host holds an end from now on.
    pub fn hold(&self, held: Held) {
        self.ends.borrow_mut().push(HostEnd::new(held));
    }

    /// The host has to answer a call.
    pub fn owe(&self, served: Served) {
        self.calls.borrow_mut().push(served);
    }

    /// Whom to wake when the world closes.
    pub fn sleeps(&self, instance: usize, waker: Waker) {
        self.sleepers.borrow_mut().push((instance, waker));
    }

    pub fn trace(&self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut *self.trace.borrow_mut() {
            let hosts = self.hosts.borrow();
            for (index, host) in hosts.iter().enumerate() {
                let calls = host.calls().into_iter();
                trace.extend(calls.map(|call| format!("  {index}: {call}")));
            }
            trace.push(line());
        }
    }

    /// What happened, if somebody wanted to know.
    pub fn traced(&self) -> Vec<String> {
        self.trace(|| "end".to_owned());
        self.trace.take().unwrap_or_default()
    }

    pub fn fail(&self, what: String) {
        if has_trapped() {
            return;
        }
        self.failure.borrow_mut().get_or_insert(what);
    }

    /// What went wrong. After another failure what is blocked traps; after a trap
    /// nothing else is noted.
    pub fn failure(&self) -> Option<String> {
        let failure = self.failure.borrow().clone();
        failure.or_else(crate::host::trap::caught)
    }

    fn has_failed(&self) -> bool {
        has_trapped() || self.failure.borrow().is_some()
    }

    /// Runs until it is quiet, closes, and runs until it is quiet again.
    pub fn live(&self) {
        while !self.has_failed() && self.step() {
            if self.steps.get() > STEPS || self.choices.borrow().is_exhausted() {
                break;
            }
        }
        if !self.has_failed() {
            self.check_quiet();
        }
        if !self.has_failed() {
            self.close();
        }
        self.drain();
        self.clear_shelves();
        self.drain();
    }

    /// Runs until nothing is left to do.
    fn drain(&self) {
        while !self.has_failed() && self.step() {
            if self.steps.get() > CLOSING_STEPS {
                self.fail("livelock: it does not come to an end".to_owned());
            }
        }
    }

    /// From now on everything comes to its end.
    fn close(&self) {
        if self.closing.replace(true) {
            return;
        }
        self.steps.set(0);
        self.trace(|| "closing".to_owned());
        for (instance, waker) in self.sleepers.take() {
            self.guest(instance, || waker.wake());
        }
    }

    /// Runs code of an instance in a synchronous task.
    fn guest(&self, instance: usize, f: impl FnOnce()) {
        let host = self.host(instance);
        self.catch(|| host.call_sync(f));
    }

    /// A panic of the guest is a failure.
    fn catch(&self, f: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(f))
            && !has_trapped()
        {
            self.fail(format!("panic: {}", text(&*panic)));
        }
    }

    /// Does one thing; false if there is nothing left to do.
    fn step(&self) -> bool {
        self.steps.set(self.steps.get() + 1);
        let actions = self.actions();
        if actions.is_empty() {
            return false;
        }
        let action = actions[self.pick(actions.len() as u32) as usize];
        self.trace(|| format!("world: {action:?}"));
        self.act(action);
        true
    }

    fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::with_capacity(8);
        let closing = self.is_closing();
        for (index, export) in self.tasks.borrow().iter().enumerate() {
            // Its code is on the stack: it has the lock.
            if self.hosts.borrow()[export.instance].is_on_stack() {
                continue;
            }
            match &*export.task.borrow() {
                None if self.is_admitted(index) => actions.push(Action::Admit(index)),
                None => {}
                Some(task) => {
                    if task.is_ready() {
                        actions.push(Action::Event(index));
                    }
                    match export.cancel.get() {
                        Cancel::Requested if !export.context.is_resolved() => {
                            actions.push(Action::Cancelled(index));
                        }
                        Cancel::None
                            if !closing
                                && !export.context.is_resolved()
                                && matches!(export.caller, Caller::Host) =>
                        {
                            actions.push(Action::Ask(index));
                        }
                        _ => {}
                    }
                }
            }
        }
        for (index, end) in self.ends.borrow().iter().enumerate() {
            if end.is_ready(closing) {
                actions.push(Action::End(index));
            }
        }
        for index in 0..self.calls.borrow().len() {
            actions.push(Action::Call(index));
        }
        if !closing && self.called.get() < 3 {
            for instance in 0..self.instances() {
                if !self.host(instance).is_on_stack() {
                    actions.push(Action::Invoke(instance));
                    actions.push(Action::InvokeSync(instance));
                }
            }
        }
        actions
    }

    /// Whether a call that is held back may start: no backpressure, and nobody
    /// waits longer.
    fn is_admitted(&self, index: usize) -> bool {
        let tasks = self.tasks.borrow();
        let instance = tasks[index].instance;
        let earlier = tasks[..index]
            .iter()
            .any(|other| other.instance == instance && other.task.borrow().is_none());
        let held_back = self.hosts.borrow()[instance].backpressure() > 0 && !self.is_closing();
        !earlier && !held_back
    }

    fn act(&self, action: Action) {
        match action {
            Action::Admit(index) => self.admit(index),
            Action::Event(index) => {
                let export = self.export(index);
                self.turn(&export, |task| {
                    task.step();
                });
            }
            Action::Cancelled(index) => {
                let export = self.export(index);
                export.cancel.set(Cancel::Delivered);
                self.turn(&export, |task| {
                    task.cancel();
                });
                if !export.context.is_resolved() {
                    self.fail("a cancel request was not acted on in the callback".to_owned());
                }
            }
            Action::Ask(index) => {
                // Not every caller loses patience.
                if self.pick(8) == 7 {
                    self.export(index).cancel.set(Cancel::Requested);
                }
            }
            Action::End(index) => {
                let end = self.ends.borrow_mut().swap_remove(index);
                let left = crate::host::trap::guarded_with(|| end.step(self));
                if let Some(end) = left.flatten() {
                    self.ends.borrow_mut().push(end);
                }
            }
            Action::Call(index) => {
                let call = self.calls.borrow_mut().swap_remove(index);
                let left = crate::host::trap::guarded_with(|| call.step(self));
                if let Some(call) = left.flatten() {
                    self.owe(call);
                }
            }
            Action::Invoke(instance) => {
                self.called.set(self.called.get() + 1);
                self.enter(instance, Caller::Host);
            }
            Action::InvokeSync(instance) => {
                self.called.set(self.called.get() + 1);
                self.guest(instance, program::synchronous);
            }
        }
    }

    fn export(&self, index: usize) -> Rc<Export> {
        Rc::clone(&self.tasks.borrow()[index])
    }

    /// A call of an async export: it starts now, or is held back.
    pub fn enter(&self, instance: usize, caller: Caller) {
        let export = Rc::new(Export {
            instance,
            context: Context::new(false),
            caller,
            task: RefCell::new(None),
            cancel: Cell::new(Cancel::None),
        });
        self.tasks.borrow_mut().push(export);
        let index = self.tasks.borrow().len() - 1;
        if !self.host(instance).is_on_stack() && self.is_admitted(index) {
            self.admit(index);
        }
    }

    fn admit(&self, index: usize) {
        let export = self.export(index);
        if let Caller::Guest(served) = &export.caller
            && served.call().is_resolved()
        {
            // Cancelled before it started.
            self.tasks.borrow_mut().remove(index);
            return;
        }
        let host = self.host(export.instance);
        let letter = match &export.caller {
            Caller::Host => self.host_letter(),
            Caller::Guest(served) => served.start(),
        };
        let returns = Returns {
            export: Rc::clone(&export),
        };
        let world = self.this.upgrade().expect("it is running");
        let instance = export.instance;
        let root = async move {
            let guard = TaskCancelOnDrop::new();
            let message = Message::arrived(letter);
            let answer = program::export(world, instance, message).await;
            guard.forget();
            returns.task_return(answer);
        };
        let context = Rc::clone(&export.context);
        self.catch(|| {
            let task = host.start_in(context, root);
            export.task.replace(Some(task));
        });
        self.after_turn(&export);
    }

    fn turn(&self, export: &Rc<Export>, f: impl FnOnce(&Task)) {
        // Taken out: the turn may look at all tasks.
        let Some(task) = export.task.take() else {
            return;
        };
        self.catch(|| f(&task));
        export.task.replace(Some(task));
        self.after_turn(export);
    }

    fn after_turn(&self, export: &Rc<Export>) {
        if self.has_failed() {
            return;
        }
        let exited = export.task.borrow().as_ref().is_some_and(Task::has_exited);
        if export.context.is_resolved()
            && let Caller::Guest(served) = &export.caller
            && !served.call().is_resolved()
        {
            served.confirm_cancel();
        }
        if exited {
            if !export.context.is_resolved() {
                self.fail("trap: a task exited that has not returned (canonical ABI, EXIT)".into());
            }
            let mut tasks = self.tasks.borrow_mut();
            tasks.retain(|other| !Rc::ptr_eq(other, export));
        }
    }

    /// Callers that want their callee to stop, see to it.
    fn pass_on_cancels(&self) {
        for export in self.tasks.borrow().iter() {
            if let Caller::Guest(served) = &export.caller
                && served.call().is_cancel_requested()
                && export.cancel.get() == Cancel::None
            {
                export.cancel.set(Cancel::Requested);
            }
        }
    }

    /// When nothing can happen, nothing may be left undelivered that somebody
    /// waits for.
    fn check_quiet(&self) {
        if !self.actions().is_empty() {
            return;
        }
        for (instance, host) in self.hosts.borrow().iter().enumerate() {
            if let Some(handle) = host.undelivered() {
                self.fail(format!(
                    "lost: handle {handle} of instance {instance} is in the set of a task and has \
                     an event, and nothing will deliver it"
                ));
            }
        }
    }

    /// What is left that should not be.
    pub fn residue(&self) -> Option<String> {
        if !self.tasks.borrow().is_empty() {
            return Some(format!(
                "deadlock: {} tasks wait, and nothing is left that could wake them",
                self.tasks.borrow().len()
            ));
        }
        // A task settles what belongs to none.
        for instance in 0..self.instances() {
            let host = self.host(instance);
            for _ in 0..3 {
                self.catch(|| {
                    let context = Context::new(false);
                    let task = host.start_in(context, async {});
                    task.settle();
                });
            }
            let left = host.handles();
            if !left.is_empty() {
                return Some(format!("handles are left in instance {instance}: {left:?}"));
            }
            if host.backpressure() > 0 {
                return Some(format!("instance {instance} holds calls back"));
            }
        }
        let tokens = crate::host::resource::tokens_alive();
        (tokens != 0).then(|| format!("{tokens} tokens are alive"))
    }
}

/// `task.return` of an export.
struct Returns {
    export: Rc<Export>,
}

impl Returns {
    fn task_return(self, answer: Message) {
        let letter = answer.leave();
        crate::host::trap::guarded(|| {
            self.export.context.returned();
            match &self.export.caller {
                Caller::Host => world().host_takes(letter),
                Caller::Guest(served) => served.resolve(letter),
            }
        });
    }
}

impl Elsewhere for World {
    fn choose(&self, among: usize) -> usize {
        self.pick(among as u32) as usize
    }

    fn goes_on(&self) -> bool {
        self.blocked.set(self.blocked.get() + 1);
        let goes_on = self.goes_on_inside();
        if !goes_on && self.blocked.get() > 1 {
            // The thread that could go on is further down on this stack. A host
            // has a stack for each.
            self.inconclusive.set(true);
        }
        self.blocked.set(self.blocked.get() - 1);
        goes_on
    }

    fn lingers(&self) -> bool {
        if self.has_failed() || self.pick(2) == 0 {
            return false;
        }
        self.blocked.set(self.blocked.get() + 1);
        let went_on = self.step();
        self.blocked.set(self.blocked.get() - 1);
        went_on
    }
}

impl World {
    /// Whether the run ended because threads wait for each other that have one
    /// stack here.
    pub fn is_inconclusive(&self) -> bool {
        self.inconclusive.get()
    }

    fn goes_on_inside(&self) -> bool {
        self.pass_on_cancels();
        if self.steps.get() > CLOSING_STEPS {
            trap("livelock", format_args!("a wait does not come to an end"));
        }
        if self.has_failed() {
            return false;
        }
        let over = self.steps.get() > STEPS || self.choices.borrow().is_exhausted();
        if over && !self.closing.get() {
            self.close();
            return true;
        }
        if self.step() {
            return true;
        }
        // Everything waits: only the end of the world can help.
        if self.closing.get() {
            return false;
        }
        self.close();
        true
    }
}
