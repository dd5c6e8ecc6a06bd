//! The built-ins as imports of the component.

use super::EventPayload;

/// Declares imports and a safe function for each of them.
macro_rules! imports {
    ($($module:literal { $($link:literal => $name:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)?;)* })*) => {
        $($(
            pub(super) fn $name($($arg: $ty),*) $(-> $ret)? {
                #[link(wasm_import_module = $module)]
                unsafe extern "C" {
                    #[link_name = $link]
                    fn import($($arg: $ty),*) $(-> $ret)?;
                }
                // SAFETY: no memory of this instance is passed but a payload
                // borrowed for the call; wrong handles make the host trap.
                unsafe { import($($arg),*) }
            }
        )*)*
    };
}

imports! {
    "$root" {
        "[waitable-set-new]" => waitable_set_new() -> u32;
        "[waitable-set-drop]" => waitable_set_drop(set: u32);
        "[waitable-join]" => waitable_join(waitable: u32, set: u32);
        "[waitable-set-wait]" => waitable_set_wait(set: u32, payload: &mut EventPayload) -> u32;
        "[waitable-set-poll]" => waitable_set_poll(set: u32, payload: &mut EventPayload) -> u32;
        "[subtask-cancel]" => subtask_cancel(subtask: u32) -> u32;
        "[async-lower][subtask-cancel]" => subtask_cancel_async(subtask: u32) -> u32;
        "[subtask-drop]" => subtask_drop(subtask: u32);
        "[thread-yield]" => thread_yield() -> u32;
        "[backpressure-inc]" => backpressure_inc();
        "[backpressure-dec]" => backpressure_dec();
        "[error-context-drop]" => error_context_drop(handle: u32);
        "[stream-new-unit]" => unit_stream_new() -> u64;
        "[stream-cancel-read-unit]" => unit_stream_cancel_read(stream: u32) -> u32;
        "[stream-cancel-write-unit]" => unit_stream_cancel_write(stream: u32) -> u32;
        "[stream-drop-readable-unit]" => unit_stream_drop_readable(stream: u32);
        "[stream-drop-writable-unit]" => unit_stream_drop_writable(stream: u32);
    }
    "[export]$root" {
        "[task-cancel]" => task_cancel();
    }
}

pub(super) fn unit_stream_read(stream: u32, items: usize) -> u32 {
    #[link(wasm_import_module = "$root")]
    unsafe extern "C" {
        #[link_name = "[async-lower][stream-read-unit]"]
        fn import(stream: u32, pointer: *mut u8, items: usize) -> u32;
    }
    // SAFETY: the host ignores the pointer when there is no payload.
    unsafe { import(stream, core::ptr::null_mut(), items) }
}

pub(super) fn unit_stream_write(stream: u32, items: usize) -> u32 {
    #[link(wasm_import_module = "$root")]
    unsafe extern "C" {
        #[link_name = "[async-lower][stream-write-unit]"]
        fn import(stream: u32, pointer: *const u8, items: usize) -> u32;
    }
    // SAFETY: the host ignores the pointer when there is no payload.
    unsafe { import(stream, core::ptr::null(), items) }
}

pub(super) unsafe fn error_context_new(message: *const u8, length: usize) -> u32 {
    #[link(wasm_import_module = "$root")]
    unsafe extern "C" {
        #[link_name = "[error-context-new-utf8]"]
        fn import(message: *const u8, length: usize) -> u32;
    }
    // SAFETY: the caller passes a string.
    unsafe { import(message, length) }
}

pub(super) unsafe fn error_context_debug_message(handle: u32, ret: *mut super::Text) {
    #[link(wasm_import_module = "$root")]
    unsafe extern "C" {
        #[link_name = "[error-context-debug-message-utf8]"]
        fn import(handle: u32, ret: *mut super::Text);
    }
    // SAFETY: the caller passes memory for a pointer and a length.
    unsafe { import(handle, ret) }
}

pub(super) fn wasip3_task_set(task: *mut u8) -> *mut u8 {
    unsafe extern "C" {
        fn wasip3_task_set(task: *mut u8) -> *mut u8;
    }
    // SAFETY: the function swaps a pointer in a cell and looks at nothing.
    unsafe { wasip3_task_set(task) }
}

/// On targets before WASI 0.3 nobody else uses context slot 0.
#[cfg(not(target_env = "p3"))]
mod task_state {
    #[link(wasm_import_module = "$root")]
    unsafe extern "C" {
        #[link_name = "[context-get-0]"]
        fn context_get() -> *mut u8;
        #[link_name = "[context-set-0]"]
        fn context_set(state: *mut u8);
    }

    pub(in crate::sys) fn get() -> *mut u8 {
        // SAFETY: reads an integer that the host keeps.
        unsafe { context_get() }
    }

    pub(in crate::sys) fn set(state: *mut u8) {
        // SAFETY: stores an integer with the host.
        unsafe { context_set(state) }
    }
}

/// On WASI 0.3 the context slots belong to libc, which makes thread-locals of
/// them; those are per component-model thread, which is what is wanted.
#[cfg(all(target_env = "p3", feature = "std"))]
mod task_state {
    use core::cell::Cell;

    std::thread_local! {
        static STATE: Cell<*mut u8> = const { Cell::new(core::ptr::null_mut()) };
    }

    pub(in crate::sys) fn get() -> *mut u8 {
        STATE.get()
    }

    pub(in crate::sys) fn set(state: *mut u8) {
        STATE.set(state);
    }
}

#[cfg(all(target_env = "p3", not(feature = "std")))]
compile_error!("on WASI 0.3 targets wit-async keeps task state in a thread-local: enable `std`");

pub(super) use task_state::{get as task_state_get, set as task_state_set};
