//! What can happen next, and one step of it.

use super::exports::Cancel;
use super::{INSTANCES, World};
use crate::sim::calls::Caller;
use crate::sim::program;
use crate::sim::seen::Seen;

/// What can happen next.
#[derive(Copy, Clone, Debug)]
pub(super) enum Action {
    Admit(usize),
    Event(usize),
    Cancelled(usize),
    /// A task of other bindings has an event.
    Foreign(usize),
    /// The host wants a call of its own to stop.
    Ask(usize),
    End(usize),
    Call(usize),
    Invoke(usize),
    /// Synchronous code is called: an export, or the destructor of a resource.
    InvokeSync(usize),
}

/// A list of actions in room that stays: what is added every step should cost little,
/// under Miri above all, where each call counts.
#[derive(Default)]
pub(super) struct Actions {
    room: Box<[Action]>,
    count: usize,
}

impl Actions {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Picks one of them, if there is one.
    pub(super) fn pick(&self, world: &World) -> Option<Action> {
        match self.count {
            0 => None,
            count => Some(self.room[world.decide(count as u32) as usize]),
        }
    }

    /// Makes room for so many, of which there are none yet.
    fn clear(&mut self, most: usize) {
        if self.room.len() < most {
            self.room = vec![Action::Call(0); 2 * most + 16].into_boxed_slice();
        }
        self.count = 0;
    }

    fn add(&mut self, action: Action) {
        self.room[self.count] = action;
        self.count += 1;
    }
}

impl World {
    /// Does one thing; false if there is nothing left to do.
    pub(super) fn step(&self) -> bool {
        self.steps.set(self.steps.get() + 1);
        let Some(action) = self.next_action() else {
            return false;
        };
        self.trace(|| format!("world: {action:?}"));
        let same = self.act(action);
        self.listed.set(same);
        if !same {
            self.check_stays();
        }
        true
    }

    fn next_action(&self) -> Option<Action> {
        let actions = &mut *self.actions.borrow_mut();
        if !self.listed.take() {
            self.list(actions);
        }
        actions.pick(self)
    }

    /// Forgets the calls that were cancelled, and what they brought.
    fn forget_cancelled(&self) {
        let next = || {
            let mut calls = self.calls.borrow_mut();
            let place = calls.iter().position(|call| !call.is_open())?;
            Some(calls.swap_remove(place))
        };
        while let Some(call) = next() {
            let _ = crate::host::trap::guarded_with(|| drop(call));
        }
    }

    fn list(&self, actions: &mut Actions) {
        self.forget_cancelled();
        let closing = self.is_closing();
        let hosts: &[_] = &self.hosts.borrow();
        let (ends, calls): (&[_], &[_]) = (&self.ends.borrow(), &self.calls.borrow());
        let tasks = 2 * self.tasks.borrow().len() + self.foreign.borrow().len();
        actions.clear(tasks + ends.len() + calls.len() + 2 * INSTANCES);
        self.list_tasks(actions, !closing && self.may_ask());
        // There are many of these: an iterator would cost more than what it is for.
        let mut index = 0;
        while index < ends.len() {
            if ends[index].is_ready(closing) {
                actions.add(Action::End(index));
            }
            index += 1;
        }
        for index in 0..calls.len() {
            actions.add(Action::Call(index));
        }
        if closing || self.scenario.small().is_some() {
            return;
        }
        let (calls, interrupts) = (self.called.get() < 3, self.interrupted.get() < 3);
        for (instance, host) in hosts.iter().enumerate() {
            if calls {
                // Where another task has the lock it is held back.
                actions.add(Action::Invoke(instance));
            }
            // Also while its code is blocked: those do not care for the lock.
            if host.lets_in_synchronous_code()
                && (if host.is_on_stack() {
                    interrupts
                } else {
                    calls
                })
            {
                actions.add(Action::InvokeSync(instance));
            }
        }
    }

    /// What tasks have to do, and nothing else.
    pub(super) fn tasks_to_do(&self) -> Actions {
        let mut actions = Actions::default();
        actions.clear(2 * self.tasks.borrow().len() + self.foreign.borrow().len());
        self.list_tasks(&mut actions, false);
        actions
    }

    /// What tasks have to do; and which of them the host may want to stop, if it `asks`.
    fn list_tasks(&self, actions: &mut Actions, asks: bool) {
        let hosts: &[_] = &self.hosts.borrow();
        let tasks: &[_] = &self.tasks.borrow();
        for (index, foreign) in self.foreign.borrow().iter().enumerate() {
            if foreign.is_ready(&hosts[foreign.instance]) {
                actions.add(Action::Foreign(index));
            }
        }
        for (index, export) in tasks.iter().enumerate() {
            // Its code is on the stack: it has the lock.
            if hosts[export.instance].is_on_stack() {
                continue;
            }
            match &*export.task.borrow() {
                None if self.is_admitted(index) => actions.add(Action::Admit(index)),
                None => {}
                Some(task) => {
                    if task.is_ready() {
                        actions.add(Action::Event(index));
                    }
                    match export.cancel.get() {
                        Cancel::Requested if !export.context.is_resolved() => {
                            actions.add(Action::Cancelled(index));
                        }
                        Cancel::None
                            if asks
                                && !export.context.is_resolved()
                                && matches!(export.caller, Caller::Host) =>
                        {
                            actions.add(Action::Ask(index));
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// Whether the host may want a call of its own to stop.
    fn may_ask(&self) -> bool {
        match self.scenario.small() {
            None => true,
            Some(small) => small.is_cancelled() && self.called.get() == 0,
        }
    }

    /// Whether a call that is held back may start: no backpressure, and nobody
    /// waits longer.
    pub(super) fn is_admitted(&self, index: usize) -> bool {
        let tasks = self.tasks.borrow();
        let instance = tasks[index].instance;
        let earlier = tasks[..index]
            .iter()
            .any(|other| other.instance == instance && other.task.borrow().is_none());
        let held_back = self.hosts.borrow()[instance].backpressure() > 0 && !self.is_closing();
        !earlier && !held_back
    }

    /// Does it. Whether nothing came of it, so that the same can happen next.
    pub(super) fn act(&self, action: Action) -> bool {
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
                self.see(Seen::CancelDelivered);
                self.turn(&export, |task| {
                    task.cancel();
                });
                if !export.has_acted_on_cancel() {
                    self.fail("a cancel request was not acted on in the callback".to_owned());
                }
            }
            Action::Foreign(index) => {
                let foreign = self.foreign.borrow_mut().swap_remove(index);
                self.goes_on_with(foreign);
            }
            Action::Ask(index) => {
                // Not every caller loses patience.
                let small = self.scenario.small().is_some();
                if !small && self.decide(8) != 7 {
                    return true;
                }
                self.export(index).cancel.set(Cancel::Requested);
                if small {
                    self.called.set(1);
                    // No guest sees the time between.
                    return self.act(Action::Cancelled(index));
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
                let interrupts = self.host(instance).is_on_stack();
                let count = match interrupts {
                    true => &self.interrupted,
                    false => &self.called,
                };
                if interrupts {
                    self.see(Seen::SyncWhileBlocked);
                }
                count.set(count.get() + 1);
                self.stats.borrow_mut().interruptions += u64::from(interrupts);
                self.guest(instance, program::synchronous);
            }
        }
        false
    }
}
