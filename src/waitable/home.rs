//! What operations and other tasks have to know about a task.

use super::allowance::Line;
use super::background::Background;
use super::current::with_own_home;
use super::entry::Members;
use super::request::Request;
use super::wake::{Bell, Sleep};
use crate::abi::{Set, Waitable};
use crate::diagnostics::{Gauge, count, uncount};
use crate::sys;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::ptr;

/// For how many spawned futures there is room that is kept when there are none.
pub(crate) const ROOM_KEPT: usize = 16;

/// A future that a task runs beside its root.
pub(super) type Spawned = Pin<Box<dyn Future<Output = ()>>>;

/// The part of a task that outlives its polls: its waitable set, who is a
/// member, whether it sleeps, and what was spawned.
///
/// # Rules
///
/// 1. Everything but `sleep` is touched only on the thread of the instance.
///    The type claims `Send` and `Sync` because wakers must; see
///    [`wake`](super::wake).
/// 2. The set exists from the first join or the first sleep on, until
///    [`close`](Home::close).
pub(crate) struct Home {
    /// For the futures of a `block_on`: the component-model task in whose code
    /// they run. For the host it is that task which starts their operations.
    around: Option<Arc<Home>>,
    /// It is that of an async export, whose component-model task goes on until all of
    /// its futures are done.
    is_task: bool,
    /// Whether its component-model task is known to be one that may block.
    may_block: Cell<bool>,
    /// What is in the slot of its component-model task, if that is known.
    mark: Cell<*mut u8>,
    /// Whether a wake has to make the host call us.
    pub(super) sleep: Sleep,
    /// Makes the host call us; made at the first wake that needs it.
    pub(super) bell: Cell<Option<Bell>>,
    set: Cell<Option<Set>>,
    /// Our waitables that are joined to the set.
    pub(super) members: Members,
    /// How many members somebody waits for.
    pub(super) awaited: Cell<usize>,
    spawned: RefCell<Vec<Spawned>>,
    /// What passes on what readers keep that were handed away.
    pub(super) background: Background,
    /// Operations that wait for the allowance of a turn.
    pub(super) line: Line,
    /// All futures of the task are done; it waits for what is awaited still.
    draining: Cell<bool>,
    closed: Cell<bool>,
    /// Where it is in the list of tasks that take in what belongs to none.
    pub(super) place: Cell<Option<usize>>,
    /// What it started, went to another set, and is awaited by nobody. Handles may be
    /// those of something else by now.
    armed: RefCell<Vec<Waitable>>,
    /// Whether the caller has cancelled it, and who wants to know.
    pub(crate) request: Request,
}

// SAFETY: rule 1. Without threads there is nothing to share; natively `wake`
// checks the thread before it touches anything but the atomic.
unsafe impl Send for Home {}
// SAFETY: as for `Send`.
unsafe impl Sync for Home {}

impl Home {
    /// The home of an async export.
    pub(crate) fn new() -> Home {
        Home {
            is_task: true,
            may_block: Cell::new(true),
            ..Home::of_no_task()
        }
    }

    /// The home of operations that belong to no task.
    pub(super) const fn of_no_task() -> Home {
        Home {
            around: None,
            is_task: false,
            may_block: Cell::new(false),
            mark: Cell::new(ptr::null_mut()),
            sleep: Sleep::new(),
            bell: Cell::new(None),
            set: Cell::new(None),
            members: Members::new(),
            awaited: Cell::new(0),
            spawned: RefCell::new(Vec::new()),
            background: Background::new(),
            line: Line::new(),
            draining: Cell::new(false),
            closed: Cell::new(false),
            place: Cell::new(None),
            armed: RefCell::new(Vec::new()),
            request: Request::new(),
        }
    }

    /// The home of futures that run in the middle of the code that is running.
    pub(crate) fn nested() -> Home {
        match with_own_home(|home| Arc::clone(Home::component_task(home))) {
            Ok(around) => Home {
                around: Some(around),
                ..Home::of_no_task()
            },
            // In a task of other bindings this is taken for granted.
            Err(task) => Home {
                may_block: Cell::new(!task.is_null()),
                ..Home::of_no_task()
            },
        }
    }

    /// Whether the task is known to be one that may block.
    pub(crate) fn may_block(&self) -> bool {
        self.may_block.get()
            || self
                .around
                .as_ref()
                .is_some_and(|around| around.may_block())
    }

    /// Notes that it has blocked, which the host allows only to some.
    pub(crate) fn has_blocked(&self) {
        let task = self.around.as_deref().unwrap_or(self);
        if task.may_block.replace(true) {
            return;
        }
        // From now on it matters whether code is that of this task.
        if sys::task_state_get().is_null() {
            let mark = ptr::from_ref(task).cast_mut().cast();
            sys::task_state_set(mark);
            task.mark.set(mark);
        }
    }

    /// Notes what is in the slot of its component-model task.
    pub(crate) fn is_known_by(&self, mark: *mut u8) {
        self.mark.set(mark);
    }

    /// Whether the code that is running is that of its component-model task. While
    /// one is blocked in something that is not ours, such as an import that is lowered
    /// synchronously, the host may run a synchronous export or a destructor of the
    /// instance, which find in the cell what that task has left there. The slot is
    /// that of the task that is running (canonical ABI, "context.get").
    pub(super) fn is_running(&self) -> bool {
        let mark = self.around.as_deref().unwrap_or(self).mark.get();
        mark.is_null() || sys::task_state_get() == mark
    }

    /// What ran in the middle of synchronous code ends: the slot is as it was.
    pub(crate) fn leaves_synchronous_code(&self) {
        if !self.mark.replace(ptr::null_mut()).is_null() {
            sys::task_state_set(ptr::null_mut());
        }
    }

    /// The home of the component-model task to which `home` belongs, as far as
    /// it is one of ours.
    pub(super) fn component_task(home: &Arc<Home>) -> &Arc<Home> {
        home.around.as_ref().unwrap_or(home)
    }

    /// For the futures of a `block_on`: see the field.
    pub(super) fn around(&self) -> Option<&Arc<Home>> {
        self.around.as_ref()
    }

    /// Whether it is that of an async export, which is not over.
    pub(crate) fn is_open_task(&self) -> bool {
        self.is_task && !self.closed.get()
    }

    /// The set, made when there is none.
    pub(crate) fn set(&self) -> Set {
        self.set.get().unwrap_or_else(|| {
            let set = sys::waitable_set_new();
            count(Gauge::Sets);
            self.set.set(Some(set));
            set
        })
    }

    /// The set, if there is one.
    pub(crate) fn existing_set(&self) -> Option<Set> {
        self.set.get()
    }

    /// Whether an event is to come that somebody waits for.
    pub(crate) fn is_awaited(&self) -> bool {
        self.awaited.get() > 0
    }

    /// How many events are to come that somebody waits for.
    pub(crate) fn awaited_events(&self) -> usize {
        self.awaited.get()
    }

    /// Notes whether all futures of the task are done.
    pub(crate) fn set_draining(&self, draining: bool) {
        self.draining.set(draining);
    }

    /// A waitable is about to leave the set. If the task sleeps, it is another
    /// one that takes it away, and the host may be about to deliver its event to
    /// this one: hosts (wasmtime 48) trap when they find none then. So this one
    /// gets another event. It may also have stayed only for that waitable.
    pub(super) fn loses_member(&self) {
        self.rouse();
    }

    /// An operation that this task started is over, in another one. If the task
    /// stayed only for that, it has to be told that it may go.
    pub(super) fn released(&self) {
        if self.draining.get() && !self.is_awaited() {
            self.rouse();
        }
    }

    /// What this task started goes on in another set, and nobody awaits it any more.
    pub(super) fn leaves_armed(&self, waitable: Waitable) {
        let mut armed = self.armed.borrow_mut();
        if !armed.contains(&waitable) {
            armed.push(waitable);
        }
    }

    /// One of those, if it is still like that.
    pub(super) fn left_armed(
        self: &Arc<Home>,
        is_left: impl Fn(Waitable, &Arc<Home>) -> bool,
    ) -> Option<Waitable> {
        let mut armed = self.armed.borrow_mut();
        armed.retain(|waitable| is_left(*waitable, self));
        armed.last().copied()
    }

    /// Queues a future for this task.
    pub(crate) fn spawn(&self, future: Spawned) {
        if self.closed.get() {
            // The task ended and nobody will poll again; the future ends too.
            return drop(future);
        }
        self.spawned.borrow_mut().push(future);
        // While the task is polled it looks at the queue by itself.
        self.rouse();
    }

    /// Whether something was queued since the last call.
    pub(crate) fn has_spawned(&self) -> bool {
        !self.spawned.borrow().is_empty()
    }

    /// What was queued since the last call.
    pub(crate) fn take_spawned(&self) -> Vec<Spawned> {
        mem::take(&mut *self.spawned.borrow_mut())
    }

    /// The room of what was [taken](Self::take_spawned), for what comes next.
    pub(crate) fn gives_room(&self, room: Vec<Spawned>) {
        debug_assert!(room.is_empty());
        let mut spawned = self.spawned.borrow_mut();
        if spawned.capacity() == 0 && room.capacity() <= ROOM_KEPT {
            *spawned = room;
        }
    }

    /// Takes all members out and drops the set. The task is over.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        super::orphans::takes_in_no_more(self);
        self.drop_set();
        drop(self.take_spawned());
    }

    /// Takes all members out and drops the set.
    pub(super) fn drop_set(&self) {
        self.silence();
        super::seats::detach_all(self);
        if let Some(set) = self.set.take() {
            sys::waitable_set_drop(set);
            uncount(Gauge::Sets);
        }
    }
}
