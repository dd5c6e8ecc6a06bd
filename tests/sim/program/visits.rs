//! Operations that begin in a task of other bindings, inside of one of ours, and go on in
//! ours, or are dropped here or there: whatever it heard by way of the C ABI, it is left with
//! nothing.

use super::{DEPTH, Program};
use crate::host::foreign::Executor;
use crate::sim::seen::Seen;
use crate::sim::world::world;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use wit_async::{spawn_local, yield_async};

impl Program {
    pub(super) async fn visits(&mut self) {
        if self.depth >= DEPTH {
            return yield_async().await;
        }
        let world = Rc::clone(&self.world);
        let mut side = self.beside(self.depth + 1);
        side.ends.extend(self.any_end());
        let visit = Visit {
            instance: self.instance,
            executor: Some(Executor::new(1 + world.pick(3))),
        };
        let executor = visit.executor();
        {
            let mut operates = Some(Box::pin(side.operates()));
            for _ in 0..=world.pick(3) {
                let Some(running) = &mut operates else { break };
                let poll = poll_fn(|cx| Poll::Ready(executor.enter(|| running.as_mut().poll(cx))));
                if poll.await.is_ready() {
                    operates = None;
                } else {
                    yield_async().await;
                    while executor.enter(|| executor.step()) {}
                }
            }
            match (world.pick(3), operates) {
                (0, operates) => executor.enter(|| drop(operates)),
                (1, Some(operates)) => {
                    world.see(Seen::Moved);
                    operates.await
                }
                (_, operates) => drop(operates),
            }
        }
        self.ends.append(&mut side.ends);
        for spawned in executor.spawned() {
            spawn_local(spawned);
        }
    }
}

/// A task of other bindings. It stays for what was begun in it, as theirs do, when who
/// visited it has gone.
struct Visit {
    instance: usize,
    executor: Option<Executor>,
}

impl Visit {
    fn executor(&self) -> &Executor {
        self.executor.as_ref().expect("it goes with the visit")
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(executor) = self.executor.take() {
            world().stays(self.instance, executor);
        }
    }
}
