//! Calls of async exports: held back, admitted, run turn by turn, cancelled.

use super::{World, world};
use crate::host::{Code, Context, Task, fault};
use crate::sim::calls::{Caller, Message};
use crate::sim::program;
use crate::sim::seen::Seen;
use futures::future::{Either, select};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::{Rc, Weak};
use wit_async::rt::async_support::TaskCancelOnDrop;
use wit_async::{CancelRequest, yield_async};

/// How many operations one turn of a task completes at most.
const PER_TURN: u32 = 128;

/// One call of an export.
pub(super) struct Export {
    pub(super) instance: usize,
    pub(super) context: Rc<Context>,
    pub(super) caller: Caller,
    /// Nothing while it is held back.
    pub(super) task: RefCell<Option<Task>>,
    pub(super) cancel: Cell<Cancel>,
    /// Whether it observes whether it is cancelled,
    observes: Cell<bool>,
    /// and has heard that it is.
    heard: Cell<bool>,
    /// Whether it was.
    held_back: Cell<bool>,
    /// Held by its programs.
    presence: RefCell<Weak<()>>,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Cancel {
    None,
    Requested,
    Delivered,
}

impl Export {
    /// Whether it acts on a cancel request in the callback that brings it: it ends, or hears
    /// of it if it wants to.
    pub(super) fn has_acted_on_cancel(&self) -> bool {
        self.context.is_resolved() || self.observes.get() && self.heard.get()
    }

    /// Runs `body` as one that observes whether it is cancelled, and then comes to an end as
    /// it likes.
    async fn in_its_own_time(&self, world: &World, body: impl Future<Output = Message>) -> Message {
        let mut body = pin!(body);
        let mut request = CancelRequest::observe();
        self.observes.set(true);
        {
            let requested = pin!(request.requested());
            if let Either::Right((answer, _)) = select(requested, body.as_mut()).await {
                self.observes.set(false);
                return answer;
            }
        }
        assert!(request.is_requested() && self.cancel.get() == Cancel::Delivered);
        self.heard.set(true);
        match world.pick(3) {
            0 => match request.accept().await {},
            1 => yield_async().await,
            _ => {
                world.see(Seen::CancelOutlived);
                return body.await;
            }
        }
        world.see(Seen::CancelOutlived);
        Message::default()
    }

    /// Whether it has begun, and its programs are not done.
    pub(super) fn has_programs(&self) -> bool {
        self.task.borrow().is_some() && self.presence.borrow().strong_count() > 0
    }
}

impl World {
    pub(super) fn export(&self, index: usize) -> Rc<Export> {
        Rc::clone(&self.tasks.borrow()[index])
    }

    /// A call of an async export: it starts now, or is held back.
    pub fn enter(&self, instance: usize, caller: Caller) {
        let export = Rc::new(Export {
            instance,
            context: Context::new(false),
            caller,
            task: RefCell::new(None),
            cancel: Cell::new(Cancel::None),
            observes: Cell::new(false),
            heard: Cell::new(false),
            held_back: Cell::new(false),
            presence: RefCell::default(),
        });
        self.tasks.borrow_mut().push(export);
        let index = self.tasks.borrow().len() - 1;
        match (self.host(instance).is_on_stack(), self.is_admitted(index)) {
            (false, true) => return self.admit(index),
            (true, _) => self.see(Seen::Locked),
            (false, false) => self.see(Seen::HeldBack),
        }
        self.export(index).held_back.set(true);
    }

    pub(super) fn admit(&self, index: usize) {
        let export = self.export(index);
        if let Caller::Guest(served) = &export.caller
            && served.call().is_resolved()
        {
            // Cancelled before it started.
            self.see(Seen::CancelBeforeStart);
            self.tasks.borrow_mut().remove(index);
            return;
        }
        if export.held_back.get() {
            self.see(Seen::Admitted);
        }
        let host = self.host(export.instance);
        let letter = match &export.caller {
            Caller::Host => self.host_letter(),
            Caller::Guest(served) => served.start(),
        };
        let returns = Returns {
            export: Rc::clone(&export),
        };
        let world = self.this.upgrade().expect("it is running");
        let instance = export.instance;
        let presence = Rc::default();
        export.presence.replace(Rc::downgrade(&presence));
        let root = async move {
            let guard = TaskCancelOnDrop::new();
            let message = Message::arrived(letter);
            let body = program::export(Rc::clone(&world), instance, presence, message);
            let body = program::Contained::new(Rc::clone(&world), body);
            let answer = match world.scenario().small().is_none() && world.pick(4) == 1 {
                true => returns.export.in_its_own_time(&world, body).await,
                false => body.await,
            };
            guard.forget();
            returns.task_return(answer);
        };
        let context = Rc::clone(&export.context);
        self.catch(|| {
            let task = host.start_in(context, root);
            export.task.replace(Some(task));
        });
        let tasks = self.tasks.borrow();
        let underway = |other: &&Rc<Export>| {
            other.instance == instance
                && other
                    .task
                    .borrow()
                    .as_ref()
                    .is_some_and(|task| !task.has_exited())
        };
        if tasks.iter().filter(underway).nth(1).is_some() {
            self.see(Seen::Tasks);
        }
        drop(tasks);
        self.after_turn(&export);
    }

    pub(super) fn turn(&self, export: &Rc<Export>, f: impl FnOnce(&Task)) {
        // Taken out: the turn may look at all tasks.
        let Some(task) = export.task.take() else {
            return;
        };
        self.catch(|| f(&task));
        export.task.replace(Some(task));
        self.after_turn(export);
    }

    fn after_turn(&self, export: &Rc<Export>) {
        if self.has_failed() {
            return;
        }
        let most = self.host(export.instance).most_in_a_turn();
        if most > PER_TURN && !fault::has_lost_a_wake() {
            self.fail(format!("{most} operations completed in one turn"));
        }
        let exited = export.task.borrow().as_ref().is_some_and(Task::has_exited);
        if export.context.is_resolved()
            && let Caller::Guest(served) = &export.caller
            && !served.call().is_resolved()
        {
            served.confirm_cancel();
        }
        if exited {
            if !export.context.is_resolved() {
                self.fail("trap: a task exited that has not returned (canonical ABI, EXIT)".into());
            }
            let mut tasks = self.tasks.borrow_mut();
            tasks.retain(|other| !Rc::ptr_eq(other, export));
        }
    }

    /// A task whose programs are done stays only for what it started, or what it was
    /// left with, and goes as soon as that is over.
    pub(super) fn check_stays(&self) {
        // What is over and left to others is looked at when one takes it; and
        // what was forgotten, never.
        if self.leaks.have_begun() || self.has_failed() {
            return;
        }
        for export in self.tasks.borrow().iter() {
            if export.presence.borrow().strong_count() > 0 {
                continue;
            }
            let task = export.task.borrow();
            let Some(Code::Wait(set)) = task.as_ref().map(Task::code) else {
                continue;
            };
            let host = self.host(export.instance);
            if !host.is_on_stack()
                && !program::has_jobs(export.instance)
                && !host.has_ready_member(set)
                && !host.concerns(&export.context, set)
                && !host.may_wait_inside()
            {
                self.fail("a task stays, and nothing goes on that it could wait for".to_owned());
            }
        }
    }

    /// Callers that want their callee to stop, see to it.
    pub(super) fn pass_on_cancels(&self) {
        for export in self.tasks.borrow().iter() {
            if let Caller::Guest(served) = &export.caller
                && served.call().is_cancel_requested()
                && export.cancel.get() == Cancel::None
            {
                export.cancel.set(Cancel::Requested);
                let waits = export.task.borrow().as_ref().is_some_and(Task::is_waiting);
                if !waits || self.host(export.instance).is_on_stack() {
                    self.see(Seen::CancelPending);
                }
            }
        }
    }
}

/// `task.return` of an export.
struct Returns {
    export: Rc<Export>,
}

impl Returns {
    fn task_return(self, answer: Message) {
        let letter = answer.leave();
        crate::host::trap::guarded(|| {
            self.export.context.returned();
            match &self.export.caller {
                Caller::Host => world().host_takes(letter),
                Caller::Guest(served) => served.resolve(letter),
            }
        });
    }
}
