//! Calls of imported async functions.
//!
//! Parameters are owned by the call, so that a leaked call leaks them too and
//! stays sound. They are lowered into one [`Block`], behind which the results
//! are written; small blocks come from the pool.

use crate::abi::{Event, Payload, Set, SubtaskState, SubtaskStatus, Waitable};
use crate::buffer::Block;
use crate::diagnostics::{Gauge, Kind, Timing, count, record, uncount};
use crate::op::{Name, Progress, Stage, WaitableOp, WaitableOperation};
use crate::waitable::Adrift;
use crate::{sys, waitable};
use alloc::boxed::Box;
use core::alloc::Layout;
use core::borrow::{Borrow, BorrowMut};
use core::future::Future;
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::ptr;

/// One imported async function, as generated bindings describe it.
///
/// # Safety
///
/// `abi_layout` and `results_offset` are constant and describe what
/// `params_lower` writes and what `results_lift` reads.
///
/// If the type has no size then a value may be used, as a copy that is never
/// dropped, after the future of a [`call`](Subtask::call) is gone: lowered
/// parameters and results do not borrow memory. (A handle that is lent stays lent
/// until the callee is done with it.) The call of a type with a size is cancelled when
/// it is dropped in synchronous code, where the host may trap.
pub unsafe trait Subtask {
    /// The parameters, owned.
    type Params;
    /// What the import is called with: the flat parameters, or a pointer.
    type ParamsLower: Copy;
    /// The result.
    type Results;

    /// Layout of the indirect parameters, if any, followed by the results.
    fn abi_layout(&mut self) -> Layout;

    /// Where the results begin in that layout, in bytes.
    fn results_offset(&mut self) -> usize;

    /// Calls the import, asynchronously lowered. Returns its packed status.
    ///
    /// # Safety
    ///
    /// `params` come from [`params_lower`](Subtask::params_lower), and they and
    /// `results` stay valid until the subtask has resolved.
    unsafe fn call_import(&mut self, params: Self::ParamsLower, results: *mut u8) -> u32;

    /// Lowers the parameters.
    ///
    /// # Safety
    ///
    /// `dst` is valid for [`abi_layout`](Subtask::abi_layout).
    unsafe fn params_lower(&mut self, params: Self::Params, dst: *mut u8) -> Self::ParamsLower;

    /// Frees the lists of parameters that the callee has read.
    ///
    /// # Safety
    ///
    /// Once per lowering; the callee has started.
    unsafe fn params_dealloc_lists(&mut self, lower: Self::ParamsLower);

    /// Frees the lists and drops the handles of parameters that the callee
    /// never read.
    ///
    /// # Safety
    ///
    /// Once per lowering; the callee has not started and will not.
    unsafe fn params_dealloc_lists_and_own(&mut self, lower: Self::ParamsLower);

    /// Takes the results over.
    ///
    /// # Safety
    ///
    /// The callee has returned, and `src` is where its results were written.
    unsafe fn results_lift(&mut self, src: *mut u8) -> Self::Results;

    /// Calls the import.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the call. If the callee had returned, its
    /// results are dropped; if it had not started, the parameters are; otherwise
    /// they belong to the callee. In synchronous code it is
    /// [left to its task](crate#dropping-what-is-in-flight).
    fn call(&mut self, params: Self::Params) -> impl Future<Output = Self::Results>
    where
        Self: Sized,
    {
        let operation = WaitableOperation::new(SubtaskOp::<_, Self>::new(self), params);
        async move {
            match operation.await {
                Some(results) => results,
                None => unreachable!("a call is cancelled only by dropping its future"),
            }
        }
    }
}

struct SubtaskOp<I, T> {
    import: I,
    types: PhantomData<fn(T)>,
}

/// A value of a type without size, which is all there whatever becomes of the
/// place where it was.
struct Sizeless<T>(ManuallyDrop<T>);

impl<T> Sizeless<T> {
    /// `None` if the type has a size.
    fn of(value: &T) -> Option<Sizeless<T>> {
        if size_of::<T>() != 0 {
            return None;
        }
        // SAFETY: nothing is read, and nothing is dropped twice. That there are two
        // of them is what the contract of `Subtask` allows.
        Some(Sizeless(unsafe { ManuallyDrop::new(ptr::read(value)) }))
    }
}

impl<T> Borrow<T> for Sizeless<T> {
    fn borrow(&self) -> &T {
        &self.0
    }
}

impl<T> BorrowMut<T> for Sizeless<T> {
    fn borrow_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<I, T> SubtaskOp<I, T> {
    fn new(import: I) -> Self {
        SubtaskOp {
            import,
            types: PhantomData,
        }
    }
}

/// A call that did not return at once, or is being started.
struct Flight<L> {
    /// First, because the handle has to go before the memory.
    subtask: Option<SubtaskHandle>,
    params: L,
    /// Whether the callee has read the parameters.
    started: bool,
    /// Whether the callee was asked to stop, and the answer is to come.
    asked: bool,
    block: Block,
}

/// A call whose parameters are freed, for the callee has read them.
///
/// That may panic. Then the rest of the call is dropped as its state demands: what has
/// returned with its results, and what goes on as if its future were dropped, because the
/// callee is going to write to the block.
struct Freeing<'a, T: Subtask> {
    import: &'a mut T,
    /// Nothing when it is done.
    flight: Option<Flight<T::ParamsLower>>,
    state: SubtaskState,
}

impl<T: Subtask> Freeing<'_, T> {
    fn free(mut self) -> Flight<T::ParamsLower> {
        if let Some(flight) = &mut self.flight {
            flight.started = true;
            // SAFETY: the callee has started, and this is the first time we know.
            unsafe { self.import.params_dealloc_lists(flight.params) };
        }
        let flight = self.flight.take();
        flight.unwrap_or_else(|| unreachable!("it is taken once"))
    }
}

impl<T: Subtask> Drop for Freeing<'_, T> {
    fn drop(&mut self) {
        let Some(flight) = self.flight.take() else {
            return;
        };
        match self.state {
            SubtaskState::Returned => {
                // SAFETY: the callee has returned, and nobody lifts after this.
                drop(unsafe { lift(self.import, &flight) });
            }
            SubtaskState::CancelledBeforeStarted | SubtaskState::CancelledBeforeReturned => {}
            SubtaskState::Starting | SubtaskState::Started => {
                count(Gauge::Operations);
                let op = SubtaskOp::<_, T>::new(&mut *self.import);
                drop(WaitableOperation::in_flight(op, flight));
            }
        }
    }
}

/// The parameters are freed, if they were not before.
fn freed<T: Subtask>(
    import: &mut T,
    flight: Flight<T::ParamsLower>,
    state: SubtaskState,
) -> Flight<T::ParamsLower> {
    if flight.started {
        return flight;
    }
    let flight = Some(flight);
    let freeing = Freeing {
        import,
        flight,
        state,
    };
    freeing.free()
}

/// Takes the results over.
///
/// # Safety
///
/// The callee has returned, and the results are lifted once.
unsafe fn lift<T: Subtask>(import: &mut T, flight: &Flight<T::ParamsLower>) -> T::Results {
    // SAFETY: the block has the layout, so the offset is inside of it.
    let results = unsafe { flight.block.as_ptr().add(import.results_offset()) };
    // SAFETY: as promised by the caller.
    unsafe { import.results_lift(results) }
}

/// A handle whose resolve was delivered when it is dropped.
struct SubtaskHandle(Waitable);

impl Drop for SubtaskHandle {
    fn drop(&mut self) {
        waitable::forget(self.0);
        sys::subtask_drop(self.0);
        uncount(Gauge::Subtasks);
    }
}

// SAFETY: the handle is in `Flight` and does not change; so is the block, which
// holds all that was lent to the host.
unsafe impl<I: BorrowMut<T>, T: Subtask> WaitableOp for SubtaskOp<I, T> {
    type Start = T::Params;
    type Flight = Flight<T::ParamsLower>;
    type Code = SubtaskState;
    /// `None` if it was cancelled.
    type Output = Option<T::Results>;
    type Cancelled = ();

    fn start(&mut self, params: T::Params) -> (SubtaskState, Self::Flight) {
        let import = self.import.borrow_mut();
        let block = Block::new(import.abi_layout());
        // SAFETY: the block has the layout, so the offset is inside of it.
        let (params, results) = unsafe {
            (
                import.params_lower(params, block.as_ptr()),
                block.as_ptr().add(import.results_offset()),
            )
        };
        // SAFETY: the block goes into `Flight` and is kept until the call has
        // resolved.
        let status = SubtaskStatus::decode(unsafe { import.call_import(params, results) });
        let flight = Flight {
            subtask: status.waitable.map(|waitable| {
                count(Gauge::Subtasks);
                SubtaskHandle(waitable)
            }),
            params,
            started: false,
            asked: false,
            block,
        };
        (status.state, flight)
    }

    fn decode(payload: Payload) -> SubtaskState {
        SubtaskState::decode(payload.code())
    }

    fn advance(
        &mut self,
        flight: Self::Flight,
        state: SubtaskState,
        stage: Stage,
    ) -> Progress<Self::Flight, Self::Output> {
        trace::<T>(state, stage);
        let import = self.import.borrow_mut();
        match state {
            SubtaskState::Starting => Progress::Pending(flight),
            SubtaskState::Started => Progress::Pending(freed(import, flight, state)),
            SubtaskState::Returned => {
                let flight = freed(import, flight, state);
                // SAFETY: the callee has returned, and its results were not
                // lifted, for the flight ends here.
                Progress::Done(Some(unsafe { lift(import, &flight) }))
            }
            SubtaskState::CancelledBeforeStarted => {
                // SAFETY: the callee never started, so the parameters are ours.
                unsafe { import.params_dealloc_lists_and_own(flight.params) };
                Progress::Done(None)
            }
            SubtaskState::CancelledBeforeReturned => {
                drop(freed(import, flight, state));
                Progress::Done(None)
            }
        }
    }

    fn waitable(&self, flight: &Self::Flight) -> Waitable {
        match &flight.subtask {
            Some(subtask) => subtask.0,
            None => unreachable!("the host makes a subtask of every call that does not return"),
        }
    }

    fn cancel(&mut self, flight: &mut Self::Flight) -> SubtaskState {
        let subtask = self.waitable(flight);
        if flight.asked {
            return wait_for_answer(subtask);
        }
        if !flight.started {
            // A start that was not delivered would end the wait for the callee
            // before there is an answer: fetch it first. The parameters are freed with
            // the answer, for that may panic.
            if let Some(state) = fetch_event(subtask)
                && state.is_resolved()
            {
                return state;
            }
        }
        sys::subtask_cancel(subtask)
    }

    fn go_adrift(&mut self, flight: Self::Flight) -> Result<Box<dyn Adrift>, Self::Flight> {
        let Some(import) = Sizeless::of(self.import.borrow()) else {
            return Err(flight);
        };
        let op = SubtaskOp::<_, T>::new(import);
        let operation: Box<dyn Adrift + '_> = Box::new(WaitableOperation::in_flight(op, flight));
        // SAFETY: this only lengthens the life of types that `T` names, and the
        // contract of `Subtask` is that what is in flight may outlive them.
        Ok(unsafe { mem::transmute::<Box<dyn Adrift + '_>, Box<dyn Adrift>>(operation) })
    }

    fn needs_its_task(&self) -> bool {
        true
    }

    fn is_call(&self) -> bool {
        true
    }

    fn is_asked(&mut self, flight: &mut Self::Flight) {
        flight.asked = true;
    }

    fn unstarted(&mut self, params: T::Params) {
        record::<T::Results>(Kind::Subtask, Timing::CancelledBeforeStart);
        drop(params);
    }

    fn settled(&mut self, results: Self::Output) {
        drop(results);
    }

    fn name(&self) -> Name {
        Name {
            call: "call of an import",
            handle: None,
        }
    }
}

/// The event of a subtask that is in no set, if it has one.
fn fetch_event(subtask: Waitable) -> Option<SubtaskState> {
    in_a_set(subtask, |set| state_in(sys::waitable_set_poll(set)))
}

/// How a subtask ends that is in no set, and whose callee was asked to stop.
fn wait_for_answer(subtask: Waitable) -> SubtaskState {
    in_a_set(subtask, |set| {
        loop {
            // The parameters are freed with the answer, for that may panic.
            if let Some(state) = state_in(sys::waitable_set_wait(set))
                && state.is_resolved()
            {
                return state;
            }
        }
    })
}

/// Calls `f` while a subtask is in a set of its own.
fn in_a_set<R>(subtask: Waitable, f: impl FnOnce(Set) -> R) -> R {
    let set = sys::waitable_set_new();
    sys::waitable_join(subtask, Some(set));
    let result = f(set);
    sys::waitable_join(subtask, None);
    sys::waitable_set_drop(set);
    result
}

fn state_in(event: Event) -> Option<SubtaskState> {
    match event {
        Event::Waitable(_, payload) => Some(SubtaskState::decode(payload.code())),
        _ => None,
    }
}

fn trace<T: Subtask>(state: SubtaskState, stage: Stage) {
    let timing = match (stage, state) {
        (_, SubtaskState::Starting | SubtaskState::Started) => return,
        (Stage::Start, _) => Timing::AtOnce,
        (Stage::Event, SubtaskState::Returned) => Timing::Blocked,
        (_, SubtaskState::CancelledBeforeStarted) => Timing::CancelledStarting,
        (_, SubtaskState::CancelledBeforeReturned) => Timing::CancelledStarted,
        (Stage::Cancel, SubtaskState::Returned) => Timing::CancelledReturned,
    };
    record::<T::Results>(Kind::Subtask, timing);
}
