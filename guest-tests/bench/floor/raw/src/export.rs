//! An async export that is a state machine.

use core::cell::UnsafeCell;

use crate::Event;

/// How a task goes on.
#[derive(Debug)]
pub enum Step<T> {
    /// When one of its set has an event.
    Wait,
    /// When others had their turn.
    Yield,
    /// It has this to return, and ends.
    Done(T),
    /// It has returned, and ends.
    Exit,
}

/// A task.
pub trait Machine {
    /// What it returns.
    type Result;

    /// Goes on as far as it can.
    fn go_on(&mut self, event: Event) -> Step<Self::Result>;

    /// The set that it waits on.
    fn set(&self) -> u32 {
        crate::set()
    }
}

/// Where the task of an export lies. There is one at a time: a second call of the same
/// export that comes while the first waits takes its place. No runner does that.
#[derive(Debug)]
pub struct Place<M>(UnsafeCell<Option<M>>);

// SAFETY: A component has one thread.
unsafe impl<M> Sync for Place<M> {}

impl<M: Machine> Default for Place<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Machine> Place<M> {
    /// With no task.
    pub const fn new() -> Place<M> {
        Place(UnsafeCell::new(None))
    }

    /// Begins a task. Returns what an export returns.
    ///
    /// # Safety
    ///
    /// The task is the host's to call: this is not called from within `go_on`.
    pub unsafe fn begin(&self, machine: M, done: impl FnOnce(M::Result)) -> u32 {
        // SAFETY: There is one thread, and nobody is in `go_on`, says the caller.
        let place = unsafe { &mut *self.0.get() };
        resume(place.insert(machine), Event::NONE, done)
    }

    /// Continues it. Returns what a callback returns.
    ///
    /// # Safety
    ///
    /// As [`Place::begin`].
    pub unsafe fn go_on(&self, event: Event, done: impl FnOnce(M::Result)) -> u32 {
        // SAFETY: There is one thread, and nobody is in `go_on`, says the caller.
        let place = unsafe { &mut *self.0.get() };
        match place {
            Some(machine) => resume(machine, event, done),
            None => unreachable!("an event for a task that has not begun"),
        }
    }
}

/// Goes on with a task, wherever it lies. Returns what an export and a callback return.
pub fn resume<M: Machine>(machine: &mut M, event: Event, done: impl FnOnce(M::Result)) -> u32 {
    const EXIT: u32 = 0;
    const YIELD: u32 = 1;
    const WAIT: u32 = 2;
    match machine.go_on(event) {
        Step::Wait => WAIT | machine.set() << 4,
        Step::Yield => YIELD,
        Step::Done(result) => {
            done(result);
            EXIT
        }
        Step::Exit => EXIT,
    }
}

/// An async export whose task is a machine.
#[macro_export]
macro_rules! export {
    ($interface:ident, $($rest:tt)*) => {
        $crate::interface! { $interface, export $($rest)* }
    };
    (
        @ $module:literal, $interface:literal, $name:literal,
        ($($arg:ident: $type:ty),*) -> $result:ty, $machine:ty => $start:expr
    ) => {
        const _: () = {
            static PLACE: $crate::Place<$machine> = $crate::Place::new();

            #[link(wasm_import_module = $module)]
            unsafe extern "C" {
                #[link_name = concat!("[task-return]", $name)]
                fn task_return(result: $result);
            }

            fn done(result: $result) {
                // SAFETY: This is what the task returns, and it returns once.
                unsafe { task_return(result) }
            }

            #[unsafe(export_name = concat!("[async-lift]", $interface, "#", $name))]
            extern "C" fn start($($arg: $type),*) -> u32 {
                // SAFETY: The host calls this.
                unsafe { PLACE.begin($start, done) }
            }

            #[unsafe(export_name = concat!("[callback][async-lift]", $interface, "#", $name))]
            extern "C" fn callback(kind: u32, handle: u32, code: u32) -> u32 {
                let event = $crate::Event { kind, handle, code };
                // SAFETY: The host calls this.
                unsafe { PLACE.go_on(event, done) }
            }
        };
    };
}

/// An async export that returns at once.
#[macro_export]
macro_rules! export_at_once {
    ($interface:ident, $($rest:tt)*) => {
        $crate::interface! { $interface, export_at_once $($rest)* }
    };
    (
        @ $module:literal, $interface:literal, $name:literal,
        ($($arg:ident: $type:ty),*) -> ($($part:ident: $result:ty),*), $body:expr
    ) => {
        const _: () = {
            #[link(wasm_import_module = $module)]
            unsafe extern "C" {
                #[link_name = concat!("[task-return]", $name)]
                fn task_return($($part: $result),*);
            }

            #[unsafe(export_name = concat!("[async-lift]", $interface, "#", $name))]
            extern "C" fn start($($arg: $type),*) -> u32 {
                let ($($part,)*) = $body;
                // SAFETY: This is what the task returns, and it returns once.
                unsafe { task_return($($part),*) };
                0
            }

            #[unsafe(export_name = concat!("[callback][async-lift]", $interface, "#", $name))]
            extern "C" fn callback(_: u32, _: u32, _: u32) -> u32 {
                unreachable!("an event for a task that has ended")
            }
        };
    };
}

/// Passes the names of an interface on: `wasm_import_module` takes a literal only.
#[doc(hidden)]
#[macro_export]
macro_rules! interface {
    (calls, $macro:ident $($rest:tt)*) => {
        $crate::$macro! {
            @ "[export]test:bench/calls@0.1.0", "test:bench/calls@0.1.0", $($rest)*
        }
    };
    (streams, $macro:ident $($rest:tt)*) => {
        $crate::$macro! {
            @ "[export]test:bench/streams@0.1.0", "test:bench/streams@0.1.0", $($rest)*
        }
    };
    (items, $macro:ident $($rest:tt)*) => {
        $crate::$macro! {
            @ "[export]test:bench/items@0.1.0", "test:bench/items@0.1.0", $($rest)*
        }
    };
    (tasks, $macro:ident $($rest:tt)*) => {
        $crate::$macro! {
            @ "[export]test:bench/tasks@0.1.0", "test:bench/tasks@0.1.0", $($rest)*
        }
    };
    (pass, $macro:ident $($rest:tt)*) => {
        $crate::$macro! {
            @ "[export]test:bench/pass@0.1.0", "test:bench/pass@0.1.0", $($rest)*
        }
    };
    (peer, $macro:ident $($rest:tt)*) => {
        $crate::$macro! {
            @ "[export]test:bench/peer@0.1.0", "test:bench/peer@0.1.0", $($rest)*
        }
    };
}

/// The type of the component, as the build script wrote it.
#[macro_export]
macro_rules! world {
    () => {
        const _: () = {
            const BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/world"));

            #[used]
            #[unsafe(link_section = "component-type:bench")]
            static WORLD: [u8; BYTES.len()] = {
                let mut bytes = [0; BYTES.len()];
                bytes.copy_from_slice(BYTES);
                bytes
            };
        };
    };
}
