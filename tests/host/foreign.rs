//! The C ABI `wasip3_task` as other bindings have it, written from its
//! description (canonical-abi.md §10): executors and importers of versions 1 to 3.

use super::{Host, enter, host};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use wit_async::native::Host as _;

pub type Callback = unsafe extern "C" fn(*mut c_void, u32);
type Register = unsafe extern "C" fn(*mut c_void, u32, Callback, *mut c_void) -> *mut c_void;
type Unregister = unsafe extern "C" fn(*mut c_void, u32) -> *mut c_void;
type Spawn = unsafe fn(*mut c_void, Box<dyn Future<Output = ()>>);

/// The structure of versions 2 and 3; version 1 ends before `table`.
#[repr(C)]
struct TaskV2 {
    version: u32,
    ptr: *mut c_void,
    waitable_register: Register,
    waitable_unregister: Unregister,
    table: *const TableV3,
}

/// The structure of version 1.
#[repr(C)]
struct TaskV1 {
    version: u32,
    ptr: *mut c_void,
    waitable_register: Register,
    waitable_unregister: Unregister,
}

/// The table of version 2.
#[repr(C)]
struct TableV2 {
    waitable_register: Register,
    waitable_unregister: Unregister,
    clone: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
    drop: unsafe extern "C" fn(*mut c_void),
}

/// The table of version 3.
#[repr(C)]
struct TableV3 {
    v2: TableV2,
    rust_spawn: Option<Spawn>,
}

/// What an executor keeps.
struct Shared {
    set: u32,
    waiting: RefCell<BTreeMap<u32, (Callback, *mut c_void)>>,
    spawned: RefCell<Vec<Pin<Box<dyn Future<Output = ()>>>>>,
    clones: Cell<usize>,
}

/// An executor of other bindings.
pub struct Executor {
    version: u32,
    /// The instance ends, and it with it.
    ends: Cell<bool>,
    spawns: bool,
    shared: Rc<Shared>,
}

impl Executor {
    pub fn new(version: u32) -> Executor {
        let host = host();
        Executor {
            version,
            ends: Cell::new(false),
            spawns: true,
            shared: Rc::new(Shared {
                set: host.waitable_set_new(),
                waiting: RefCell::default(),
                spawned: RefCell::default(),
                clones: Cell::new(0),
            }),
        }
    }

    /// Of version 3, but without the function that spawns.
    pub fn v3_without_spawn() -> Executor {
        let mut executor = Executor::new(3);
        executor.spawns = false;
        executor
    }

    /// Calls `f` while this is the current task.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let ptr = Rc::as_ptr(&self.shared).cast_mut().cast();
        let table = if self.spawns {
            &TABLE
        } else {
            &TABLE_WITHOUT_SPAWN
        };
        let mut v1 = TaskV1 {
            version: 1,
            ptr,
            waitable_register,
            waitable_unregister,
        };
        let mut later = TaskV2 {
            version: self.version,
            ptr,
            waitable_register,
            waitable_unregister,
            table,
        };
        let task: *mut u8 = match self.version {
            1 => (&raw mut v1).cast(),
            _ => (&raw mut later).cast(),
        };
        struct Reset(Rc<Host>, *mut u8);
        impl Drop for Reset {
            fn drop(&mut self) {
                self.0.wasip3_task_set(self.1);
            }
        }
        let host = host();
        let before = host.wasip3_task_set(task);
        let _reset = Reset(host, before);
        f()
    }

    /// Polls `future` once, as the current task.
    pub fn poll<F: Future + Unpin>(&self, future: &mut F) -> Poll<F::Output> {
        self.enter(|| Pin::new(future).poll(&mut Context::from_waker(Waker::noop())))
    }

    /// Delivers one event; false if there is none. The waitable leaves the set
    /// and the records first.
    pub fn step(&self) -> bool {
        let host = host();
        let mut payload = [0; 2];
        if host.waitable_set_poll(self.shared.set, &mut payload) == 0 {
            return false;
        }
        let [waitable, code] = payload;
        host.waitable_join(waitable, 0);
        let record = self.shared.waiting.borrow_mut().remove(&waitable);
        let (callback, data) = record.expect("events come for what is registered");
        // SAFETY: the contract of registration.
        unsafe { callback(data, code) };
        true
    }

    /// The waitables that are registered.
    pub fn registered(&self) -> Vec<u32> {
        self.shared.waiting.borrow().keys().copied().collect()
    }

    /// How many clones of its pointer are alive.
    pub fn clones(&self) -> usize {
        self.shared.clones.get()
    }

    /// What was spawned.
    pub fn spawned(&self) -> Vec<Pin<Box<dyn Future<Output = ()>>>> {
        std::mem::take(&mut self.shared.spawned.borrow_mut())
    }

    /// Goes with its instance, whatever is left in it.
    pub fn end(self) {
        self.ends.set(true);
    }

    /// The set of the executor.
    pub fn set(&self) -> u32 {
        self.shared.set
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.ends.get() {
            assert_eq!(self.clones(), 0, "clones of the task are left");
            host().waitable_set_drop(self.shared.set);
        }
    }
}

const V2: TableV2 = TableV2 {
    waitable_register,
    waitable_unregister,
    clone,
    drop: drop_clone,
};

static TABLE: TableV3 = TableV3 {
    v2: V2,
    rust_spawn: Some(rust_spawn),
};

static TABLE_WITHOUT_SPAWN: TableV3 = TableV3 {
    v2: V2,
    rust_spawn: None,
};

unsafe fn shared<'a>(ptr: *mut c_void) -> &'a Shared {
    // SAFETY: `ptr` is that of a task whose executor is alive.
    unsafe { &*ptr.cast_const().cast() }
}

unsafe extern "C" fn waitable_register(
    ptr: *mut c_void,
    waitable: u32,
    callback: Callback,
    data: *mut c_void,
) -> *mut c_void {
    // SAFETY: the contract of the function.
    let shared = unsafe { shared(ptr) };
    host().waitable_join(waitable, shared.set);
    let old = shared
        .waiting
        .borrow_mut()
        .insert(waitable, (callback, data));
    old.map_or(ptr::null_mut(), |(_, data)| data)
}

unsafe extern "C" fn waitable_unregister(ptr: *mut c_void, waitable: u32) -> *mut c_void {
    // SAFETY: the contract of the function.
    let shared = unsafe { shared(ptr) };
    host().waitable_join(waitable, 0);
    let old = shared.waiting.borrow_mut().remove(&waitable);
    old.map_or(ptr::null_mut(), |(_, data)| data)
}

unsafe extern "C" fn clone(ptr: *mut c_void) -> *mut c_void {
    // SAFETY: the contract of the function. The pointer is that of an `Rc`.
    unsafe {
        let shared = shared(ptr);
        shared.clones.set(shared.clones.get() + 1);
        Rc::increment_strong_count(ptr.cast_const().cast::<Shared>());
    }
    ptr
}

unsafe extern "C" fn drop_clone(ptr: *mut c_void) {
    // SAFETY: the contract of the function: `ptr` came from `clone`.
    unsafe {
        let shared = shared(ptr);
        shared.clones.set(shared.clones.get() - 1);
        Rc::decrement_strong_count(ptr.cast_const().cast::<Shared>());
    }
}

unsafe fn rust_spawn(ptr: *mut c_void, future: Box<dyn Future<Output = ()>>) {
    // SAFETY: the contract of the function.
    let shared = unsafe { shared(ptr) };
    shared.spawned.borrow_mut().push(Box::into_pin(future));
}

/// The task that is current, as an importer of other bindings sees it.
fn current() -> *mut TaskV2 {
    let host = host();
    let task = host.wasip3_task_set(ptr::null_mut());
    host.wasip3_task_set(task);
    assert!(!task.is_null(), "no task is current");
    task.cast()
}

/// Calls a built-in that may block, during which others are current.
pub fn preserve<R>(f: impl FnOnce() -> R) -> R {
    let task = host().wasip3_task_set(ptr::null_mut());
    let result = f();
    host().wasip3_task_set(task);
    result
}

/// An importer: waits for one event of a waitable, in whatever task polls it.
pub struct Waits {
    version: u32,
    waitable: u32,
    /// What the callback gets.
    completion: Rc<Completion>,
    /// Version 2 and later: a clone of the task and its table.
    task: Option<(*mut c_void, *const TableV3)>,
    registered: bool,
}

#[derive(Default)]
struct Completion {
    code: Cell<Option<u32>>,
    waker: RefCell<Option<Waker>>,
    /// What else the callback does.
    then: RefCell<Option<Box<dyn FnOnce()>>>,
}

unsafe extern "C" fn on_event(data: *mut c_void, code: u32) {
    // SAFETY: registered with a pointer to a `Completion`, which is alive.
    let completion = unsafe { &*data.cast_const().cast::<Completion>() };
    completion.code.set(Some(code));
    let waker = completion.waker.take();
    waker.expect("polled before").wake();
    if let Some(then) = completion.then.take() {
        then();
    }
}

impl Waits {
    /// Waits for `waitable`, speaking `version`.
    pub fn new(version: u32, waitable: u32) -> Waits {
        Waits {
            version,
            waitable,
            completion: Rc::default(),
            task: None,
            registered: false,
        }
    }

    /// The code of its event, if that was delivered.
    pub fn code(&self) -> Option<u32> {
        self.completion.code.get()
    }

    /// From now on the callback also does this.
    pub fn also(&self, then: impl FnOnce() + 'static) {
        self.completion.then.replace(Some(Box::new(then)));
    }

    /// Registers once more. Returns whether the data that came back is that of
    /// the first time.
    pub fn register_again(&mut self) -> bool {
        let data = self.data();
        self.register() == data
    }

    fn data(&self) -> *mut c_void {
        // An `Rc` may move with the pointer registered; a `Box` would claim its
        // content anew.
        Rc::as_ptr(&self.completion).cast_mut().cast()
    }

    fn register(&mut self) -> *mut c_void {
        let task = current();
        // SAFETY: the task is current, and has all that its version has.
        unsafe {
            assert!((*task).version >= self.version, "we provide all versions");
            let ptr = (*task).ptr;
            if self.version >= 2 && self.task.is_none() {
                let table = (*task).table;
                self.task = Some((((*table).v2.clone)(ptr), table));
            }
            self.registered = true;
            ((*task).waitable_register)(ptr, self.waitable, on_event, self.data())
        }
    }

    /// Unregisters. Returns whether the data came back.
    pub fn unregister(&mut self) -> bool {
        let data = self.data();
        self.registered = false;
        let back = match &self.task {
            // SAFETY: the clone is ours.
            Some((ptr, table)) => unsafe {
                ((**table).v2.waitable_unregister)(*ptr, self.waitable)
            },
            None => {
                let task = current();
                // SAFETY: version 1: the same task is current.
                unsafe { ((*task).waitable_unregister)((*task).ptr, self.waitable) }
            }
        };
        assert!(back.is_null() || back == data);
        !back.is_null()
    }
}

impl Future for Waits {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        if let Some(code) = self.completion.code.get() {
            self.registered = false;
            return Poll::Ready(code);
        }
        *self.completion.waker.borrow_mut() = Some(cx.waker().clone());
        if !self.registered {
            let old = self.register();
            assert!(old.is_null(), "nobody else registered this waitable");
        }
        Poll::Pending
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        if self.registered && self.completion.code.get().is_none() {
            self.unregister();
        }
        if let Some((ptr, table)) = self.task.take() {
            // SAFETY: the clone is ours, and given back once.
            unsafe { ((*table).v2.drop)(ptr) };
        }
    }
}

/// Spawns in the current task, as an importer of version 3 does. Gives the future
/// back if the task has no such function.
pub fn spawn(future: impl Future<Output = ()> + 'static) -> bool {
    let task = current();
    // SAFETY: the task is current; from version 3 on the table has the field.
    unsafe {
        if (*task).version < 3 {
            return false;
        }
        match (*(*task).table).rust_spawn {
            Some(spawn) => spawn((*task).ptr, Box::new(future)),
            None => return false,
        }
    }
    true
}

/// What the running executor says its version is.
pub fn version() -> u32 {
    // SAFETY: the task is current.
    unsafe { (*current()).version }
}
