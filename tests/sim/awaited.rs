//! Operations that programs await, and whether whoever awaits one learns that it is over.
//!
//! A program polls an operation with a waker that notes whether it was woken. So it is
//! known of each operation at any time whether somebody is about to look at it; and the
//! host knows whether it is over. Before the world closes, and wakes everybody, the two
//! are compared: see `world/calm.rs`.

use super::leaks::Cargo;
use super::program::Place;
use super::world::World;
use crate::host::imports::Call;
use crate::host::{Context, Side, channel_of, host};
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};

/// What an operation is about, as the host knows it.
pub enum What {
    /// A copy on an end of the channel with this number.
    Copy(u32, Side),
    /// A call of an import, once it was made, and what it has in it if somebody asks.
    Call(RefCell<Option<Rc<Call>>>, Option<Cargo>),
}

/// A waker that notes that it was woken, and passes it on.
#[derive(Default)]
struct Woken {
    /// Since the last poll.
    is: AtomicBool,
    /// How often in all.
    times: AtomicU32,
    inner: Mutex<Option<Waker>>,
}

impl Woken {
    /// The operation is about to be polled: from now on whoever polls is to be woken.
    fn begin(&self, waker: &Waker) {
        self.is.store(false, Relaxed);
        let mut inner = self.inner.lock().expect("no panic holds it");
        if !inner.as_ref().is_some_and(|inner| inner.will_wake(waker)) {
            *inner = Some(waker.clone());
        }
    }

    fn is(&self) -> bool {
        self.is.load(Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is.store(true, Relaxed);
        self.times.fetch_add(1, Relaxed);
        // Once is enough until the next poll.
        let inner = self.inner.lock().expect("no panic holds it").take();
        inner.inspect(Waker::wake_by_ref);
    }
}

/// An operation that is awaited until it is over.
pub struct Awaited {
    what: What,
    place: Place,
    /// The task in which it was polled last.
    task: Cell<*const Context>,
    woken: Option<Arc<Woken>>,
}

/// All that are awaited in a world.
#[derive(Default)]
pub struct AllAwaited {
    those: RefCell<Vec<Rc<Awaited>>>,
    /// The call that was made last.
    called: RefCell<Option<Rc<Call>>>,
    /// Those that got further when they were polled and nobody had woken them yet, how,
    /// and how often they were woken before.
    unwoken: RefCell<Vec<(Rc<Awaited>, &'static str, u32)>>,
    /// Calls that were dropped in synchronous code, which cannot cancel them, by the
    /// instance that made them, as long as the host has them.
    left_alone: RefCell<Vec<(usize, Weak<Call>)>>,
}

impl AllAwaited {
    /// A guest has made a call.
    pub fn calls(&self, call: &Rc<Call>) {
        self.called.replace(Some(Rc::clone(call)));
    }
}

/// Polls an operation, and keeps track of it until this is dropped.
pub struct Watch<'a> {
    world: &'a World,
    awaited: Rc<Awaited>,
    waker: Option<Waker>,
    /// Whether it is on the list.
    listed: Cell<bool>,
    is_pending: Cell<bool>,
}

impl<'a> Watch<'a> {
    pub fn new(world: &'a World, what: What, place: Place) -> Watch<'a> {
        // Those that panic on demand are to be the runtime's own.
        let woken = (!world.plans_faults()).then(Arc::<Woken>::default);
        Watch {
            world,
            waker: woken.clone().map(Waker::from),
            awaited: Rc::new(Awaited {
                what,
                place,
                task: Cell::new(std::ptr::null()),
                woken,
            }),
            listed: Cell::new(false),
            is_pending: Cell::new(false),
        }
    }

    /// The operation is awaited from now on, until it is over.
    pub fn awaits(&self) {
        if !self.listed.replace(true) {
            let all = &self.world.awaited;
            all.those.borrow_mut().push(Rc::clone(&self.awaited));
        }
    }

    /// Whether whoever polls it was told to.
    pub fn is_woken(&self) -> bool {
        self.awaited.woken.as_ref().is_some_and(|woken| woken.is())
    }

    pub fn poll<F: Future + Unpin>(
        &self,
        operation: &mut F,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<F::Output> {
        let awaited = &self.awaited;
        awaited.task.set(host().task());
        let (Some(woken), Some(waker)) = (&awaited.woken, &self.waker) else {
            return self.poll_with(operation, cx);
        };
        let was_woken = woken.is();
        let waited = self.is_pending.get() && !was_woken && !awaited.is_in_flight();
        woken.begin(cx.waker());
        let poll = self.poll_with(operation, &mut std::task::Context::from_waker(waker));
        let is_pending = self.is_pending.replace(poll.is_pending());
        if is_pending && !was_woken && !woken.is() {
            let further = match poll.is_ready() {
                true => Some("was over"),
                false if waited && awaited.is_in_flight() => Some("could begin"),
                false => None,
            };
            // Who tells may be about to wake.
            if let Some(further) = further {
                let mut unwoken = self.world.awaited.unwoken.borrow_mut();
                unwoken.push((Rc::clone(awaited), further, woken.times.load(Relaxed)));
            }
        }
        poll
    }

    fn poll_with<F: Future + Unpin>(
        &self,
        operation: &mut F,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<F::Output> {
        let What::Call(call, cargo) = &self.awaited.what else {
            return Pin::new(operation).poll(cx);
        };
        /// What a poll that panics has called is nobody's.
        struct Clear<'a>(&'a RefCell<Option<Rc<Call>>>);

        impl Drop for Clear<'_> {
            fn drop(&mut self) {
                self.0.take();
            }
        }

        let leaks = &self.world.leaks;
        let others = cargo.clone().map(|cargo| leaks.polls(cargo));
        let made = self.world.awaited.called.take();
        let clear = Clear(&self.world.awaited.called);
        let poll = Pin::new(operation).poll(cx);
        std::mem::forget(clear);
        others.map(|others| leaks.polls(others));
        // In the first poll it was made; in a later one others were, if any.
        let mine = self.world.awaited.called.replace(made);
        if call.borrow().is_none() {
            call.replace(mine);
        }
        poll
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let What::Call(call, _) = &self.awaited.what
            && self.is_pending.get()
            && host().is_in_sync_task()
            && let Some(call) = call.take()
        {
            let instance = self.awaited.place.instance;
            let mut left_alone = self.world.awaited.left_alone.borrow_mut();
            left_alone.push((instance, Rc::downgrade(&call)));
        }
        if self.listed.get() {
            let mut those = self.world.awaited.those.borrow_mut();
            let place = those.iter().position(|one| Rc::ptr_eq(one, &self.awaited));
            those.swap_remove(place.expect("on the list"));
        }
    }
}

impl Awaited {
    fn name(&self) -> String {
        match &self.what {
            What::Copy(serial, side) => format!("a {} on {serial}", side.verb()),
            What::Call(call, _) => format!(
                "a call that is {:?}",
                call.borrow().as_ref().map(|call| call.state())
            ),
        }
    }

    /// Whether it is a copy that is in flight, as the host knows.
    fn is_in_flight(&self) -> bool {
        match &self.what {
            What::Copy(serial, side) => channel_of(*serial, *side)
                .is_some_and(|channel| channel.borrow().is_in_flight(*side)),
            What::Call(..) => false,
        }
    }

    /// What is wrong when no task has anything to do, nor has the future that awaits
    /// this.
    fn wrong(&self, world: &World) -> Option<&'static str> {
        if self.woken.as_ref().is_some_and(|woken| woken.is()) {
            return Some("it was woken, and not polled");
        }
        match &self.what {
            What::Call(call, _) => {
                let call = call.borrow();
                let call = call.as_ref()?;
                let told = "the caller was told that it is over, and not woken";
                let waits = "nothing delivers its event";
                (call.is_told().then_some(told)).or_else(|| call.has_event().then_some(waits))
            }
            What::Copy(serial, side) => {
                let channel = channel_of(*serial, *side)?;
                let is_in_flight = channel.borrow().is_in_flight(*side);
                if is_in_flight && channel.borrow().is_ready(*side) {
                    return Some("nothing delivers its event");
                }
                // The host knows nothing of what meets inside of an instance.
                let may_meet = || world.host(self.place.instance).may_meet_inside(&channel);
                let over = !is_in_flight && !may_meet();
                over.then_some("it is over, and was not woken")
            }
        }
    }

    /// Whether these two would have met.
    fn meets(&self, other: &Awaited) -> bool {
        let (What::Copy(serial, side), What::Copy(others, other_side)) = (&self.what, &other.what)
        else {
            return false;
        };
        // What is left of a channel goes through another one.
        let continues =
            || channel_of(*serial, Side::Readable).is_some_and(|it| it.borrow().continues);
        serial == others && side != other_side && !continues()
    }
}

impl World {
    /// An operation of which nobody learns that it is over, or that it could go on, when
    /// no task has anything to do.
    pub(super) fn lost_operation(&self, is_locked: impl Fn(usize) -> bool) -> Option<String> {
        let all = &self.awaited;
        for (one, further, times) in &*all.unwoken.borrow() {
            let woken = one.woken.as_ref().expect("it is polled with it");
            if !is_locked(one.place.instance) && woken.times.load(Relaxed) == *times {
                return Some(format!("{} {further}, and nobody was woken", one.name()));
            }
        }
        let left_alone = all.left_alone.borrow();
        let still = |(instance, call): &(usize, Weak<Call>)| Some((*instance, call.upgrade()?));
        let mut left_alone = left_alone
            .iter()
            .filter_map(still)
            .filter(|(instance, call)| {
                !is_locked(*instance) && !call.is_resolved() && !call.is_cancel_requested()
            });
        if left_alone.any(|(instance, call)| self.host(instance).is_heard_of(&call)) {
            return Some(
                "a call was left alone, and the task that hears of it does not cancel it"
                    .to_owned(),
            );
        }
        let those = all.those.borrow();
        let counts = |one: &&Rc<Awaited>| !one.place.is_left() && !is_locked(one.place.instance);
        for one in those.iter().filter(counts) {
            if let Some(wrong) = one.wrong(self) {
                return Some(format!("{} is awaited: {wrong}", one.name()));
            }
            if those.iter().filter(counts).any(|other| one.meets(other)) {
                return Some(format!(
                    "{} is awaited, and so is its other end",
                    one.name()
                ));
            }
        }
        None
    }

    /// Whether a program awaits an operation in a task.
    pub(super) fn awaits_operation(&self, task: *const Context) -> bool {
        let those = self.awaited.those.borrow();
        let mut those = those.iter().filter(|one| !one.place.is_left());
        those.any(|one| std::ptr::eq(one.task.get(), task))
    }
}
