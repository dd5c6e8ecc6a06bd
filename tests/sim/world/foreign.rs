//! Tasks of other bindings, which stay for what was begun in them.

use super::World;
use crate::host::foreign::Executor;
use crate::host::{Context, Host};
use crate::sim::seen::Seen;

/// A task of other bindings, with nothing but what it waits for.
pub(super) struct Foreign {
    pub(super) instance: usize,
    executor: Executor,
}

impl Foreign {
    /// Whether there is an event for it, or nothing that it could wait for.
    pub(super) fn is_ready(&self, host: &Host) -> bool {
        !host.is_on_stack() && (self.is_over() || host.has_ready_member(self.executor.set()))
    }

    /// Its instance goes.
    pub(super) fn end(self) {
        self.executor.end();
    }

    fn is_over(&self) -> bool {
        self.executor.registered().is_empty()
    }
}

impl World {
    /// A task of other bindings waits from now on, unless it has nothing to wait for.
    pub fn stays(&self, instance: usize, executor: Executor) {
        let foreign = Foreign { instance, executor };
        if !foreign.is_over() {
            self.see(Seen::ForeignStays);
            self.foreign.borrow_mut().push(foreign);
        }
    }

    /// Delivers an event to it.
    pub(super) fn goes_on_with(&self, foreign: Foreign) {
        let host = self.host(foreign.instance);
        self.catch(|| {
            host.start_entry(Context::new(false), || {
                foreign.executor.enter(|| foreign.executor.step());
                self.stays(foreign.instance, foreign.executor);
                0
            });
        });
    }
}
