//! Panics that were planned, and how programs go on behind them: nearly all do, for behind
//! one that ends an instance there is little left to look at.

use super::Program;
use crate::host::fault;
use crate::host::trap::text;
use crate::sim::ends::AnyEnd;
use crate::sim::scenario::Scenario;
use crate::sim::world::World;
use std::any::Any;
use std::future::{Future, poll_fn};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Awaits `future`. If foreign code in it panics as it was planned, goes on without
/// it. It stays where it is pinned: these futures are large, and moving one costs as much
/// as what it does.
pub(super) async fn survive<F: Future>(
    world: &World,
    mut future: Pin<&mut F>,
) -> Option<F::Output> {
    if world.scenario() != Scenario::Faults {
        return Some(future.await);
    }
    poll_fn(|cx| {
        let poll = catch_unwind(AssertUnwindSafe(|| {
            let waker = fault::waker(cx.waker());
            let poll = future.as_mut().poll(&mut Context::from_waker(&waker));
            // Not at the end of the scope: a result that is on its way out leaks
            // when a destructor panics.
            drop(waker);
            poll
        }));
        match poll {
            Ok(poll) => poll.map(Some),
            Err(panic) => Poll::Ready(was_planned(panic)),
        }
    })
    .await
}

/// Does something, and goes on without it if foreign code in it panics as it was planned.
pub(super) fn spare<R>(world: &World, f: impl FnOnce() -> R) -> Option<R> {
    if world.scenario() != Scenario::Faults || fault::goes_through() {
        return Some(f());
    }
    catch_unwind(AssertUnwindSafe(f)).map_or_else(was_planned, Some)
}

/// Nothing came of it, if that was planned.
fn was_planned<R>(panic: Box<dyn Any + Send>) -> Option<R> {
    match text(&*panic).starts_with(fault::MESSAGE) {
        true => None,
        false => resume_unwind(panic),
    }
}

/// Drops an end, and survives it.
pub(super) fn give_up(world: &World, end: AnyEnd) {
    super::note_unwritten(world, &end);
    spare(world, || drop(end));
}

/// A future that does not panic when it is dropped, wherever it is.
pub struct Contained<F> {
    world: Rc<World>,
    future: ManuallyDrop<F>,
}

impl<F: Future> Contained<F> {
    pub fn new(world: Rc<World>, future: F) -> Contained<F> {
        let future = ManuallyDrop::new(future);
        Contained { world, future }
    }
}

impl<F: Future> Future for Contained<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: it is pinned with this, and stays in its place until it is dropped there.
        let future = unsafe { self.map_unchecked_mut(|this| &mut *this.future) };
        future.poll(cx)
    }
}

impl<F> Drop for Contained<F> {
    fn drop(&mut self) {
        let Contained { world, future } = self;
        // SAFETY: once, and in its place.
        spare(world, || unsafe { ManuallyDrop::drop(future) });
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let world = Rc::clone(&self.world);
        // All of them first: a panic that goes through drops those behind it.
        for end in &self.ends {
            super::note_unwritten(&world, end);
        }
        for end in self.ends.drain(..) {
            spare(&world, || drop(end));
        }
        for token in self.tokens.drain(..) {
            spare(&world, || drop(token));
        }
        for spawned in self.spawned.drain(..) {
            spare(&world, || drop(spawned));
        }
    }
}
