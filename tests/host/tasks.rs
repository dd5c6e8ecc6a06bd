//! Component-model tasks of the guest (canonical-abi.md §1.4, §4.4).

use super::table::Event;
use super::{Host, enter, trap};
use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use wit_async::rt::async_support::{callback, start_task};

/// What a task returned to the host.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Code {
    Exit,
    Yield,
    Wait(u32),
}

impl Code {
    fn decode(code: u32) -> Code {
        match (code & 0xf, code >> 4) {
            (0, _) => Code::Exit,
            (1, _) => Code::Yield,
            (2, set) => Code::Wait(set),
            _ => trap("callback: the code is at most 2", format_args!("{code:#x}")),
        }
    }
}

/// What the host keeps of a task.
pub(super) struct Context {
    /// The context slot.
    pub slot: Cell<*mut u8>,
    cancel_delivered: Cell<bool>,
    resolved: Cell<bool>,
}

impl Context {
    fn new() -> Rc<Context> {
        Rc::new(Context {
            slot: Cell::new(std::ptr::null_mut()),
            cancel_delivered: Cell::new(false),
            resolved: Cell::new(false),
        })
    }

    /// `task.cancel`
    pub fn cancelled(&self) {
        if !self.cancel_delivered.get() || self.resolved.replace(true) {
            trap(
                "task.cancel: CANCEL_DELIVERED",
                format_args!("no cancel was delivered, or the task has resolved"),
            );
        }
    }
}

/// An async export that was called.
pub struct Task {
    host: Rc<Host>,
    context: Rc<Context>,
    code: Cell<Code>,
}

impl Host {
    /// Calls an async export whose body is `root`. It starts at once.
    pub fn start(self: &Rc<Self>, root: impl Future<Output = ()> + 'static) -> Task {
        let context = Context::new();
        let code = self.run(&context, || start_task(root).cast_unsigned());
        let task = Task {
            host: Rc::clone(self),
            context,
            code: Cell::new(Code::Exit),
        };
        task.returned(code);
        task
    }

    fn run(&self, context: &Rc<Context>, f: impl FnOnce() -> u32) -> u32 {
        struct Leave<'a>(&'a Host);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.running.borrow_mut().pop();
            }
        }
        {
            let _host = enter();
            self.running.borrow_mut().push(Rc::clone(context));
        }
        let _leave = Leave(self);
        f()
    }
}

impl Task {
    /// What the task said last.
    pub fn code(&self) -> Code {
        self.code.get()
    }

    /// Whether the task waits for an event.
    pub fn is_waiting(&self) -> bool {
        matches!(self.code.get(), Code::Wait(_))
    }

    pub fn has_exited(&self) -> bool {
        self.code.get() == Code::Exit
    }

    /// Delivers what the task waits for: an event, or after a yield nothing. False
    /// when there is nothing for it.
    pub fn step(&self) -> bool {
        let event = match self.code.get() {
            Code::Exit => return false,
            Code::Yield => Event(0, 0, 0),
            Code::Wait(set) => {
                let _host = enter();
                match self.host.next_event(set) {
                    Some(event) => event,
                    None => return false,
                }
            }
        };
        self.deliver(event);
        true
    }

    /// Steps until there is nothing for the task.
    pub fn settle(&self) -> Code {
        while self.step() {}
        self.code()
    }

    /// The caller asks the task to stop.
    pub fn cancel(&self) -> Code {
        assert!(
            !self.context.cancel_delivered.replace(true) && !self.context.resolved.get(),
            "a task is asked once, before it has resolved"
        );
        self.deliver(Event(6, 0, 0));
        self.code()
    }

    /// An event that nobody asked for.
    pub fn deliver_raw(&self, code: u32, handle: u32, payload: u32) -> Code {
        self.deliver(Event(code, handle, payload));
        self.code()
    }

    fn deliver(&self, Event(code, p1, p2): Event) {
        if let Code::Wait(set) = self.code.get() {
            let _host = enter();
            self.host.table.borrow_mut().set(set).waiters -= 1;
        }
        // SAFETY: the task returned another code than EXIT the last time.
        let code = self
            .host
            .run(&self.context, || unsafe { callback(code, p1, p2) });
        self.returned(code);
    }

    fn returned(&self, code: u32) {
        let _host = enter();
        let code = Code::decode(code);
        self.code.set(code);
        match code {
            Code::Wait(set) => self.host.table.borrow_mut().set(set).waiters += 1,
            Code::Exit => assert!(
                self.context.slot.get().is_null(),
                "the task exited and left a pointer in its slot"
            ),
            Code::Yield => {}
        }
    }
}
