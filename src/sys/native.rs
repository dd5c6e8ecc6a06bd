//! The built-ins off wasm: passed on to a host in the same process.
//!
//! Bindings can be type-checked and unit-tested natively, where there is no
//! host to import from. A test installs its own [`Host`] for the current
//! thread; without one every built-in panics with a message that says so.

use super::EventPayload;

#[cfg(feature = "std")]
pub use installed::{Entered, Installed, Instance, install};

/// What a native host implements: the built-ins that are not in a vtable, with
/// the signatures of the canonical ABI.
#[allow(missing_docs, reason = "each function is the built-in of its name")]
pub trait Host {
    fn waitable_set_new(&self) -> u32;
    fn waitable_set_drop(&self, set: u32);
    fn waitable_join(&self, waitable: u32, set: u32);
    fn waitable_set_wait(&self, set: u32, payload: &mut [u32; 2]) -> u32;
    fn waitable_set_poll(&self, set: u32, payload: &mut [u32; 2]) -> u32;
    fn subtask_cancel(&self, subtask: u32) -> u32;
    fn subtask_cancel_async(&self, subtask: u32) -> u32;
    fn subtask_drop(&self, subtask: u32);
    fn thread_yield(&self) -> u32;
    fn backpressure_inc(&self);
    fn backpressure_dec(&self);
    fn task_cancel(&self);
    fn task_state_get(&self) -> *mut u8;
    fn task_state_set(&self, state: *mut u8);
    fn wasip3_task_set(&self, task: *mut u8) -> *mut u8;
    fn error_context_new(&self, message: &str) -> u32;
    /// The message; the caller gets a copy of it.
    fn error_context_debug_message(&self, handle: u32) -> alloc::string::String;
    fn error_context_drop(&self, handle: u32);
    fn unit_stream_new(&self) -> u64;
    fn unit_stream_read(&self, stream: u32, items: usize) -> u32;
    fn unit_stream_write(&self, stream: u32, items: usize) -> u32;
    fn unit_stream_cancel_read(&self, stream: u32) -> u32;
    fn unit_stream_cancel_write(&self, stream: u32) -> u32;
    fn unit_stream_drop_readable(&self, stream: u32);
    fn unit_stream_drop_writable(&self, stream: u32);
}

#[cfg(feature = "std")]
mod installed {
    use super::Host;
    use crate::instance;
    use alloc::rc::Rc;
    use core::cell::{Cell, RefCell};

    std::thread_local! {
        static HOST: RefCell<Option<Rc<dyn Host>>> = const { RefCell::new(None) };
    }

    /// Makes `host` answer the built-ins of this thread until the result is
    /// dropped, and the one before it again from then on.
    pub fn install(host: Rc<dyn Host>) -> Installed {
        Installed {
            before: HOST.with(|cell| cell.replace(Some(host))),
        }
    }

    /// A component instance of its own, for tests in which several talk to each
    /// other on one thread. Its state is apart from that of every other one.
    pub struct Instance {
        host: Rc<dyn Host>,
        state: Rc<instance::Instance>,
    }

    impl Instance {
        /// A new instance, whose built-ins `host` answers.
        pub fn new(host: Rc<dyn Host>) -> Instance {
            Instance {
                host,
                state: instance::separate(),
            }
        }

        /// Makes this the instance that code of this thread runs in, until the
        /// result is dropped. May be nested, as calls between instances are.
        pub fn enter(&self) -> Entered {
            Entered {
                state: instance::replace(Some(Rc::clone(&self.state))),
                _host: install(Rc::clone(&self.host)),
            }
        }
    }

    /// Keeps an [`Instance`] entered.
    pub struct Entered {
        /// The one before.
        state: Option<Rc<instance::Instance>>,
        _host: Installed,
    }

    impl Drop for Entered {
        fn drop(&mut self) {
            instance::replace(self.state.take());
        }
    }

    /// Keeps a [`Host`] installed.
    pub struct Installed {
        before: Option<Rc<dyn Host>>,
    }

    impl Drop for Installed {
        fn drop(&mut self) {
            let before = self.before.take();
            // A thread that ends has destroyed the cell already.
            let _ = HOST.try_with(|cell| cell.replace(before));
        }
    }

    pub(super) fn task_cell(task: *mut u8) -> *mut u8 {
        std::thread_local! {
            static CELL: Cell<*mut u8> = const { Cell::new(core::ptr::null_mut()) };
        }
        match HOST.with(|cell| cell.borrow().clone()) {
            Some(host) => host.wasip3_task_set(task),
            None => CELL.replace(task),
        }
    }

    pub(super) fn host(call: &str) -> Rc<dyn Host> {
        HOST.with(|cell| cell.borrow().clone()).unwrap_or_else(|| {
            panic!("`{call}` was called outside of a component, and no host is installed")
        })
    }
}

#[cfg(not(feature = "std"))]
mod installed {
    use super::Host;
    use alloc::rc::Rc;

    pub(super) fn task_cell(_: *mut u8) -> *mut u8 {
        core::ptr::null_mut()
    }

    pub(super) fn host(call: &str) -> Rc<dyn Host> {
        panic!("`{call}` was called outside of a component: a native host needs the `std` feature")
    }
}

macro_rules! forward {
    ($($name:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)?;)*) => {
        $(
            pub(super) fn $name($($arg: $ty),*) $(-> $ret)? {
                installed::host(stringify!($name)).$name($($arg),*)
            }
        )*
    };
}

forward! {
    waitable_set_new() -> u32;
    waitable_set_drop(set: u32);
    waitable_join(waitable: u32, set: u32);
    subtask_cancel(subtask: u32) -> u32;
    subtask_cancel_async(subtask: u32) -> u32;
    subtask_drop(subtask: u32);
    thread_yield() -> u32;
    backpressure_inc();
    backpressure_dec();
    task_cancel();
    task_state_get() -> *mut u8;
    task_state_set(state: *mut u8);
    error_context_drop(handle: u32);
    unit_stream_new() -> u64;
    unit_stream_read(stream: u32, items: usize) -> u32;
    unit_stream_write(stream: u32, items: usize) -> u32;
    unit_stream_cancel_read(stream: u32) -> u32;
    unit_stream_cancel_write(stream: u32) -> u32;
    unit_stream_drop_readable(stream: u32);
    unit_stream_drop_writable(stream: u32);
}

/// Not a built-in but a cell that is linked in: it is there without a host.
pub(super) fn wasip3_task_set(task: *mut u8) -> *mut u8 {
    installed::task_cell(task)
}

pub(super) fn waitable_set_wait(set: u32, payload: &mut EventPayload) -> u32 {
    installed::host("waitable_set_wait").waitable_set_wait(set, &mut payload.0)
}

pub(super) fn waitable_set_poll(set: u32, payload: &mut EventPayload) -> u32 {
    installed::host("waitable_set_poll").waitable_set_poll(set, &mut payload.0)
}

pub(super) unsafe fn error_context_new(message: *const u8, length: usize) -> u32 {
    // SAFETY: the caller passes a string.
    let message =
        unsafe { core::str::from_utf8_unchecked(core::slice::from_raw_parts(message, length)) };
    installed::host("error_context_new").error_context_new(message)
}

pub(super) unsafe fn error_context_debug_message(handle: u32, ret: *mut super::Text) {
    let message = installed::host("error_context_debug_message")
        .error_context_debug_message(handle)
        .into_bytes()
        .into_boxed_slice();
    let length = message.len();
    let pointer = alloc::boxed::Box::into_raw(message).cast::<u8>();
    // SAFETY: the caller passes memory for a pointer and a length.
    unsafe { ret.write(super::Text { pointer, length }) }
}
