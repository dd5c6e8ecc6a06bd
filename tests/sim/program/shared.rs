//! What the programs of an instance have in common: what they leave for each other, and
//! how they take it up.

use super::line::Line;
use super::survive::{Contained, give_up, spare};
use super::{DEPTH, Program};
use crate::sim::ends::AnyEnd;
use crate::sim::hopes::Hope;
use crate::sim::world::world;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::Poll;

/// Something that one task begins and others go on with.
struct Job {
    /// It gives back what it held.
    future: Pin<Box<dyn Future<Output = Program>>>,
    /// Whether nobody goes on with it now.
    left: Rc<Cell<bool>>,
}

thread_local! {
    /// What programs left for each other, by instance.
    static SHELF: RefCell<Vec<Vec<AnyEnd>>> = const { RefCell::new(Vec::new()) };
    /// What programs began and left in flight for each other, by instance.
    static JOBS: RefCell<Vec<Vec<Job>>> = const { RefCell::new(Vec::new()) };
    /// Those who wait to be told something, by instance.
    static EARS: RefCell<Vec<Vec<Weak<Hope>>>> = const { RefCell::new(Vec::new()) };
    /// What programs stand in line for, by instance.
    static LINES: RefCell<Vec<Rc<Line>>> = const { RefCell::new(Vec::new()) };
}

/// At the beginning of a run.
pub fn clear_shelves(instances: usize) {
    SHELF.set((0..instances).map(|_| Vec::new()).collect());
    JOBS.set((0..instances).map(|_| Vec::new()).collect());
    EARS.set((0..instances).map(|_| Vec::new()).collect());
    let lines = (1..=instances).map(|limit| Rc::new(Line::new(limit)));
    LINES.set(lines.collect());
}

/// After a run that failed: nothing is to be touched again.
pub fn forget_shelves() {
    std::mem::forget((SHELF.take(), JOBS.take(), EARS.take(), LINES.take()));
}

/// Whether something was left in flight.
pub fn has_jobs(instance: usize) -> bool {
    JOBS.with_borrow(|jobs| !jobs[instance].is_empty())
}

/// Whether an end was left.
pub fn has_shelved(instance: usize) -> bool {
    SHELF.with_borrow(|shelves| !shelves[instance].is_empty())
}

/// At the end of a run: what was left in flight is dropped.
pub fn drop_jobs(instance: usize) {
    while has_jobs(instance) {
        drop_job(instance);
    }
}

/// At the end of a run: what was left is dropped.
pub fn drop_shelf(instance: usize) {
    while let Some(end) = shelved(instance) {
        give_up(&world(), end);
    }
}

/// Leaves an end for others.
pub(super) fn shelve(instance: usize, ends: &mut Vec<AnyEnd>) {
    SHELF.with_borrow_mut(|shelves| shelves[instance].append(ends));
}

/// An end that was left, if one is.
pub(super) fn shelved(instance: usize) -> Option<AnyEnd> {
    SHELF.with_borrow_mut(|shelves| shelves[instance].pop())
}

/// Drops one thing that was left in flight.
pub(super) fn drop_job(instance: usize) {
    let job = JOBS.with_borrow_mut(|jobs| jobs[instance].pop());
    spare(&world(), || drop(job));
}

/// What the programs of an instance stand in line for.
pub(super) fn line(instance: usize) -> Rc<Line> {
    LINES.with_borrow(|lines| Rc::clone(&lines[instance]))
}

impl Program {
    /// Waits until another task of the instance tells it something.
    pub(super) async fn hears(&mut self) {
        let world = Rc::clone(&self.world);
        let hope = Rc::new(Hope::default());
        let _waiting = world.hopes.wait(Rc::clone(&hope), self.instance);
        EARS.with_borrow_mut(|ears| ears[self.instance].push(Rc::downgrade(&hope)));
        hope.comes(|| world.is_closing()).await;
    }

    /// Tells one of those who wait.
    pub(super) fn tells(&self) {
        let ear = EARS.with_borrow_mut(|ears| {
            let ears = &mut ears[self.instance];
            ears.retain(|ear| ear.strong_count() > 0);
            let count = ears.len() as u32;
            (count > 0).then(|| ears.swap_remove(self.world.pick(count) as usize))
        });
        if let Some(hope) = ear.and_then(|ear| ear.upgrade()) {
            hope.fulfil();
        }
    }

    /// Leaves an end for other tasks, or takes one.
    pub(super) fn shelve(&mut self) {
        if self.world.pick(2) == 0 {
            if let Some(end) = self.any_end() {
                shelve(self.instance, &mut vec![end]);
            }
        } else {
            self.ends.extend(shelved(self.instance));
        }
    }

    /// Goes on with what another task began, or begins something; leaves it to
    /// others if it is in flight still.
    pub(super) async fn hands(&mut self) {
        let world = Rc::clone(&self.world);
        let left = JOBS.with_borrow_mut(|jobs| jobs[self.instance].pop());
        let mut job = left.unwrap_or_else(|| self.job());
        job.left.set(false);
        // At most so many turns, or as many as it takes.
        let mut turns = match world.pick(3) {
            0 => u32::MAX,
            turns => turns,
        };
        let ended = poll_fn(|cx| match job.future.as_mut().poll(cx) {
            Poll::Ready(program) => Poll::Ready(Some(program)),
            Poll::Pending if world.is_closing() => Poll::Ready(None),
            Poll::Pending => {
                turns -= 1;
                match turns {
                    0 => Poll::Ready(None),
                    _ => Poll::Pending,
                }
            }
        })
        .await;
        match ended {
            Some(mut program) => self.ends.append(&mut program.ends),
            None => {
                job.left.set(true);
                JOBS.with_borrow_mut(|jobs| jobs[self.instance].push(job));
            }
        }
    }

    /// One operation, or a call.
    fn job(&mut self) -> Job {
        // It belongs to no task.
        let mut child = Program::new(Rc::clone(&self.world), self.instance, Rc::default());
        child.depth = DEPTH;
        child.lends = false;
        child.ends.extend(self.any_end());
        let left = Rc::<Cell<bool>>::default();
        child.left = Some(Rc::clone(&left));
        let calls = self.world.pick(2) == 1;
        let world = Rc::clone(&self.world);
        let future = async move {
            match calls {
                true => child.call().await,
                false => child.operates().await,
            }
            child
        };
        let future = Box::pin(Contained::new(world, future));
        Job { future, left }
    }
}
