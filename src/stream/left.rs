//! Operations that were left in flight: leaked (`mem::forget`), or dropped where
//! they could not be cancelled.
//!
//! Before anything else is done with the end, such an operation is cancelled, or
//! waited for; what it transferred is lost. The host still uses its memory, which
//! was leaked with it or belongs to the runtime.

use crate::abi::Waitable;
use crate::op::Name;
use crate::waitable::{self, Adrift, Standing, Then};
use alloc::boxed::Box;
use core::borrow::{Borrow, BorrowMut};
use core::mem::ManuallyDrop;
use core::task::Context;

/// An end of a stream, as far as it matters here.
pub(super) trait StreamEnd: Sized + 'static {
    /// The handle; none once it was given away.
    fn waitable(&self) -> Option<Waitable>;

    /// Whether the other end is known to be gone.
    fn is_done(&self) -> bool;

    /// Another one with the same handle.
    fn twin(&self) -> Self;

    /// Drops all of a twin but the handle.
    ///
    /// # Safety
    ///
    /// It is not used afterwards.
    unsafe fn drop_twin(twin: &mut Self);

    /// The operation that was leaked, without its memory.
    fn leaked(twin: Twin<Self>) -> Box<dyn Adrift>;
}

/// Stands for an end where that cannot be: it is borrowed, and the operation goes
/// on without the borrow. What the operation hears of the other end is passed on.
pub(super) struct Twin<E: StreamEnd>(ManuallyDrop<E>);

impl<E: StreamEnd> Twin<E> {
    pub(super) fn of(end: &E) -> Twin<E> {
        Twin(ManuallyDrop::new(end.twin()))
    }
}

impl<E: StreamEnd> Borrow<E> for Twin<E> {
    fn borrow(&self) -> &E {
        &self.0
    }
}

impl<E: StreamEnd> BorrowMut<E> for Twin<E> {
    fn borrow_mut(&mut self) -> &mut E {
        &mut self.0
    }
}

impl<E: StreamEnd> Drop for Twin<E> {
    fn drop(&mut self) {
        if let (Some(waitable), true) = (self.0.waitable(), self.0.is_done()) {
            waitable::note_dropped(waitable);
        }
        // SAFETY: this is its end.
        unsafe { E::drop_twin(&mut self.0) };
    }
}

/// What is known of an end before something is done with it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Before {
    /// No operation is in flight.
    Free,
    /// The same, and the other end is known to be gone.
    Ended,
    /// An operation is in flight that cannot be cancelled here and now.
    Busy,
}

/// Cancels the operation that was left in flight on `end`, if there is one.
///
/// One look-up, unless there is.
pub(super) fn take_back<E: StreamEnd>(end: &E) -> Before {
    let Some(waitable) = end.waitable() else {
        return Before::Free;
    };
    if end.is_done() {
        return Before::Ended;
    }
    loop {
        match waitable::standing(waitable) {
            Standing::Free => return Before::Free,
            Standing::ToldDropped => return Before::Ended,
            Standing::InFlight => {}
        }
        match waitable::orphan(waitable) {
            Some(orphan) if orphan.cancel() => {}
            Some(_) => return Before::Busy,
            // What was leaked is left alone first.
            None => waitable::leave_alone(waitable, E::leaked(Twin::of(end))),
        }
    }
}

/// The same, for an operation that is about to start. If it has to wait, `cx` is
/// woken when it can.
///
/// # Panics
///
/// If it has to wait, and nobody can.
#[track_caller]
pub(super) fn make_way<E: StreamEnd>(end: &E, name: &Name, cx: &Context<'_>) -> Before {
    let before = take_back(end);
    if before == Before::Busy
        && let Some(orphan) = end.waitable().and_then(waitable::orphan)
    {
        orphan.then(Then::Wake(cx.waker().clone()));
        assert!(
            orphan.attend(),
            "{name} was polled outside of a task: it has to wait for the operation before it, \
             and only an async export or `block_on` can"
        );
    }
    before
}

/// Calls `close`, which drops the end `waitable`, once nothing is in flight.
pub(super) fn close_after(before: Before, waitable: Waitable, close: impl FnOnce() + 'static) {
    match waitable::orphan(waitable).filter(|_| before == Before::Busy) {
        Some(orphan) => orphan.then(Then::Close(Box::new(close))),
        None => close(),
    }
}
