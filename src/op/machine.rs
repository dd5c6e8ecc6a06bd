//! The state machine of an operation.
//!
//! ```text
//!               poll ①           ┌─┐ poll ②, it goes on or begins anew
//!                                │ ▼       poll ②
//!  Start ──────────────────► InFlight ─────────────────► Finished
//!    │  │                       │ │                       ▲ ▲ ▲
//!    │  │ poll ①, done at once  │ └── cancel ④, drop ④ ───┘ │ │
//!    │  └───────────────────────┼───────────────────────────┘ │
//!    └── cancel ③, drop ③ ──────┼─────────────────────────────┘
//!                               ├── drop ④ in synchronous code ──► adrift
//!                               ├── drop ⑥ of a call in `cancel` ─► adrift, asked to stop
//!                               └── drop ⑤ of a read whose end ───► kept by its end
//!                                          stays
//! ```
//!
//! | edge | function | host calls |
//! |---|---|---|
//! | ① | [`WaitableOp::start`], then [`WaitableOp::advance`] | the operation; a join if it blocks and is not a member yet; none while it is [withheld](waitable::may_start), and stays in Start |
//! | ② | [`WaitableOp::advance`] with the payload of an event | none; for one that begins anew those of ①, and while that is withheld none, and it stays in InFlight |
//! | ③, drop | [`WaitableOp::unstarted`] | none |
//! | ③, cancel | [`WaitableOp::cancel_unstarted`] | none; those of ④ for a read before it that was dropped and goes on |
//! | ④ | [`WaitableOperation::finish`]; if that finds no event, [`WaitableOp::cancel`] and [`WaitableOp::advance`] | un-join, cancel; none if the event was there |
//! | ⑤ | [`WaitableOp::keep`] | none |
//! | ⑥ | [`WaitableOperation::finish`]; if that finds no event, [`WaitableOp::go_adrift`] and [`waitable::ask_for`] | un-join, the asynchronous cancel, a join if the answer is to come; none if the event was there |
//! | ④, adrift | [`WaitableOperation::finish`]; if that finds no event, [`WaitableOp::go_adrift`] | none; a join if it is a member of no set |
//!
//! `finish` is a step that all ways of ④ share: it applies an event that is there
//! already, which settles the matter without the host.
//!
//! Where the ABI forbids to cancel, in a synchronous task, dropping leaves what is in
//! flight to itself: it goes on as an [`Adrift`] operation, which gets its event or is
//! cancelled by these edges too. [`cancel`](WaitableOperation::cancel) panics there,
//! and the operation stays in flight.
//!
//! A call that was asked to stop is adrift until its callee has answered. Nobody asks it
//! again: who [stops](Adrift::stop) it waits for the answer.
//!
//! A subtask may stay in flight over several events: ② then leads back to
//! `InFlight`. So it does for an operation whose built-in is called again: a write that
//! waited for a reader in this instance, which was then handed away.
//!
//! # Soundness
//!
//! The machine holds no pointer to itself and none is registered anywhere: an
//! event is stored in the registry under the handle. So an operation may move,
//! and may be leaked; what the host still uses is owned by [`WaitableOp::Flight`], or by
//! the operation that is in it, and is leaked with it.

use crate::abi::{Payload, Waitable};
use crate::diagnostics::{Gauge, count, uncount};
use crate::waitable::{self, Adrift, Begins, Ticket};
use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::mem::{self, ManuallyDrop};
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll};

/// How far a code brought an operation.
#[must_use]
pub(crate) enum Progress<Flight, Output> {
    /// Still in flight.
    Pending(Flight),
    /// Finished.
    Done(Output),
}

/// Where a code came from.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// The built-in that started the operation.
    Start,
    /// An event.
    Event,
    /// The built-in that cancelled the operation, or an event that it found.
    Cancel,
}

/// What a panic says about an operation.
pub(crate) struct Name {
    /// The call as a user wrote it, such as `StreamReader::read`.
    pub(crate) call: &'static str,
    /// The handle; none for an import that returned at once.
    pub(crate) handle: Option<u32>,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.handle {
            Some(handle) => write!(f, "`{}` on handle {handle}", self.call),
            None => write!(f, "`{}`", self.call),
        }
    }
}

/// What a panic says about a cancel that is not possible, behind a [`Name`].
const NOT_HERE: &str =
    "was cancelled in synchronous code, where the host forbids it; dropping it is possible";

/// What is particular to one kind of operation.
///
/// # Safety
///
/// [`waitable`](WaitableOp::waitable) names the same handle for as long as an
/// operation is in flight. All memory that was lent to the host is owned by `Flight`, or
/// by the operation itself, which gives it to nobody meanwhile: neither is dropped before
/// the host is done with it.
pub(crate) unsafe trait WaitableOp {
    /// What is needed to start.
    type Start;
    /// What is in flight: the memory lent to the host, and what owns the handle.
    type Flight;
    /// A decoded code of the built-in or of an event.
    type Code;
    /// What comes out when the operation finishes.
    type Output;
    /// What comes out when it is cancelled.
    type Cancelled;
    /// Whether an event may say that the built-in is to be called again.
    const BEGINS_ANEW: bool = false;

    /// Whether the built-in can be called now. If an operation that was left
    /// alone is in the way, `cx` is woken when it is over.
    fn is_free(&mut self, cx: &Context<'_>) -> bool {
        let _ = cx;
        true
    }

    /// Calls the built-in.
    fn start(&mut self, start: Self::Start) -> (Self::Code, Self::Flight);

    /// Decodes the payload of an event.
    fn decode(payload: Payload) -> Self::Code;

    /// Does what `code` says. Whatever the outcome of the code that a payload
    /// brings along (it may panic), the end knows afterwards what was said.
    fn advance(
        &mut self,
        flight: Self::Flight,
        code: Self::Code,
        stage: Stage,
    ) -> Progress<Self::Flight, Self::Output>;

    /// The handle that is waited for.
    fn waitable(&self, flight: &Self::Flight) -> Waitable;

    /// Cancels with the synchronous built-in. The result must not say that the
    /// operation goes on.
    fn cancel(&mut self, flight: &mut Self::Flight) -> Self::Code;

    /// The future of the operation is gone, which goes on: its end keeps what comes of
    /// it. Most operations are cancelled instead.
    fn keep(&mut self, flight: Self::Flight) -> Result<(), Self::Flight> {
        Err(flight)
    }

    /// The operation without its future, unless it cannot be without.
    fn go_adrift(&mut self, flight: Self::Flight) -> Result<Box<dyn Adrift>, Self::Flight>;

    /// Whether the host wants the task that started the operation to be there
    /// when it finishes: it lifts or lowers there (wasmtime 48).
    fn needs_its_task(&self) -> bool;

    /// Whether it is a call of an import.
    fn is_call(&self) -> bool {
        false
    }

    /// The host was asked to cancel it, which only a call can be. From now on
    /// [`cancel`](WaitableOp::cancel) waits for the answer.
    fn is_asked(&mut self, flight: &mut Self::Flight) {
        let _ = flight;
        unreachable!("nobody asks for anything but a call");
    }

    /// The operation ends before its start. What that gives back.
    fn unstarted(&mut self, start: Self::Start) -> Self::Cancelled;

    /// The same, where somebody wants it: also what the operation waited for before its
    /// start is over then. Gives back the start where that cannot be cancelled.
    fn cancel_unstarted(&mut self, start: Self::Start) -> Result<Self::Cancelled, Self::Start> {
        Ok(self.unstarted(start))
    }

    /// What a cancel gives back that finds the operation finished.
    fn settled(&mut self, output: Self::Output) -> Self::Cancelled;

    /// How to speak of the operation when it has finished.
    fn name(&self) -> Name;
}

enum State<S: WaitableOp> {
    Start(S::Start),
    InFlight(S::Flight),
    Finished,
}

/// An operation; see the [module](self) for its states.
pub(crate) struct WaitableOperation<S: WaitableOp> {
    op: S,
    state: State<S>,
    /// Its place in line, once its start was withheld.
    ticket: Ticket,
}

// The machine never pins what it holds: nothing points into it.
impl<S: WaitableOp> Unpin for WaitableOperation<S> {}

impl<S: WaitableOp> WaitableOperation<S> {
    /// An operation that has not started.
    pub(crate) fn new(op: S, start: S::Start) -> Self {
        WaitableOperation {
            op,
            state: State::Start(start),
            ticket: None,
        }
    }

    /// An operation that has finished; [`restart`](Self::restart) makes it a
    /// new one.
    pub(crate) fn finished(op: S) -> Self {
        WaitableOperation {
            op,
            state: State::Finished,
            ticket: None,
        }
    }

    /// Whether the operation has finished or was cancelled.
    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    /// Begins anew, with the same end.
    pub(crate) fn restart(&mut self, start: S::Start) {
        debug_assert!(self.is_finished());
        self.state = State::Start(start);
    }

    /// An operation that is in flight already.
    pub(crate) fn in_flight(op: S, flight: S::Flight) -> Self {
        WaitableOperation {
            op,
            state: State::InFlight(flight),
            ticket: None,
        }
    }

    /// What the operation is about.
    pub(crate) fn op(&self) -> &S {
        &self.op
    }

    /// The same, once it has finished.
    pub(crate) fn op_mut(&mut self) -> &mut S {
        debug_assert!(self.is_finished(), "what is in flight is lent to the host");
        &mut self.op
    }

    /// Gives back what the operation was about. What is in flight is left as if this
    /// was dropped.
    pub(crate) fn into_op(mut self) -> S {
        self.let_go();
        let finished = ManuallyDrop::new(self);
        // SAFETY: read once, for `finished` is not dropped; its state owns nothing.
        unsafe { ptr::read(&finished.op) }
    }

    /// Starts the operation, or looks whether it has finished. Where the turn has used
    /// up its [allowance](waitable::may_start) it does not start, nor begin anew, and is
    /// polled again in the next one.
    ///
    /// # Panics
    ///
    /// When called again after it was ready or cancelled.
    #[track_caller]
    pub(crate) fn poll_complete(&mut self, cx: &mut Context<'_>) -> Poll<S::Output> {
        let starts = match &self.state {
            State::Start(_) => true,
            State::InFlight(flight) => {
                S::BEGINS_ANEW && waitable::begins_anew(self.op.waitable(flight))
            }
            State::Finished => false,
        };
        if starts && !waitable::may_start(&mut self.ticket, cx.waker()) {
            return Poll::Pending;
        }
        let poll = self.poll_at_once(cx);
        waitable::wake_others();
        poll
    }

    /// The same, but never withheld, and who is told something in a pair is not woken yet:
    /// for what no task polls.
    #[track_caller]
    pub(super) fn poll_at_once(&mut self, cx: &mut Context<'_>) -> Poll<S::Output> {
        let mut spent = 0;
        let (flight, code, stage) = match mem::replace(&mut self.state, State::Finished) {
            State::Start(start) if !self.op.is_free(cx) => {
                self.state = State::Start(start);
                return Poll::Pending;
            }
            State::Start(start) => {
                let (code, flight) = self.op.start(start);
                // An event is counted by who takes it. This counts whatever becomes of it: the
                // payload's code may panic.
                spent = waitable::spend();
                count(Gauge::Operations);
                (flight, code, Stage::Start)
            }
            State::InFlight(flight) => {
                let waitable = self.op.waitable(&flight);
                match waitable::take(waitable) {
                    Some(payload) => {
                        if payload.begins_anew() {
                            spent = waitable::spend();
                        }
                        (flight, S::decode(payload), Stage::Event)
                    }
                    None => {
                        self.state = State::InFlight(flight);
                        self.wait(waitable, cx, false);
                        return Poll::Pending;
                    }
                }
            }
            State::Finished => panic!("{} was polled after it finished", self.op.name()),
        };
        match self.advance(flight, code, stage) {
            Some(output) => Poll::Ready(output),
            None => {
                // Its event will count.
                waitable::give_back(spent);
                if let State::InFlight(flight) = &self.state {
                    self.wait(self.op.waitable(flight), cx, stage == Stage::Start);
                }
                Poll::Pending
            }
        }
    }

    #[track_caller]
    fn wait(&self, waitable: Waitable, cx: &Context<'_>, begins: bool) {
        let begins = begins.then(|| Begins {
            needs_task: self.op.needs_its_task(),
            is_call: self.op.is_call(),
        });
        assert!(
            waitable::wait(waitable, cx.waker(), begins),
            "{} was polled outside of a task: it has to wait for {waitable:?}, and only an \
             async export or `block_on` can",
            self.op.name(),
        );
    }

    /// Edge ③ or ④.
    ///
    /// # Panics
    ///
    /// When called after the operation was ready or cancelled, and where the ABI
    /// forbids to cancel.
    #[track_caller]
    pub(crate) fn cancel(&mut self) -> S::Cancelled {
        assert!(
            !self.is_finished(),
            "{} was cancelled after it finished",
            self.op.name()
        );
        match self.try_cancel() {
            Some(cancelled) => cancelled,
            None => panic!("{} {NOT_HERE}", self.op.name()),
        }
    }

    /// The same; `None` where the ABI forbids to cancel, and when it has finished.
    pub(crate) fn try_cancel(&mut self) -> Option<S::Cancelled> {
        let flight = match mem::replace(&mut self.state, State::Finished) {
            State::Start(start) => match self.op.cancel_unstarted(start) {
                Ok(cancelled) => return Some(cancelled),
                Err(start) => {
                    self.state = State::Start(start);
                    return None;
                }
            },
            State::InFlight(flight) => flight,
            State::Finished => return None,
        };
        let flight = match self.finish(flight) {
            Ok(output) => return Some(self.op.settled(output)),
            Err(flight) => flight,
        };
        if !waitable::may_cancel() {
            self.state = State::InFlight(flight);
            return None;
        }
        Some(self.cancel_in_flight(flight))
    }

    /// Applies the event that was delivered, if there is one, which settles the
    /// matter without the host; the handle may stay in its set then.
    fn finish(&mut self, flight: S::Flight) -> Result<S::Output, S::Flight> {
        let Some(payload) = waitable::take(self.op.waitable(&flight)) else {
            return Err(flight);
        };
        match self.advance(flight, S::decode(payload), Stage::Cancel) {
            Some(output) => Ok(output),
            None => match mem::replace(&mut self.state, State::Finished) {
                State::InFlight(flight) => Err(flight),
                _ => unreachable!("an operation that goes on is in flight"),
            },
        }
    }

    fn cancel_in_flight(&mut self, mut flight: S::Flight) -> S::Cancelled {
        let waitable = self.op.waitable(&flight);
        let left = waitable::leave(waitable);
        let code = waitable::preserve(|| self.op.cancel(&mut flight));
        let Some(output) = self.advance(flight, code, Stage::Cancel) else {
            panic!("the host cancelled {} without an end", self.op.name());
        };
        // The waker goes last, for its destructor may panic; and not at the end of
        // the scope, where what is returned would leak then.
        drop(left);
        self.op.settled(output)
    }

    /// Applies a code: `None` if the operation goes on.
    ///
    /// Inlined, as are [`WaitableOp::start`] and [`WaitableOp::advance`] of streams: what is in
    /// flight passes through them, and would be copied each time.
    #[inline(always)]
    fn advance(&mut self, flight: S::Flight, code: S::Code, stage: Stage) -> Option<S::Output> {
        // What finishes in the call that starts it never was anywhere.
        let waitable = (stage != Stage::Start).then(|| self.op.waitable(&flight));
        // Before the payload's code runs, which may panic: the operation is
        // over then as well.
        uncount(Gauge::Operations);
        match self.op.advance(flight, code, stage) {
            Progress::Pending(flight) => {
                count(Gauge::Operations);
                self.state = State::InFlight(flight);
                None
            }
            Progress::Done(output) => {
                if let Some(waitable) = waitable {
                    waitable::over(waitable);
                }
                Some(output)
            }
        }
    }
}

impl<S: WaitableOp> Future for WaitableOperation<S> {
    type Output = S::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<S::Output> {
        self.poll_complete(cx)
    }
}

impl<S: WaitableOp> Adrift for WaitableOperation<S> {
    fn notice(&mut self) -> bool {
        match mem::replace(&mut self.state, State::Finished) {
            State::InFlight(flight) => match self.finish(flight) {
                Ok(output) => drop(output),
                Err(flight) => self.state = State::InFlight(flight),
            },
            State::Start(_) | State::Finished => {}
        }
        self.is_finished()
    }

    fn stop(&mut self) {
        drop(self.cancel());
    }

    fn is_asked(&mut self) {
        if let State::InFlight(flight) = &mut self.state {
            self.op.is_asked(flight);
        }
    }

    fn hears(&mut self, answer: Payload) -> bool {
        if let State::InFlight(flight) = mem::replace(&mut self.state, State::Finished) {
            let output = self.advance(flight, S::decode(answer), Stage::Cancel);
            drop(output.map(|output| self.op.settled(output)));
        }
        self.is_finished()
    }
}

impl<S: WaitableOp> WaitableOperation<S> {
    /// Edge ③, ④ or ⑤: the future is gone.
    fn let_go(&mut self) {
        let flight = match mem::replace(&mut self.state, State::Finished) {
            State::Start(start) => return drop(self.op.unstarted(start)),
            State::InFlight(flight) => flight,
            State::Finished => return,
        };
        let Err(flight) = self.op.keep(flight) else {
            return;
        };
        let flight = match self.finish(flight) {
            Ok(output) => return drop(self.op.settled(output)),
            Err(flight) => flight,
        };
        let waitable = self.op.waitable(&flight);
        if waitable::may_cancel() {
            if self.op.is_call()
                && let Some(ask) = waitable::is_to_be_asked(waitable)
            {
                return match self.op.go_adrift(flight) {
                    Ok(operation) => waitable::ask_for(waitable, operation, ask),
                    Err(flight) => drop(self.cancel_in_flight(flight)),
                };
            }
            return drop(self.cancel_in_flight(flight));
        }
        match self.op.go_adrift(flight) {
            Ok(operation) => waitable::leave_alone(waitable, operation),
            Err(flight) => drop(self.cancel_in_flight(flight)),
        }
    }
}

impl<S: WaitableOp> Drop for WaitableOperation<S> {
    fn drop(&mut self) {
        self.let_go();
    }
}
