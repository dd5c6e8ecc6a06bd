//! Everything that is not the runtime: instances, tasks, the host's ends and
//! calls, and what happens next.

mod actions;
mod calm;
mod exports;
mod foreign;
mod life;

use self::actions::Actions;
use self::exports::Export;
use self::foreign::Foreign;
use super::awaited::AllAwaited;
use super::calls::Served;
use super::choices::Choices;
use super::ends::PAYLOADS;
use super::hopes::Hopes;
use super::items::Item;
use super::leaks::Leaks;
use super::ledger::Ledger;
use super::peers::HostEnd;
use super::program;
use super::scenario::Scenario;
use super::seen::Seen;
use super::stats::{Kind, State, Stats, Stop};
use crate::host::trap::{has_trapped, text};
use crate::host::{Blocked, Elsewhere, Fussy, Held, Host, Rules, Task, fault};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::task::Waker;

/// How many instances a world has at most.
pub const INSTANCES: usize = 2;

thread_local! {
    static WORLD: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

/// The world of this thread.
pub fn world() -> Rc<World> {
    WORLD.with_borrow(|world| world.clone().expect("a run is going on"))
}

/// What the host of a run does differently: each switch is drawn by itself. In a small
/// world those alone that concern the copies of its ends, and the others are as hard as
/// they can be, for there are few choices.
fn draw(choices: &mut Choices, scenario: Scenario) -> Rules {
    let small = scenario.small();
    Rules::drawn(|switch| match (small, switch) {
        (None, _) => choices.decide(2) == 1,
        (Some(small), "notices" | "cancel_says_completed") => {
            small.has_copies() && choices.decide(2) == 1
        }
        (Some(_), "stale_notices" | "calls_return_at_once") => false,
        (Some(_), _) => true,
    })
}

/// Below this is how many items are written at once, or wanted.
const MOST: u32 = if cfg!(miri) { 8 } else { 32 };

/// One run's world.
pub struct World {
    this: Weak<World>,
    choices: RefCell<Choices>,
    rules: Rules,
    scenario: Scenario,
    hosts: RefCell<Vec<Rc<Host>>>,
    tasks: RefCell<Vec<Rc<Export>>>,
    /// Those that drop what programs left for each other.
    dropping: RefCell<Vec<(usize, Task)>>,
    /// Those of other bindings.
    foreign: RefCell<Vec<Foreign>>,
    ends: RefCell<Vec<HostEnd>>,
    calls: RefCell<Vec<Served>>,
    /// How often the host has called, or asked a call to stop if it is small.
    called: Cell<u32>,
    /// Whether a guest has called the host, if it is small.
    pub was_called: Cell<bool>,
    /// How often it has called synchronous code of an instance that was blocked.
    interrupted: Cell<u32>,
    /// What can happen next, as it was listed last.
    actions: RefCell<Actions>,
    /// Whether nothing has happened since.
    listed: Cell<bool>,
    closing: Cell<bool>,
    /// The instances, a bit each, whose synchronous code may have left something.
    left: Cell<u32>,
    steps: Cell<u32>,
    numbers: Cell<u32>,
    /// Wake what waits for the world to close, by instance.
    sleepers: RefCell<Vec<(usize, Waker)>>,
    failure: RefCell<Option<String>>,
    /// The built-ins that are blocked, each inside of what goes on during the one
    /// before: they can only come back in the reverse order.
    blocked: RefCell<Vec<Blocked>>,
    inconclusive: Cell<bool>,
    /// A panic that was planned has ended an instance.
    ended: Cell<bool>,
    traces: bool,
    trace: RefCell<Vec<String>>,
    pub hopes: Hopes,
    /// Of futures that were aborted: fulfilled, and gone with them.
    pub aborted: Hopes,
    pub awaited: AllAwaited,
    pub ledger: Ledger,
    pub leaks: Leaks,
    pub stats: RefCell<Stats>,
    seen: Cell<u32>,
}

impl World {
    /// A world of so many instances; it is the one of this thread from now on.
    pub fn new(
        mut choices: Choices,
        instances: usize,
        scenario: Scenario,
        traced: bool,
    ) -> Rc<World> {
        let rules = draw(&mut choices, scenario);
        let world = Rc::new_cyclic(|this| World {
            this: this.clone(),
            choices: RefCell::new(choices),
            rules,
            scenario,
            hosts: RefCell::default(),
            tasks: RefCell::default(),
            dropping: RefCell::default(),
            foreign: RefCell::default(),
            ends: RefCell::default(),
            calls: RefCell::default(),
            called: Cell::new(0),
            was_called: Cell::new(false),
            interrupted: Cell::new(0),
            actions: RefCell::default(),
            listed: Cell::new(false),
            closing: Cell::new(false),
            left: Cell::new(0),
            steps: Cell::new(0),
            numbers: Cell::new(1),
            sleepers: RefCell::default(),
            failure: RefCell::default(),
            blocked: RefCell::default(),
            inconclusive: Cell::new(false),
            ended: Cell::new(false),
            traces: traced,
            trace: RefCell::default(),
            hopes: Hopes::default(),
            aborted: Hopes::default(),
            awaited: AllAwaited::default(),
            ledger: Ledger::default(),
            leaks: Leaks::default(),
            stats: RefCell::default(),
            seen: Cell::new(0),
        });
        for _ in 0..instances {
            let elsewhere: Rc<dyn Elsewhere> = world.clone();
            let host = Host::in_world(rules, elsewhere);
            host.record(traced);
            world.hosts.borrow_mut().push(host);
        }
        if instances > 1 {
            world.see(Seen::Instances);
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
        self.dropping.take();
        self.foreign.take().into_iter().for_each(Foreign::end);
        self.sleepers.take();
        for host in self.hosts.take() {
            host.retire();
        }
        self.choices.replace(Choices::given(Vec::new()))
    }

    /// The host has done something.
    pub fn see(&self, seen: Seen) {
        self.seen.set(self.seen.get() | seen.bit());
    }

    /// What the host has done, by [bit](Seen::bit).
    pub fn seen(&self) -> u32 {
        self.seen.get()
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

    /// Whether foreign code panics once.
    pub fn plans_faults(&self) -> bool {
        self.scenario == Scenario::Faults
    }

    pub fn pick(&self, among: u32) -> u32 {
        self.choices.borrow_mut().pick(among)
    }

    /// Decides for what is not a guest: the order in which things happen, codes, how many
    /// items go at once.
    pub fn decide(&self, among: u32) -> u32 {
        self.choices.borrow_mut().decide(among)
    }

    /// Which way to do something, among so many; the first one or the second one
    /// in a small world.
    pub fn pick_way(&self, among: u32) -> u32 {
        match self.scenario.small() {
            Some(_) => self.pick(2),
            None => self.pick(among),
        }
    }

    /// The code of a payload: often of one that panics, where that is wanted.
    pub fn pick_payload(&self) -> u32 {
        match self.scenario {
            Scenario::Faults if self.pick(2) == 1 => Fussy::CODE,
            _ => self.pick(PAYLOADS),
        }
    }

    /// How many items to write, or to make room for.
    pub fn amount(&self) -> u32 {
        match self.scenario.small() {
            Some(_) => 2,
            // As few as make a difference, or more than the other end wants.
            None if self.pick(4) == 0 => self.pick(3),
            None => self.pick(MOST),
        }
    }

    /// The same, for the host.
    pub fn hosts_amount(&self) -> u32 {
        match self.decide(4) {
            0 => self.decide(3),
            _ => self.decide(MOST),
        }
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
        let left = self.scenario.small().map(|_| 3);
        self.ends.borrow_mut().push(HostEnd::new(held, left));
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
        if self.traces {
            self.note(line());
        }
    }

    #[cold]
    fn note(&self, line: String) {
        let trace = &mut *self.trace.borrow_mut();
        let hosts = self.hosts.borrow();
        for (index, host) in hosts.iter().enumerate() {
            let calls = host.calls().into_iter();
            trace.extend(calls.map(|call| format!("  {index}: {call}")));
        }
        trace.push(line);
    }

    /// What happened, if somebody wanted to know.
    pub fn traced(&self) -> Vec<String> {
        self.trace(|| "end".to_owned());
        self.trace.take()
    }

    pub fn fail(&self, what: String) {
        if has_trapped() || self.ended.get() {
            return;
        }
        self.failure.borrow_mut().get_or_insert(what);
    }

    /// What went wrong. After another failure what is blocked traps; after a trap
    /// nothing else is noted.
    pub fn failure(&self) -> Option<String> {
        let failure = self.failure.borrow().clone();
        match self.ended.get() {
            // What has trapped was blocked in that instance, or called it.
            true => failure,
            false => failure.or_else(crate::host::trap::caught),
        }
    }

    /// Whether the run is over: something went wrong, or an instance has ended.
    fn has_failed(&self) -> bool {
        has_trapped() || self.ended.get() || self.failure.borrow().is_some()
    }

    /// Whether the run ended because a thread waits for one that is ready to go on, and
    /// has one stack with it here.
    pub fn is_inconclusive(&self) -> bool {
        self.inconclusive.get()
    }

    /// Whether a panic that was planned has ended an instance before anything went
    /// wrong. That is the end of the run.
    pub fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Runs code of an instance in a synchronous task, which may leave something to the
    /// next task.
    pub fn guest(&self, instance: usize, f: impl FnOnce()) {
        self.left.set(self.left.get() | 1 << instance);
        self.guest_leaves_nothing(instance, f);
    }

    /// The same, of code that may leave nothing.
    pub fn guest_leaves_nothing(&self, instance: usize, f: impl FnOnce()) {
        let host = self.host(instance);
        self.catch(|| host.call_sync(f));
    }

    /// A panic of the guest is a failure, unless it was planned: then it ends the
    /// instance, as on wasm.
    fn catch(&self, f: impl FnOnce()) {
        let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else {
            return;
        };
        if self.has_failed() {
            return;
        }
        let text = text(&*panic);
        match fault::is_planned(&text) {
            true => self.ended.set(true),
            false => self.fail(format!("panic: {text}")),
        }
    }
}
