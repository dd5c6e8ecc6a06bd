//! The `wasip3_task` C ABI, versions 1 to 3.
//!
//! One component may link several binding crates: this one, several versions
//! of wit-bindgen, crates that bring their own. A future of one has to run on
//! the executor of another. They agree on one global cell, `wasip3_task_set`,
//! which points to a table of functions of whichever executor is polling.
//!
//! The cell is defined, weakly, in a C object that every wit-bindgen ships.
//! This crate depends on wit-bindgen for its synchronous half and uses that
//! definition, so there is one cell however many copies are linked.
//!
//! | | as executor | as importer |
//! |---|---|---|
//! | version 1 | fields of [`Task`] | valid during the current poll only |
//! | version 2 | [`TABLE`] adds `clone`, `drop` | cloned when the first operation registers, kept by the registry |
//! | version 3 | [`TABLE`] adds `rust_spawn` | `spawn_local` under a foreign executor |
//!
//! Waitables that others register are taken out of the set when their event
//! is delivered, as the contract has it. Ours stay joined: two copies of this
//! crate are told apart by the address of [`TABLE`].

use super::foreign;
use super::home::Home;
use crate::abi::Waitable;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::ffi::c_void;
use core::future::Future;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr;

/// The version of the structures that this crate provides.
const VERSION: u32 = 3;

/// Called with the pointer that was registered and the payload of the event.
pub(crate) type Callback = unsafe extern "C" fn(data: *mut c_void, code: u32);

type Register =
    unsafe extern "C" fn(*mut c_void, waitable: u32, Callback, data: *mut c_void) -> *mut c_void;
type Spawn = unsafe fn(*mut c_void, Box<dyn Future<Output = ()>>);
type Unregister = unsafe extern "C" fn(*mut c_void, waitable: u32) -> *mut c_void;

/// What the cell points to; version 1 ends before `table`.
#[repr(C)]
pub(crate) struct Task {
    pub(crate) version: u32,
    /// First argument of all functions.
    pub(crate) ptr: *mut c_void,
    pub(crate) waitable_register: Register,
    pub(crate) waitable_unregister: Unregister,
    /// Present from version 2 on.
    table: *const Table,
}

/// The functions of version 2, and one of version 3.
#[repr(C)]
pub(crate) struct Table {
    waitable_register: Register,
    waitable_unregister: Unregister,
    clone: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
    drop: unsafe extern "C" fn(*mut c_void),
    /// Present from version 3 on.
    rust_spawn: Option<Spawn>,
}

/// The executor of this copy of this crate. Its address is its identity.
static TABLE: Table = Table {
    waitable_register,
    waitable_unregister,
    clone,
    drop,
    rust_spawn: Some(rust_spawn),
};

impl Task {
    /// The structure that stands for `home` while it is current.
    pub(crate) fn of(home: &Arc<Home>) -> Task {
        Task {
            version: VERSION,
            // From the `Arc` itself, not from a reference to its content: this
            // pointer has to reach the reference count (`clone`, `drop`).
            ptr: Arc::as_ptr(home).cast_mut().cast(),
            waitable_register,
            waitable_unregister,
            table: &TABLE,
        }
    }

    /// The table, where the version has one.
    ///
    /// # Safety
    ///
    /// `task` points to a structure of the version that it names.
    pub(crate) unsafe fn table(task: *const Task) -> Option<&'static Table> {
        // SAFETY: every version has this field.
        if unsafe { (*task).version } < 2 {
            return None;
        }
        // SAFETY: the field exists from version 2 on, and its target is static.
        unsafe { Some(&*(*task).table) }
    }

    /// The home behind `task`, if it is one of ours.
    ///
    /// # Safety
    ///
    /// As for [`table`](Task::table).
    pub(crate) unsafe fn home(task: *const Task) -> Option<*const Home> {
        // SAFETY: as promised by the caller.
        let table = unsafe { Task::table(task) }?;
        // SAFETY: every version has this field.
        ptr::eq(table, &TABLE).then(|| unsafe { (*task).ptr.cast_const().cast() })
    }

    /// Queues a future with a foreign executor. Gives it back when that
    /// executor cannot spawn.
    ///
    /// # Safety
    ///
    /// As for [`table`](Task::table), and the task is current.
    pub(crate) unsafe fn spawn(
        task: *const Task,
        future: Box<dyn Future<Output = ()>>,
    ) -> Result<(), Box<dyn Future<Output = ()>>> {
        // SAFETY: as promised by the caller.
        let table = match unsafe { Task::table(task) } {
            // SAFETY: every version has this field.
            Some(table) if unsafe { (*task).version } >= 3 => table,
            _ => return Err(future),
        };
        let Some(spawn) = table.rust_spawn else {
            return Err(future);
        };
        // SAFETY: the pointer is the one of this task.
        unsafe { spawn((*task).ptr, future) };
        Ok(())
    }
}

/// A foreign executor in which a waitable of ours is registered.
pub(crate) struct ForeignTask {
    /// The task's pointer; for version 2 and later a clone that we own.
    ptr: *mut c_void,
    /// The pointer by which the executor knows itself: tasks are the same if
    /// it is equal.
    identity: *mut c_void,
    /// How to leave; without a table this is a field of the task.
    unregister: Unregister,
    table: Option<&'static Table>,
}

impl ForeignTask {
    /// Registers `waitable`, so that its event reaches our registry.
    ///
    /// # Safety
    ///
    /// `task` is the current task.
    pub(super) unsafe fn register(task: *const Task, waitable: Waitable) -> ForeignTask {
        // SAFETY: the cell points to a structure of the version that it names.
        let table = unsafe { Task::table(task) };
        // SAFETY: every version has this field.
        let identity = unsafe { (*task).ptr };
        let ptr = match table {
            // SAFETY: cloning the pointer of the current task is what the
            // table is for; `Drop` gives the clone back.
            Some(table) => unsafe { (table.clone)(identity) },
            None => identity,
        };
        // The handle itself is the data: it stays valid for ever, whatever
        // becomes of the operation.
        let data = ptr::without_provenance_mut(waitable.index() as usize);
        // SAFETY: the waitable is ours to register, `on_event` takes any data.
        unsafe { ((*task).waitable_register)(identity, waitable.index(), on_event, data) };
        // SAFETY: every version has this field.
        let unregister = unsafe { (*task).waitable_unregister };
        ForeignTask {
            ptr,
            identity,
            unregister,
            table,
        }
    }

    /// Whether this is the task that `task` points to.
    ///
    /// # Safety
    ///
    /// `task` is the current task.
    pub(super) unsafe fn is(&self, task: *const Task) -> bool {
        // SAFETY: every version has this field.
        self.identity == unsafe { (*task).ptr }
    }

    /// Takes `waitable` out of the executor's set and its records.
    ///
    /// A task of version 1 cannot be cloned, but stays as long as the component
    /// model's task does, which does not end while it has our record.
    pub(super) fn unregister(&self, waitable: Waitable) {
        // SAFETY: `ptr` is our own clone, or that of a task that has our record.
        unsafe { (self.unregister)(self.ptr, waitable.index()) };
    }
}

impl Drop for ForeignTask {
    fn drop(&mut self) {
        if let Some(table) = self.table {
            // SAFETY: `ptr` came from `clone` and is dropped once.
            unsafe { (table.drop)(self.ptr) };
        }
    }
}

/// What a foreign executor calls when a waitable of ours has an event.
unsafe extern "C" fn on_event(data: *mut c_void, code: u32) {
    let waitable = u32::try_from(data.addr()).ok().and_then(Waitable::new);
    let waitable = waitable.expect("the data of this callback is a handle");
    foreign::delivered_by_foreign(waitable, code);
}

/// A reference to the home that a caller of [`TABLE`] means.
///
/// # Safety
///
/// `ptr` is that of a current task of ours, or a clone of it.
unsafe fn borrow(ptr: *mut c_void) -> ManuallyDrop<Arc<Home>> {
    // SAFETY: the pointer came from `Arc::as_ptr` or `Arc::into_raw`, and the
    // count is not touched, because the result is not dropped.
    ManuallyDrop::new(unsafe { Arc::from_raw(ptr.cast_const().cast::<Home>()) })
}

unsafe extern "C" fn waitable_register(
    ptr: *mut c_void,
    waitable: u32,
    callback: Callback,
    data: *mut c_void,
) -> *mut c_void {
    // SAFETY: the contract of this function.
    let home = unsafe { borrow(ptr) };
    let waitable = Waitable::new(waitable).expect("0 was registered as a waitable");
    foreign::register_foreign(&home, waitable, callback, data)
}

unsafe extern "C" fn waitable_unregister(ptr: *mut c_void, waitable: u32) -> *mut c_void {
    // SAFETY: the contract of this function.
    let home = unsafe { borrow(ptr) };
    let waitable = Waitable::new(waitable).expect("0 was unregistered as a waitable");
    foreign::unregister_foreign(&home, waitable)
}

unsafe extern "C" fn clone(ptr: *mut c_void) -> *mut c_void {
    // SAFETY: the contract of this function.
    let home = unsafe { borrow(ptr) };
    Arc::into_raw(Arc::clone(&home)).cast_mut().cast()
}

unsafe extern "C" fn drop(ptr: *mut c_void) {
    // SAFETY: `ptr` came from `clone`, which gave away one count.
    core::mem::drop(unsafe { Arc::from_raw(ptr.cast_const().cast::<Home>()) });
}

unsafe fn rust_spawn(ptr: *mut c_void, future: Box<dyn Future<Output = ()>>) {
    // SAFETY: the contract of this function.
    let home = unsafe { borrow(ptr) };
    home.spawn(Pin::from(future));
}
