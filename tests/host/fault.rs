//! Panics on demand: at the n-th call of a place where foreign code runs.

use std::cell::Cell;
use std::task::{RawWaker, RawWakerVTable, Waker};

/// Where the runtime calls code that it does not know.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Site {
    Lower,
    Lift,
    Dealloc,
    Default,
    /// The destructor of a payload.
    Drop,
    WakerClone,
    /// A waker that panics when it has woken,
    Wake,
    /// and one that panics instead.
    NoWake,
    WakerDrop,
    /// The slots of a `Subtask`: `call_import` before it calls,
    CallImport,
    /// `params_lower`,
    ParamsLower,
    /// `params_dealloc_lists`,
    ParamsFree,
    /// `params_dealloc_lists_and_own`,
    ParamsFreeOwn,
    /// and `results_lift`. Its other two slots are constants.
    ResultsLift,
}

impl Site {
    pub const ALL: [Site; 14] = [
        Site::Lower,
        Site::Lift,
        Site::Dealloc,
        Site::Default,
        Site::Drop,
        Site::WakerClone,
        Site::Wake,
        Site::NoWake,
        Site::WakerDrop,
        Site::CallImport,
        Site::ParamsLower,
        Site::ParamsFree,
        Site::ParamsFreeOwn,
        Site::ResultsLift,
    ];
}

thread_local! {
    static PLANNED: Cell<Option<(Site, u32)>> = const { Cell::new(None) };
    static CALLS: Cell<[u32; Site::ALL.len()]> = const { Cell::new([0; Site::ALL.len()]) };
    static FIRED: Cell<bool> = const { Cell::new(false) };
    /// Whether what runs is about the value of a future; it stays if that panics.
    static OF_FUTURE: Cell<bool> = const { Cell::new(false) };
}

/// What a planned panic says.
pub const MESSAGE: &str = "a panic as it was planned";

/// From now on the n-th call (from 0) of a site panics; nothing does with `None`.
pub fn plan(fault: Option<(Site, u32)>) {
    PLANNED.set(fault);
    CALLS.set([0; Site::ALL.len()]);
    FIRED.set(false);
    OF_FUTURE.set(false);
}

/// A panic that is planned as long as this is there.
pub struct Planned;

impl Planned {
    /// At the first call of `site`.
    pub fn at(site: Site) -> Planned {
        plan(Some((site, 0)));
        Planned
    }
}

impl Drop for Planned {
    fn drop(&mut self) {
        plan(None);
    }
}

/// Runs what is about the value of a future.
pub fn of_future<R>(f: impl FnOnce() -> R) -> R {
    let before = OF_FUTURE.replace(true);
    let result = f();
    OF_FUTURE.set(before);
    result
}

/// Whether the panic has happened in what is about the value of a future.
pub fn was_of_future() -> bool {
    has_fired() && OF_FUTURE.get()
}

/// Whether that is what the planned panic said, and it has happened.
pub fn is_planned(text: &str) -> bool {
    has_fired() && text.starts_with(MESSAGE)
}

/// Whether the panic has happened.
pub fn has_fired() -> bool {
    FIRED.get()
}

/// Where the panic has happened.
pub fn fired() -> Option<Site> {
    let (site, _) = PLANNED.get().filter(|_| has_fired())?;
    Some(site)
}

/// Whether a waker has panicked and woken nobody. Those behind it, who passed the wake on
/// and wait to be polled, are not woken by the next one either.
pub fn has_lost_a_wake() -> bool {
    fired() == Some(Site::NoWake)
}

/// Whether the panic goes through to who called, wherever programs can help it: one in so
/// many does.
pub fn goes_through() -> bool {
    PLANNED.get().is_some_and(|(_, call)| call % 8 == 2)
}

/// How often each site was called since the last plan.
pub fn calls() -> [u32; Site::ALL.len()] {
    CALLS.get()
}

/// A site is called.
pub fn at(site: Site) {
    // A second panic during the first is the end of the process, whoever is to
    // blame.
    if std::thread::panicking() {
        return;
    }
    let mut calls = CALLS.get();
    let call = calls[site as usize];
    calls[site as usize] += 1;
    CALLS.set(calls);
    if PLANNED.get() == Some((site, call)) {
        FIRED.set(true);
        panic!("{MESSAGE}: {site:?}");
    }
}

/// A waker that does what another one does, and panics on demand.
pub fn waker(inner: &Waker) -> Waker {
    let data = Box::into_raw(Box::new(inner.clone()));
    // SAFETY: the functions take the data for what it is, a boxed waker.
    unsafe { Waker::from_raw(RawWaker::new(data.cast_const().cast(), &VTABLE)) }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

unsafe fn clone(data: *const ()) -> RawWaker {
    at(Site::WakerClone);
    // SAFETY: made in `waker` or here, and not dropped.
    let inner = unsafe { &*data.cast::<Waker>() };
    let data = Box::into_raw(Box::new(inner.clone()));
    RawWaker::new(data.cast_const().cast(), &VTABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: made in `waker` or `clone`, and used up here.
    let inner = unsafe { Box::from_raw(data.cast_mut().cast::<Waker>()) };
    at(Site::NoWake);
    inner.wake_by_ref();
    at(Site::Wake);
}

unsafe fn wake_by_ref(data: *const ()) {
    at(Site::NoWake);
    // SAFETY: as in `clone`.
    unsafe { &*data.cast::<Waker>() }.wake_by_ref();
    at(Site::Wake);
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: as in `wake`.
    drop(unsafe { Box::from_raw(data.cast_mut().cast::<Waker>()) });
    at(Site::WakerDrop);
}
