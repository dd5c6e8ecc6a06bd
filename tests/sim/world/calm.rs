//! Calm: no task has anything to do by itself. What may not be left then, for nobody would
//! ever go on with it, unless something else happens that wakes it by chance.
//!
//! The world's end wakes everybody. So before that tasks do what they have to do, and it is
//! looked whether each of them waits for something that is still to come.

use super::World;
use crate::host::fault;

impl World {
    /// Lets tasks do what they have to do. Now and then the world's end comes before that.
    pub(super) fn settle(&self) {
        if self.scenario.small().is_none() && self.pick(4) == 3 {
            return;
        }
        let mut bound = 0;
        while !self.has_failed() && self.task_steps() {
            bound += 1;
            if bound > super::life::CLOSING_STEPS {
                self.fail("livelock: tasks do not come to rest".to_owned());
            }
        }
        self.listed.set(false);
    }

    /// One thing that a task has to do; false if there is none.
    fn task_steps(&self) -> bool {
        let Some(action) = self.tasks_to_do().pick(self) else {
            return false;
        };
        self.trace(|| format!("world: {action:?}, to come to rest"));
        self.act(action);
        self.check_stays();
        true
    }

    /// Looks at what is left when no task has anything to do.
    pub(super) fn check_calm(&self) {
        if self.has_failed() || !self.tasks_to_do().is_empty() {
            return;
        }
        // While code of an instance is blocked, other tasks of it get no events.
        let is_locked = |instance| self.host(instance).is_on_stack();
        if !fault::has_lost_a_wake() && self.hopes.lost(is_locked) {
            self.fail("lost: a task waits for what another one has told it".to_owned());
        }
        for (instance, host) in self.hosts.borrow().iter().enumerate() {
            if let Some(handle) = host.undelivered()
                && !host.is_on_stack()
            {
                self.fail(format!(
                    "lost: handle {handle} of instance {instance} is in the set of a task and has \
                     an event, and nothing will deliver it"
                ));
            }
        }
        // What was leaked is awaited for ever; and where a panic was planned, the
        // future that it came through may be gone.
        if self.leaks.have_begun() || fault::has_lost_a_wake() {
            return;
        }
        if self.aborted.lost(is_locked) {
            self.fail("lost: a future was aborted, and is not gone".to_owned());
        }
        if let Some(what) = self.lost_operation(is_locked) {
            self.fail(format!("lost: {what}"));
        }
        for export in self.tasks.borrow().iter() {
            let task = std::rc::Rc::as_ptr(&export.context);
            if export.has_programs()
                && !is_locked(export.instance)
                && !self.awaits_operation(task)
                && !self.hopes.has_of(task)
            {
                self.fail("lost: a task waits, and for nothing that could come".to_owned());
            }
        }
    }
}
