//! A world from its beginning to its end, and what may not be left then.

use super::World;
use crate::host::trap::give_up;
use crate::host::{Blocked, Context, Elsewhere, Left, Task, What, fault};
use crate::sim::program;
use crate::sim::seen::Seen;

/// How many steps a world takes before it closes. Under Miri each costs a thousand times
/// as much, and more worlds show more than longer ones.
const STEPS: u32 = if cfg!(miri) { 30 } else { 150 };

/// How many more it may take until it is quiet.
pub(super) const CLOSING_STEPS: u32 = 4000;

impl World {
    /// Runs until it is quiet, closes, and runs until it is quiet again.
    pub fn live(&self) {
        while !self.has_failed() && self.step() {
            if self.steps.get() > STEPS || self.choices.borrow().is_exhausted() {
                break;
            }
        }
        if !self.has_failed() {
            self.close();
        }
        self.drain();
        let mut dropping = self.drops(program::has_jobs, program::drop_jobs);
        self.drain();
        dropping.append(&mut self.drops(program::has_shelved, program::drop_shelf));
        self.drain();
        // Those too may have to wait: for a reader of a default.
        while !self.has_failed() && dropping.iter().any(|(_, task)| self.steps_on(task)) {
            self.drain();
        }
        dropping.retain(|(_, task)| !task.has_exited());
        self.dropping.replace(dropping);
    }

    /// Drops what programs left for each other: in a task of each instance, where it
    /// may be cancelled, or before that.
    fn drops(&self, is_left: fn(usize) -> bool, what: fn(usize)) -> Vec<(usize, Task)> {
        let mut dropping = Vec::new();
        for instance in 0..self.instances() {
            if self.has_failed() {
                continue;
            }
            let synchronously = self.scenario.small().is_none() && self.pick(2) == 1;
            if !is_left(instance) {
                continue;
            }
            if synchronously {
                self.guest(instance, || what(instance));
            }
            let host = self.host(instance);
            self.catch(|| {
                let root = async move { what(instance) };
                dropping.push((instance, host.start_in(Context::new(false), root)));
            });
        }
        dropping
    }

    /// Delivers what a task waits for, if there is something.
    fn steps_on(&self, task: &Task) -> bool {
        let mut stepped = false;
        self.catch(|| stepped = task.step());
        stepped
    }

    /// Runs until nothing is left to do.
    fn drain(&self) {
        while !self.has_failed() && self.step() {
            if self.steps.get() > CLOSING_STEPS {
                self.fail("livelock: it does not come to an end".to_owned());
            }
        }
    }

    /// From now on everything comes to its end. That wakes whoever waits, so before it
    /// is looked whether others did where they had to.
    fn close(&self) {
        self.settle();
        self.check_calm();
        if self.has_failed() || self.closing.replace(true) {
            return;
        }
        self.steps.set(0);
        self.listed.set(false);
        self.trace(|| "closing".to_owned());
        for (instance, waker) in self.sleepers.take() {
            self.guest_leaves_nothing(instance, || waker.wake());
        }
    }

    /// How many tasks of an instance have not come to their end.
    fn tasks_of(&self, instance: usize) -> usize {
        let (tasks, dropping) = (self.tasks.borrow(), self.dropping.borrow());
        let tasks = tasks.iter().map(|task| task.instance);
        let dropping = dropping.iter().map(|(instance, _)| *instance);
        tasks.chain(dropping).filter(|of| *of == instance).count()
    }

    /// What is left that should not be.
    pub fn residue(&self) -> Option<String> {
        let mut handles = 0;
        for instance in 0..self.instances() {
            let host = self.host(instance);
            let tasks = self.tasks_of(instance);
            // A task settles what belongs to none: what synchronous code has left.
            let is_left = self.left.get() & 1 << instance != 0;
            for _ in 0..3 {
                if !is_left || tasks > 0 || host.table().borrow().is_empty() {
                    break;
                }
                self.catch(|| {
                    let context = Context::new(false);
                    let task = host.start_in(context, async {});
                    task.settle();
                });
            }
            let left = host.table().borrow().left();
            let is_token = |left: &&Left| matches!(left.what, What::Token(_));
            handles += left.iter().filter(is_token).count() as isize;
            if let Some(what) = self.leaks.unexcused(left, tasks) {
                return Some(format!("in instance {instance} {what}"));
            }
            if host.backpressure() > 0 {
                return Some(format!("instance {instance} holds calls back"));
            }
        }
        // Those without a handle.
        let tokens = crate::host::resource::tokens_alive() - handles;
        (tokens != 0 && !self.leaks.excuses_tokens()).then(|| format!("{tokens} tokens are alive"))
    }
}

impl World {
    fn goes_on_inside(&self, on: &Blocked) -> bool {
        self.pass_on_cancels();
        if self.steps.get() > CLOSING_STEPS {
            give_up("livelock", format_args!("a wait does not come to an end"));
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
        // A thread further down on this stack could go on, which on a host, where each
        // has a stack of its own, it would do before this one.
        let has_to_wait = self.blocked.borrow().iter().any(Blocked::is_over);
        if has_to_wait && let Some(call) = on.asked() {
            // The callee's instance may be that of the other thread. So somebody stands
            // between caller and callee, as hosts may: it confirms the cancel at once,
            // and what the callee comes to is nobody's.
            call.confirm_cancel();
            return true;
        }
        // Everything waits: only the end of the world can help.
        if self.closing.get() {
            self.inconclusive.set(has_to_wait);
            // Whom a waker should have woken blocks its instance for ever.
            self.ended.set(self.ended.get() || fault::has_lost_a_wake());
            return false;
        }
        self.close();
        true
    }
}

impl Elsewhere for World {
    fn choose(&self, among: usize) -> usize {
        self.see(Seen::EventChosen);
        self.decide(among as u32) as usize
    }

    fn goes_on(&self, on: Blocked) -> bool {
        // The guest has run.
        self.listed.set(false);
        self.blocked.borrow_mut().push(on.clone());
        let goes_on = self.goes_on_inside(&on);
        self.blocked.borrow_mut().pop();
        goes_on
    }

    fn lingers(&self) -> bool {
        if self.has_failed() || self.decide(2) == 0 {
            return false;
        }
        // The guest has run.
        self.listed.set(false);
        self.blocked.borrow_mut().push(Blocked::Lingers);
        let went_on = self.step();
        self.blocked.borrow_mut().pop();
        went_on
    }
}
