//! The built-ins by name, as guest code without a runtime calls them.

use crate::host::imports::{Call, OnCancel};
use crate::host::{Context, Host, Peer, Side, Type};
use std::ptr;
use std::rc::Rc;
use wit_async::native::Host as _;

/// One of the four kinds of ends.
#[derive(Copy, Clone)]
pub struct Kind {
    pub is_future: bool,
    pub side: Side,
}

pub const KINDS: [Kind; 4] = [
    Kind::new(false, Side::Readable),
    Kind::new(false, Side::Writable),
    Kind::new(true, Side::Readable),
    Kind::new(true, Side::Writable),
];

impl Kind {
    pub const fn new(is_future: bool, side: Side) -> Kind {
        Kind { is_future, side }
    }

    fn name(self) -> &'static str {
        if self.is_future { "future" } else { "stream" }
    }

    /// The end on the other side.
    pub fn other(self) -> Kind {
        Kind::new(self.is_future, self.side.other())
    }

    /// `stream.read` and the like.
    pub fn copies(self) -> String {
        format!("{}.{}", self.name(), self.side.verb())
    }

    /// `stream.cancel-read` and the like.
    pub fn cancels(self) -> String {
        format!("{}.cancel-{}", self.name(), self.side.verb())
    }

    /// `stream.drop-readable` and the like.
    pub fn drops(self) -> String {
        let end = match self.side {
            Side::Readable => "readable",
            Side::Writable => "writable",
        };
        format!("{}.drop-{end}", self.name())
    }

    /// Its handle, where the channel is all that there is.
    pub fn index(self) -> u32 {
        match self.side {
            Side::Readable => 1,
            Side::Writable => 2,
        }
    }

    /// Both ends in this instance: this one, and the other one.
    pub fn pair(self, host: &Host, ty: Type) -> (u32, u32) {
        let ends = host.new_channel(self.is_future, ty);
        let (readable, writable) = (ends as u32, (ends >> 32) as u32);
        match self.side {
            Side::Readable => (readable, writable),
            Side::Writable => (writable, readable),
        }
    }

    /// Starts a copy of a word, the other end of which is the host's, and cancels
    /// it, which takes the host a while.
    pub fn cancel_slowly(
        self,
        host: &Rc<Host>,
        context: &Rc<Context>,
        meanwhile: impl FnOnce(&Host) + 'static,
    ) {
        let mut memory = 0_u32;
        let (end, _peer) = self.facing_host(host);
        host.run(context, || {
            self.copy_at(host, Type::Word, end, (&raw mut memory).cast());
            while_blocked(host, meanwhile);
            host.cancel_copy_of(self.is_future, Type::Word, self.side, end);
        });
    }

    /// An end of words whose other end is the host's.
    pub fn facing_host(self, host: &Host) -> (u32, Peer<u32>) {
        match (self.side, self.is_future) {
            (Side::Readable, false) => {
                let (reader, peer) = host.incoming_stream();
                (reader.take_handle(), peer)
            }
            (Side::Readable, true) => {
                let (reader, peer) = host.incoming_future();
                (reader.take_handle(), peer)
            }
            (Side::Writable, is_future) => {
                let (writable, readable) = self.pair(host, Type::Word);
                (writable, host.lift_readable(readable, is_future))
            }
        }
    }

    /// A copy of one unit.
    pub fn copy(self, host: &Host, end: u32) -> u32 {
        self.copy_at(host, Type::Unit, end, ptr::null_mut())
    }

    /// A copy of one item.
    pub fn copy_at(self, host: &Host, ty: Type, end: u32, at: *mut u8) -> u32 {
        host.copy(self.is_future, ty, self.side, end, at, 1)
    }

    pub fn cancel(self, host: &Host, end: u32) -> u32 {
        host.cancel_copy_of(self.is_future, Type::Unit, self.side, end)
    }

    pub fn drop_end(self, host: &Host, end: u32) {
        host.drop_end_of(self.is_future, Type::Unit, self.side, end);
    }
}

/// Calls an import that is about to start.
pub fn import(host: &Host, on_cancel: OnCancel) -> (u32, Rc<Call>) {
    let (params, results) = (ptr::null(), ptr::null_mut());
    let bodies = [Box::new(|_, _| {}) as _, Box::new(|_, _| {}) as _];
    let call = Call::new(host, params, results, on_cancel, bodies);
    (call.answer(host) >> 4, call)
}

/// Runs `f` in an asynchronous task.
pub fn in_task(host: &Rc<Host>, f: impl FnOnce()) {
    host.run(&Context::new(false), f);
}

/// Runs `f` in a synchronous task while the instance is blocked the next time.
pub fn while_blocked(host: &Rc<Host>, f: impl FnOnce(&Host) + 'static) {
    let this = Rc::clone(host);
    host.when_blocked(move || this.call_sync(|| f(&this)));
}

/// Calls a built-in or lifts a handle. `index` is the one that it takes, if it
/// takes one; units are copied; what joins a set is handle 1.
pub fn call(host: &Rc<Host>, built_in: &str, index: u32) {
    for kind in KINDS {
        match built_in {
            _ if built_in == kind.copies() => drop(kind.copy(host, index)),
            _ if built_in == kind.cancels() => drop(kind.cancel(host, index)),
            _ if built_in == kind.drops() => kind.drop_end(host, index),
            _ => continue,
        }
        return;
    }
    match built_in {
        "stream.new" => drop(host.new_channel(false, Type::Unit)),
        "future.new" => drop(host.new_channel(true, Type::Unit)),
        "waitable-set.new" => drop(host.waitable_set_new()),
        "waitable-set.wait" => drop(host.waitable_set_wait(index, &mut [0; 2])),
        "waitable-set.poll" => drop(host.waitable_set_poll(index, &mut [0; 2])),
        "waitable-set.drop" => host.waitable_set_drop(index),
        "waitable.join" => host.waitable_join(index, 0),
        "waitable.join to a set" => host.waitable_join(1, index),
        "subtask.cancel" => drop(host.subtask_cancel(index)),
        "subtask.drop" => host.subtask_drop(index),
        "call of an import" => drop(import(host, OnCancel::Confirm)),
        "thread.yield" => drop(host.thread_yield()),
        "task.return" => {
            let context = Context::new(false);
            host.run(&context, || context.returned());
        }
        "task.cancel" => in_task(host, || host.task_cancel()),
        "error-context.new" => drop(host.error_context_new("text")),
        "error-context.debug-message" => drop(host.error_context_debug_message(index)),
        "error-context.drop" => host.error_context_drop(index),
        "resource.drop" => host.drop_token(index),
        "lift of a stream" => drop(host.lift_readable::<()>(index, false)),
        "lift of a future" => drop(host.lift_readable::<()>(index, true)),
        "lift of an own" => drop(host.table().borrow_mut().take_resource(index)),
        "lift of a borrow" => drop(host.lend(index)),
        "WAIT" => drop(host.start_entry(Context::new(false), || index << 4 | 2)),
        _ => panic!("no built-in is called {built_in:?}"),
    }
}
