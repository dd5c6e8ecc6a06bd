//! What can happen next, and one step of it.

use super::World;
use super::exports::Cancel;
use crate::sim::calls::Caller;
use crate::sim::program;

/// What can happen next.
#[derive(Copy, Clone, Debug)]
pub(super) enum Action {
    Admit(usize),
    Event(usize),
    Cancelled(usize),
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
            count => Some(self.room[world.pick(count as u32) as usize]),
        }
    }

    fn clear(&mut self) {
        self.count = 0;
    }

    fn add(&mut self, action: Action) {
        if self.count == self.room.len() {
            let mut room = std::mem::take(&mut self.room).into_vec();
            room.resize(2 * self.count + 16, action);
            self.room = room.into_boxed_slice();
        }
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
        // Taken out: all steps share the room.
        let mut actions = self.actions.take();
        if !self.listed.take() {
            actions.clear();
            self.list(&mut actions);
        }
        let next = actions.pick(self);
        self.actions.replace(actions);
        next
    }

    fn list(&self, actions: &mut Actions) {
        let closing = self.is_closing();
        let hosts: &[_] = &self.hosts.borrow();
        self.list_tasks(actions, !closing && self.may_ask());
        // There are many of these: an iterator would cost more than what it is for.
        let ends: &[_] = &self.ends.borrow();
        let mut index = 0;
        while index < ends.len() {
            if ends[index].is_ready(closing) {
                actions.add(Action::End(index));
            }
            index += 1;
        }
        for index in 0..self.calls.borrow().len() {
            actions.add(Action::Call(index));
        }
        if closing || self.scenario.small().is_some() {
            return;
        }
        let (calls, interrupts) = (self.called.get() < 3, self.interrupted.get() < 3);
        for (instance, host) in hosts.iter().enumerate() {
            if !host.is_on_stack() {
                if calls {
                    actions.add(Action::Invoke(instance));
                    actions.add(Action::InvokeSync(instance));
                }
            } else if interrupts && host.lets_in_synchronous_code() {
                actions.add(Action::InvokeSync(instance));
            }
        }
    }

    /// What tasks have to do; and which of them the host may want to stop, if it `asks`.
    pub(super) fn list_tasks(&self, actions: &mut Actions, asks: bool) {
        let hosts: &[_] = &self.hosts.borrow();
        for (index, export) in self.tasks.borrow().iter().enumerate() {
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
                self.turn(&export, |task| {
                    task.cancel();
                });
                if !export.context.is_resolved() {
                    self.fail("a cancel request was not acted on in the callback".to_owned());
                }
            }
            Action::Ask(index) => {
                // Not every caller loses patience.
                let small = self.scenario.small().is_some();
                if !small && self.pick(8) != 7 {
                    return true;
                }
                self.export(index).cancel.set(Cancel::Requested);
                if small {
                    self.called.set(1);
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
                count.set(count.get() + 1);
                self.stats.borrow_mut().interruptions += u64::from(interrupts);
                self.guest(instance, program::synchronous);
            }
        }
        false
    }
}
