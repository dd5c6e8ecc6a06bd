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
    /// The host wants a call of its own to stop.
    Ask(usize),
    End(usize),
    Call(usize),
    Invoke(usize),
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

    fn len(&self) -> usize {
        self.count
    }

    fn get(&self, place: usize) -> Action {
        self.room[place]
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
        match actions.len() {
            0 => None,
            count => Some(actions.get(self.decide(count as u32) as usize)),
        }
    }

    /// Whether nothing can happen.
    pub(super) fn is_quiet(&self) -> bool {
        let actions = &mut *self.actions.borrow_mut();
        self.listed.set(false);
        self.list(actions);
        actions.len() == 0
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
        let asks = !closing && self.may_ask();
        let tasks: &[_] = &self.tasks.borrow();
        let ends: &[_] = &self.ends.borrow();
        let calls: &[_] = &self.calls.borrow();
        actions.clear(2 * tasks.len() + ends.len() + calls.len() + 2 * INSTANCES);
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
        if !closing && self.called.get() < 3 && self.scenario.small().is_none() {
            for (instance, host) in hosts.iter().enumerate() {
                // Where another task has the lock it is held back.
                actions.add(Action::Invoke(instance));
                // Also while its code is blocked: those do not care for the lock.
                if host.admits_sync() {
                    actions.add(Action::InvokeSync(instance));
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
    fn act(&self, action: Action) -> bool {
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
                if !export.context.is_resolved() {
                    self.fail("a cancel request was not acted on in the callback".to_owned());
                }
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
                self.called.set(self.called.get() + 1);
                if self.host(instance).is_on_stack() {
                    self.see(Seen::SyncWhileBlocked);
                }
                self.guest(instance, program::synchronous);
            }
        }
        false
    }
}
