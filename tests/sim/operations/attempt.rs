//! What all operations have in common: how far one gets, and how it is stopped.
//!
//! ```text
//!   Attempt ── carry ──┬── Finished
//!                      └── Stopped ──┬── Cancel ──► Cancelled
//!                                    ├── Drop ────► Unknown
//!                                    └── Forget ──► Unknown
//! ```

use super::doubt::{InDoubt, side_of};
use super::fate::{End, Fate};
use crate::host::host;
use crate::sim::awaited::{Watch, What};
use crate::sim::items::Item;
use crate::sim::leaks::Entered;
use crate::sim::program::{Place, Program};
use crate::sim::stats::{Kind, State, Stop};
use crate::sim::world::World;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::task::Poll;
use wit_async::yield_async;

/// An operation that is about to be carried as far as its fate allows. It goes
/// before its result is on its way out: see `survive`.
#[must_use]
pub struct Attempt<'a> {
    world: &'a World,
    kind: Kind,
    fate: Fate,
    what: What,
    place: Place,
    entered: Option<Entered<'a>>,
}

/// How an operation that was carried ended, or is to end.
enum Carried<'a, T> {
    Finished(T),
    Stopped(End, Option<Entered<'a>>),
}

/// What an operation came to, that may be cancelled.
pub enum Outcome<T, C> {
    Finished(T),
    Cancelled(C),
    /// It was dropped or forgotten.
    Unknown,
}

impl<T> Outcome<T, T> {
    /// Of an operation whose cancel comes to the same as the operation.
    pub fn known(self) -> Option<T> {
        match self {
            Outcome::Finished(output) | Outcome::Cancelled(output) => Some(output),
            Outcome::Unknown => None,
        }
    }
}

impl<'a> Attempt<'a> {
    /// Of a call of an import.
    pub fn call(program: &'a Program, fate: Fate) -> Attempt<'a> {
        let entered = Entered::call(&program.world);
        let cargo = entered.as_ref().and_then(Entered::cargo);
        Attempt {
            world: &program.world,
            kind: Kind::Import,
            fate,
            what: What::Call(RefCell::default(), cargo),
            place: program.place(),
            entered,
        }
    }

    /// Of an operation on an end of a channel.
    pub fn copy<T: Item>(program: &'a Program, kind: Kind, serial: u32, fate: Fate) -> Attempt<'a> {
        let side = side_of(kind);
        Attempt {
            world: &program.world,
            kind,
            fate,
            what: What::Copy(serial, side),
            place: program.place(),
            entered: Entered::copy::<T>(&program.world, serial),
        }
    }

    /// The same, with a fate of its own.
    pub fn on<T: Item>(
        program: &'a Program,
        kind: Kind,
        name: &str,
        serial: u32,
    ) -> (Attempt<'a>, InDoubt) {
        let fate = Fate::pick(&program.world);
        Attempt::with::<T>(program, kind, name, serial, fate)
    }

    /// The same, of one that can only be dropped.
    pub fn dropping<T: Item>(
        program: &'a Program,
        kind: Kind,
        name: &str,
        serial: u32,
    ) -> (Attempt<'a>, InDoubt) {
        let fate = Fate::pick(&program.world).dropped();
        Attempt::with::<T>(program, kind, name, serial, fate)
    }

    fn with<T: Item>(
        program: &'a Program,
        kind: Kind,
        name: &str,
        serial: u32,
        fate: Fate,
    ) -> (Attempt<'a>, InDoubt) {
        let world = &program.world;
        let doubt = InDoubt::new(world, kind, serial, fate.forgets());
        world.trace(|| format!("program: {name} on {serial}, {fate:?}"));
        (Attempt::copy::<T>(program, kind, serial, fate), doubt)
    }

    /// Whether the operation is to be leaked.
    pub fn forgets(&self) -> bool {
        self.fate.forgets()
    }

    /// Of an operation that stays on the stack, and can only be dropped.
    pub async fn droppable<F: Future>(self, operation: F) -> Option<F::Output> {
        let mut operation = pin!(operation);
        match self.carry(&mut operation).await {
            Carried::Finished(output) => Some(output),
            Carried::Stopped(..) => None,
        }
    }

    /// Of an operation that can be dropped or forgotten.
    pub async fn forgettable<F: Future + Unpin>(self, mut operation: F) -> Option<F::Output> {
        let carried = self.carry(&mut operation).await;
        match carried {
            Carried::Finished(output) => {
                drop(operation);
                Some(output)
            }
            Carried::Stopped(end, entered) => {
                leave(operation, end, entered);
                None
            }
        }
    }

    /// Of a call, which is asked to stop. Nobody, or who dropped it, waits for the answer.
    pub async fn asks<F: Future + Unpin>(self, mut operation: F) -> Option<F::Output> {
        let world = self.world;
        let (carried, watch) = self.carry_watched(&mut operation).await;
        match carried {
            Carried::Finished(output) => {
                drop(watch);
                drop(operation);
                Some(output)
            }
            Carried::Stopped(_, entered) => {
                let mut cancels = Box::pin(wit_async::cancel(operation));
                // It may be over by that, of which nobody has to be told.
                let first = poll_fn(|cx| Poll::Ready(cancels.as_mut().poll(cx))).await;
                // Or it stands still.
                if first.is_pending() && world.pick(2) == 1 {
                    watch.awaits();
                    poll_fn(|cx| watch.poll(&mut cancels, cx)).await;
                }
                drop(watch);
                drop(cancels);
                drop(entered);
                None
            }
        }
    }

    /// Of an operation that can be dropped, forgotten or cancelled.
    pub async fn cancellable<F: Future + Unpin, C>(
        self,
        mut operation: F,
        cancel: impl FnOnce(Pin<&mut F>) -> C,
    ) -> Outcome<F::Output, C> {
        let carried = self.carry(&mut operation).await;
        match carried {
            Carried::Finished(output) => {
                drop(operation);
                Outcome::Finished(output)
            }
            Carried::Stopped(End::Cancel, _) => {
                let output = cancel(Pin::new(&mut operation));
                drop(operation);
                Outcome::Cancelled(output)
            }
            Carried::Stopped(end, entered) => {
                leave(operation, end, entered);
                Outcome::Unknown
            }
        }
    }

    /// Brings an operation as far as its fate allows, or until the world closes.
    async fn carry<F: Future + Unpin>(self, operation: &mut F) -> Carried<'a, F::Output> {
        self.carry_watched(operation).await.0
    }

    /// The same, with what keeps track of it.
    async fn carry_watched<F: Future + Unpin>(
        self,
        operation: &mut F,
    ) -> (Carried<'a, F::Output>, Watch<'a>) {
        let mut underway = Underway {
            world: self.world,
            kind: self.kind,
            state: State::Unstarted,
        };
        let watch = Watch::new(self.world, self.what, self.place);
        let (state, output) = progress(&mut underway, &watch, operation, self.fate).await;
        // In synchronous code the runtime cancels nothing that is in flight, as the docs
        // say; what it has told of is not.
        let cannot_cancel =
            host().is_in_sync_task() && state == State::InFlight && !watch.is_woken();
        mem::forget(underway);
        let (stop, carried) = match output {
            Some(output) => (Stop::Finished, Carried::Finished(output)),
            None => {
                let (stop, end) = match self.fate.stop() {
                    (Stop::Cancelled, _) if cannot_cancel => (Stop::Dropped, End::Drop),
                    stop => stop,
                };
                (stop, Carried::Stopped(end, self.entered))
            }
        };
        self.world.count(self.kind, state, stop);
        (carried, watch)
    }
}

/// An operation that is being carried: if this is dropped, so was the task or the
/// future that it is in.
struct Underway<'a> {
    world: &'a World,
    kind: Kind,
    state: State,
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let stop = match self.state {
                State::InFlight if host().is_in_sync_task() => Stop::LeftAlone,
                _ => Stop::Swept,
            };
            self.world.count(self.kind, self.state, stop);
        }
    }
}

/// Polls an operation as often as its fate allows.
async fn progress<F: Future + Unpin>(
    underway: &mut Underway<'_>,
    watch: &Watch<'_>,
    operation: &mut F,
    fate: Fate,
) -> (State, Option<F::Output>) {
    if let Fate::Unstarted(_) = fate {
        return (State::Unstarted, None);
    }
    let first = poll_fn(|cx| Poll::Ready(watch.poll(operation, cx))).await;
    if let Poll::Ready(output) = first {
        return (State::AtOnce, Some(output));
    }
    underway.state = State::InFlight;
    let world = underway.world;
    let Fate::After(turns, _) = fate else {
        watch.awaits();
        let output = poll_fn(|cx| match watch.poll(operation, cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if world.is_closing() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await;
        let state = match output {
            Some(_) => State::Blocked,
            None => State::InFlight,
        };
        return (state, output);
    };
    for _ in 0..turns {
        yield_async().await;
        let poll = poll_fn(|cx| Poll::Ready(watch.poll(operation, cx))).await;
        if let Poll::Ready(output) = poll {
            return (State::Blocked, Some(output));
        }
    }
    // Its event may come, and nobody looks before it is stopped.
    if world.scenario().small().is_none() && world.pick(2) == 1 {
        yield_async().await;
    }
    (State::InFlight, None)
}

/// Stops an operation without a word.
fn leave<F>(operation: F, end: End, entered: Option<Entered<'_>>) {
    match end {
        End::Forget => {
            entered.iter().for_each(Entered::leaks);
            mem::forget((operation, entered));
        }
        End::Drop | End::Cancel => drop(operation),
    }
}
