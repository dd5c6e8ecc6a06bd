//! One turn of a task.

use super::more::More;
use super::spawned::{Rouse, Spawned};
use crate::abi::{CallbackCode, Event, Set};
use crate::sys;
use crate::waitable::{self, Home, enter};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// The futures of one component-model task, or of one `block_on`.
///
/// The root is polled directly; spawned futures are in a set of their own, which
/// exists once something was spawned, and stays if it is small.
pub(super) struct Task<'a> {
    home: Arc<Home>,
    /// Wakes the task; `home` in another form.
    waker: Waker,
    root: Option<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    spawned: Option<Spawned<Arc<Home>>>,
    /// For a `block_on`: what it polls for the task around, and does not wait for.
    background: Option<Spawned<Arc<Home>>>,
    /// Whether it stays until everything that it started is over.
    stays: bool,
    /// Whether the last turn ended because its allowance was used up.
    cut: bool,
    more: More,
}

impl Rouse for Arc<Home> {
    fn rouse(&self) {
        self.wake_task();
    }
}

impl<'a> Task<'a> {
    /// The futures of a component-model task. It stays until everything that it
    /// started is over, for the host wants it to be there.
    pub(super) fn new(root: Pin<Box<dyn Future<Output = ()> + 'a>>) -> Task<'a> {
        Task::of(root, Home::new(), true)
    }

    /// Futures in the middle of synchronous code. What is still being written in
    /// the background when they are done is left to the instance: whoever reads
    /// it may be waiting for that code to go on.
    pub(super) fn nested(root: Pin<Box<dyn Future<Output = ()> + 'a>>) -> Task<'a> {
        Task::of(root, Home::nested(), false)
    }

    fn of(root: Pin<Box<dyn Future<Output = ()> + 'a>>, home: Home, stays: bool) -> Task<'a> {
        let home = Arc::new(home);
        if !stays {
            home.stands_still();
        }
        Task {
            waker: Waker::from(Arc::clone(&home)),
            home,
            root: Some(root),
            spawned: None,
            background: None,
            stays,
            cut: false,
            more: More::default(),
        }
    }

    /// Notes what is in the slot of its component-model task.
    pub(super) fn is_known_by(&self, mark: *mut u8) {
        self.home.is_known_by(mark);
    }

    /// Notes that the host let its component-model task block.
    pub(super) fn has_blocked(&self) {
        self.home.has_blocked();
    }

    /// Ends what runs in the middle of synchronous code.
    ///
    /// # Panics
    ///
    /// If something is in flight that has to end before that code does, and cannot
    /// be cancelled.
    pub(super) fn end(self) {
        let left = waitable::needs_task(&self.home).filter(|_| !self.home.may_block());
        drop(self);
        if let Some(waitable) = left {
            panic!(
                "`block_on` in synchronous code leaves the operation on {waitable:?} in flight: \
                 the host forbids to cancel it there, and wants the code to be there when it ends"
            );
        }
    }

    /// Takes notice of `event` and polls until there is nothing left to do.
    pub(super) fn turn(&mut self, event: Event) -> CallbackCode {
        // A wake from here on needs no bell: this turn polls in any case.
        self.home.begin_turn();
        self.home.set_draining(false);
        let home = Arc::clone(&self.home);
        enter(&home, || {
            let is_event = matches!(event, Event::Waitable(..));
            match event {
                Event::None => {}
                // The caller does not want the result any more. The root goes,
                // which tells the host (see `TaskCancelOnDrop`); what it
                // spawned goes on. Unless somebody in the task observes the request.
                Event::Cancelled => {
                    if !self.home.request.comes() {
                        self.root = None;
                    }
                }
                Event::Waitable(waitable, payload) => self.deliver(waitable, payload),
            }
            if !waitable::is_calm() {
                // Not before: what has its event already can no longer be cancelled.
                waitable::settle();
                if self.stays {
                    waitable::adopt(&self.home);
                }
                waitable::wake_late();
            }
            waitable::refill();
            if is_event {
                waitable::spend();
            }
            self.take_events_first(is_event);
            waitable::reserve(&home);
            self.poll_until_idle()
        })
    }

    fn deliver(&self, waitable: crate::abi::Waitable, payload: crate::abi::Payload) {
        if !self.home.heard(waitable) {
            waitable::deliver(waitable, payload);
        }
    }

    /// If what is ready at once has used up the last allowance, it may use up every one.
    /// Events are not to wait for that. Where one has come there may be [`More`], and what
    /// they wake is polled once for all of them.
    fn take_events_first(&mut self, is_event: bool) {
        let was_cut = mem::take(&mut self.cut);
        let asks = is_event && self.more.asks(self.home.awaited_events());
        let Some(set) = self.home.existing_set().filter(|_| was_cut || asks) else {
            return;
        };
        let mut were_there = false;
        while waitable::takes_events_first() && self.take_event(set) {
            were_there = true;
        }
        if asks {
            self.more.hears(were_there);
        }
    }

    /// Takes an event from the set by itself, if one is there.
    fn take_event(&self, set: Set) -> bool {
        let Event::Waitable(waitable, payload) = sys::waitable_set_poll(set) else {
            return false;
        };
        waitable::spend();
        self.deliver(waitable, payload);
        true
    }

    /// Polls until nothing was woken. When the allowance is used up it yields to the host:
    /// other tasks want their turn, and a cancel request comes only that way.
    fn poll_until_idle(&mut self) -> CallbackCode {
        let mut released = false;
        while !waitable::is_spent() {
            self.home.begin_poll();
            let poll = self.poll_all();
            let mut woke = false;
            if !waitable::is_calm() {
                waitable::settle_orphans();
                if self.stays {
                    // What synchronous code left that ran while this was blocked: it found
                    // no task asleep that it could rouse for it.
                    waitable::adopt(&self.home);
                }
                woke = waitable::wake_late();
            }
            if poll.is_pending() && self.stands_in() {
                continue;
            }
            // Destructors that ran there may have spawned something.
            if self.home.has_spawned() {
                waitable::spend();
                continue;
            }
            if poll.is_ready() {
                // Operations of other bindings need their executor in any case.
                let stays = match self.stays {
                    true => self.home.is_awaited(),
                    false => waitable::awaits_foreign(&self.home),
                };
                if !stays {
                    if waitable::may_cancel() && waitable::cancel_kept(&self.home) {
                        // That may have taken its time, and others ran.
                        continue;
                    }
                    return CallbackCode::Exit;
                }
                if self.stands_in() {
                    continue;
                }
                // Background writes, and operations of other bindings.
                self.home.set_draining(true);
                // What a `block_on` polls for the task around goes on.
                if self.stays || !self.home.was_woken() {
                    return self.sleep();
                }
            }
            if !self.home.was_woken() {
                return self.sleep();
            }
            if woke {
                // That counts as an event.
                continue;
            }
            // What was kept for some may be for others, once.
            if !mem::replace(&mut released, true) && waitable::release(&self.home) {
                continue;
            }
            if waitable::is_spent() {
                break;
            }
            // Woken by itself: a yield. Events that are there come first, or a
            // future that yields for ever would never see them.
            let set = self.home.existing_set();
            if !set.is_some_and(|set| self.take_event(set)) {
                return CallbackCode::Yield;
            }
        }
        self.cut = true;
        CallbackCode::Yield
    }

    fn sleep(&self) -> CallbackCode {
        if self.stays {
            waitable::take_in(&self.home);
        }
        let set = self.home.set();
        self.home.begin_sleep();
        CallbackCode::Wait(set)
    }

    /// Polls the root and what was spawned; ready when all of it is done.
    ///
    /// What the root is told by what was spawned it hears at once: the host has no part in
    /// that. It counts as an event, so that the two do not go on for ever.
    fn poll_all(&mut self) -> Poll<()> {
        loop {
            let poll = self.poll_each();
            if self.root.is_none() || !self.home.was_told() || waitable::is_spent() {
                return poll;
            }
            waitable::spend();
            self.home.begin_poll();
        }
    }

    fn poll_each(&mut self) -> Poll<()> {
        let mut cx = Context::from_waker(&self.waker);
        if let Some(root) = &mut self.root
            && root.as_mut().poll(&mut cx).is_ready()
        {
            self.root = None;
        }
        // What it told itself is a yield.
        self.home.was_told();
        loop {
            if self.home.has_spawned() {
                let mut queued = self.home.take_spawned();
                let home = &self.home;
                let spawned = self
                    .spawned
                    .get_or_insert_with(|| Spawned::new(Arc::clone(home)));
                for future in queued.drain(..) {
                    spawned.push(future);
                }
                home.gives_room(queued);
            }
            let Some(spawned) = &mut self.spawned else {
                break;
            };
            spawned.poll();
            // What was spawned in this poll gets its first poll in it too.
            if self.home.has_spawned() {
                continue;
            }
            if spawned.is_empty() && !spawned.is_small() {
                self.spawned = None;
            }
            break;
        }
        if let Some(background) = &self.background {
            background.poll();
        }
        if self.root.is_some() && self.home.request.is_accepted() {
            // Not before: what was spawned may have been the last to observe it.
            self.root = None;
        }
        let is_left = |spawned: &Spawned<_>| !spawned.is_empty();
        match self.root.is_some() || self.spawned.as_ref().is_some_and(is_left) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    }
}

impl Task<'_> {
    /// A `block_on` is not done: says whether there is something new that it has to poll for
    /// the task around. That counts as an event, for there may be something in each poll.
    fn stands_in(&mut self) -> bool {
        if self.stays {
            return false;
        }
        let unseen = self.home.stands_in();
        if unseen.is_empty() {
            return false;
        }
        waitable::spend();
        for future in unseen {
            let home = &self.home;
            let background = self
                .background
                .get_or_insert_with(|| Spawned::new(Arc::clone(home)));
            background.push(future);
        }
        true
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        self.home.begin_turn();
        let home = Arc::clone(&self.home);
        if !self.stays {
            home.stands_no_more();
        }
        // Destructors may cancel operations, and write defaults.
        enter(&home, || {
            self.root = None;
            self.spawned = None;
            drop(home.take_spawned());
        });
        waitable::wake_others();
        home.close();
        if !self.stays {
            home.leaves_synchronous_code();
        }
    }
}
