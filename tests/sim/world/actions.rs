//! What can happen next, and one step of it.

use super::World;
use super::exports::Cancel;
use crate::sim::calls::Caller;
use crate::sim::program;
use crate::sim::scenario::Small;

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
    InvokeSync(usize),
}

impl World {
    /// Does one thing; false if there is nothing left to do.
    pub(super) fn step(&self) -> bool {
        self.steps.set(self.steps.get() + 1);
        let Some(action) = self.next_action() else {
            return false;
        };
        self.trace(|| format!("world: {action:?}"));
        self.act(action);
        self.check_stays();
        true
    }

    fn next_action(&self) -> Option<Action> {
        // One list for all steps.
        let mut actions = self.actions.take();
        self.list(&mut actions);
        let count = actions.len() as u32;
        let next = (count > 0).then(|| actions[self.pick(count) as usize]);
        actions.clear();
        self.actions.replace(actions);
        next
    }

    /// Whether nothing can happen.
    pub(super) fn is_quiet(&self) -> bool {
        let mut actions = Vec::new();
        self.list(&mut actions);
        actions.is_empty()
    }

    fn list(&self, actions: &mut Vec<Action>) {
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
                                && self.may_ask()
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
        if !closing && self.called.get() < 3 && self.scenario.small().is_none() {
            for instance in 0..self.instances() {
                if !self.host(instance).is_on_stack() {
                    actions.push(Action::Invoke(instance));
                    actions.push(Action::InvokeSync(instance));
                }
            }
        }
    }

    /// Whether the host may want a call of its own to stop.
    fn may_ask(&self) -> bool {
        match self.scenario.small() {
            None => true,
            Some(small) => small == Small::Cancelled && self.called.get() == 0,
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
                let small = self.scenario.small().is_some();
                if small || self.pick(8) == 7 {
                    self.export(index).cancel.set(Cancel::Requested);
                }
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
                self.called.set(self.called.get() + 1);
                self.guest(instance, program::synchronous);
            }
        }
    }
}
