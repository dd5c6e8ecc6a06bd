//! Imported async functions (canonical-abi.md §2.3, §4.3, §6.2).
//!
//! The test scripts how far the callee gets inside of the call, and drives the
//! rest through [`Call`].

use super::sites::Site;
use super::table::Object;
use super::tasks::Context;
use super::trap::trap;
use super::value::Text;
use super::{Blocked, Host, enter, host};
use std::alloc::Layout;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;
use wit_async::rt::async_support::Subtask;

/// State of a subtask, with the ABI's numbers.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum State {
    Starting = 0,
    Started = 1,
    Returned = 2,
    CancelledBeforeStarted = 3,
    CancelledBeforeReturned = 4,
}

impl State {
    fn is_resolved(self) -> bool {
        self as u32 >= 2
    }
}

/// What the callee does when it is asked to stop while it runs.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum OnCancel {
    Confirm,
    Return,
    /// It resolves when it does, and the cancel blocks until then.
    Wait,
}

/// Reads parameters, writes results; the callee.
pub type Body = Box<dyn Fn(*const u8, *mut u8)>;

/// One call of an import.
pub struct Call {
    state: Cell<State>,
    /// What was delivered last.
    told: Cell<State>,
    cancel_requested: Cell<bool>,
    on_cancel: OnCancel,
    params: *const u8,
    results: *mut u8,
    reads: Body,
    writes: Body,
    /// What to do when the caller learns that the call has resolved.
    when_told: Cell<Option<Box<dyn FnOnce()>>>,
    /// The task that made the call.
    caller: Option<Rc<Context>>,
    /// On wasmtime it has to be there when the result is.
    needs_caller: bool,
}

impl Call {
    /// A call that the task which runs now makes.
    pub fn new(
        host: &Host,
        params: *const u8,
        results: *mut u8,
        on_cancel: OnCancel,
        [reads, writes]: [Body; 2],
    ) -> Rc<Call> {
        host.demand_may_leave();
        Rc::new(Call {
            state: Cell::new(State::Starting),
            told: Cell::new(State::Starting),
            cancel_requested: Cell::new(false),
            on_cancel,
            params,
            results,
            reads,
            writes,
            when_told: Cell::new(None),
            caller: host.running.borrow().last().cloned(),
            needs_caller: host.rules.get().results_need_task,
        })
    }

    /// What the caller is told at once. A subtask is made unless the call has
    /// returned.
    pub fn answer(self: &Rc<Call>, host: &Host) -> u32 {
        let state = self.state();
        if state == State::Returned {
            host.log(|| "import: Returned".to_owned());
            host.completes_at_once();
            self.tell();
            return state as u32;
        }
        self.told.set(state);
        let object = Object::Subtask(Rc::clone(self));
        let handle = host.table.borrow_mut().add(object);
        host.log(|| format!("import {handle}: {state:?}"));
        handle << 4 | state as u32
    }

    /// What to do when the caller learns that the call has resolved.
    pub fn when_told(&self, told: Box<dyn FnOnce()>) {
        self.when_told.set(Some(told));
    }

    fn tell(&self) {
        self.told.set(self.state.get());
        if self.is_resolved()
            && let Some(told) = self.when_told.take()
        {
            told();
        }
    }

    /// The task that made it, as long as it has not learnt how it ended.
    pub fn made_by(&self) -> Option<Rc<Context>> {
        self.caller
            .clone()
            .filter(|_| !self.told.get().is_resolved())
    }

    /// Whether the caller has learnt how it ended.
    pub fn is_told(&self) -> bool {
        self.told.get().is_resolved()
    }

    pub fn has_started(&self) -> bool {
        self.state.get() != State::Starting
    }

    /// Whether the caller wants it to stop.
    pub fn is_cancel_requested(&self) -> bool {
        self.cancel_requested.get()
    }

    pub fn is_resolved(&self) -> bool {
        self.state.get().is_resolved()
    }

    /// The callee confirms a cancel.
    pub fn confirm_cancel(&self) {
        assert_eq!(self.state.get(), State::Started);
        self.state.set(State::CancelledBeforeReturned);
    }

    pub fn state(&self) -> State {
        self.state.get()
    }

    /// The callee is admitted and reads its parameters.
    pub fn start(&self) {
        assert_eq!(self.state.get(), State::Starting);
        let _host = enter();
        (self.reads)(self.params, self.results);
        self.state.set(State::Started);
    }

    /// The callee returns and writes its results.
    pub fn resolve(&self) {
        if self.state.get() == State::Starting {
            self.start();
        }
        assert_eq!(self.state.get(), State::Started);
        if self.needs_caller && self.caller.as_ref().is_some_and(|task| task.has_exited()) {
            trap(
                Site::CallerExited,
                format_args!("the task that made the call has exited"),
            );
        }
        let _host = enter();
        (self.writes)(self.params, self.results);
        self.state.set(State::Returned);
    }

    pub fn has_event(&self) -> bool {
        self.state.get() != self.told.get()
    }

    /// The event, if there is one.
    pub(super) fn deliver(&self) -> Option<u32> {
        let state = self.state.get();
        if self.told.get() == state {
            return None;
        }
        self.tell();
        Some(state as u32)
    }

    /// `subtask.cancel`, synchronously.
    pub(super) fn cancel(self: &Rc<Call>, host: &Host) -> State {
        self.demand_cancel();
        if self.state.get() == State::Started && self.told.get() == State::Starting {
            trap(
                Site::CancelWithStarted,
                format_args!("the wait for the callee ends with a stale event"),
            );
        }
        self.is_asked();
        while !self.state.get().is_resolved() {
            host.demand_may_block(format_args!("subtask.cancel"));
            host.block(&Blocked::OnCall(Rc::clone(self)));
        }
        self.tell();
        self.state.get()
    }

    /// `subtask.cancel`, asynchronously. None: BLOCKED.
    pub(super) fn cancel_async(self: &Rc<Call>) -> Option<State> {
        self.demand_cancel();
        self.is_asked();
        self.state.get().is_resolved().then(|| {
            self.tell();
            self.state.get()
        })
    }

    /// The callee is asked to stop, and may answer at once.
    fn is_asked(&self) {
        match (self.state.get(), self.on_cancel) {
            (State::Starting, _) => self.state.set(State::CancelledBeforeStarted),
            (State::Started, OnCancel::Confirm) => self.state.set(State::CancelledBeforeReturned),
            (State::Started, OnCancel::Return) => {
                (self.writes)(self.params, self.results);
                self.state.set(State::Returned);
            }
            _ => {}
        }
    }

    fn demand_cancel(&self) {
        if self.told.get().is_resolved() {
            trap(
                Site::CancelOfDelivered,
                format_args!("a subtask that is known to be {:?}", self.told.get()),
            );
        }
        if self.cancel_requested.replace(true) {
            trap(
                Site::CancelTwice,
                format_args!("a subtask that is {:?} is cancelled again", self.state()),
            );
        }
    }

    pub(super) fn demand_delivered(&self) {
        if !self.told.get().is_resolved() {
            trap(
                Site::DropOfUndelivered,
                format_args!("a subtask that is {:?}", self.state.get()),
            );
        }
    }
}

/// How far the callee gets before the call returns.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Until {
    Starting,
    Started,
    Returned,
}

/// What the test knows of an import: the calls that were made.
#[derive(Clone)]
pub struct Import {
    until: Rc<Cell<Until>>,
    on_cancel: OnCancel,
    calls: Rc<RefCell<Vec<Rc<Call>>>>,
    /// Names of what was done to the parameters.
    pub freed: Rc<RefCell<Vec<&'static str>>>,
}

impl Import {
    pub fn new(until: Until) -> Import {
        Import::that(until, OnCancel::Confirm)
    }

    pub fn that(until: Until, on_cancel: OnCancel) -> Import {
        Import {
            until: Rc::new(Cell::new(until)),
            on_cancel,
            calls: Rc::default(),
            freed: Rc::default(),
        }
    }

    /// The calls that were made and did not return at once.
    pub fn call(&self, index: usize) -> Rc<Call> {
        Rc::clone(&self.calls.borrow()[index])
    }

    /// The call that was made last; the ones before are forgotten.
    pub fn call_now(&self) -> Rc<Call> {
        let _host = enter();
        let mut calls = self.calls.borrow_mut();
        let call = calls.pop().expect("a call was made");
        calls.clear();
        call
    }

    pub(super) fn invoke(
        &self,
        host: &Host,
        params: *const u8,
        results: *mut u8,
        bodies: [Body; 2],
    ) -> u32 {
        let call = Call::new(host, params, results, self.on_cancel, bodies);
        match self.until.get() {
            _ if host.rules.get().calls_return_at_once => call.resolve(),
            Until::Starting => {}
            Until::Started => call.start(),
            Until::Returned => call.resolve(),
        }
        if call.state() != State::Returned {
            self.calls.borrow_mut().push(Rc::clone(&call));
        }
        call.answer(host)
    }
}

/// `shout: async func(text: string) -> string`, with the parameters in memory, so
/// that the block holds both. The result is the text in capitals.
pub struct Shout(pub Import);

/// A lowered parameter.
#[derive(Copy, Clone)]
pub struct Lowered(*mut u8);

// SAFETY: the block is two strings, the parameter and then the result.
unsafe impl Subtask for Shout {
    type Params = String;
    type ParamsLower = Lowered;
    type Results = String;

    fn abi_layout(&mut self) -> Layout {
        Layout::new::<[Text; 2]>()
    }

    fn results_offset(&mut self) -> usize {
        size_of::<Text>()
    }

    unsafe fn call_import(&mut self, params: Lowered, results: *mut u8) -> u32 {
        let _host = enter();
        let heard = Rc::new(RefCell::new(String::new()));
        let said = Rc::clone(&heard);
        let reads = move |params: *const u8, _: *mut u8| {
            // SAFETY: lent until the callee has started.
            unsafe {
                let text = &*params.cast::<Text>();
                let bytes = std::slice::from_raw_parts(text.start, text.length);
                *heard.borrow_mut() = String::from_utf8_lossy(bytes).to_uppercase();
            }
        };
        let writes = move |_: *const u8, results: *mut u8| {
            let text = Text::lower(said.borrow().clone());
            // SAFETY: lent until the callee has returned.
            unsafe { results.cast::<Text>().write(text) }
        };
        self.0.invoke(
            &host(),
            params.0,
            results,
            [Box::new(reads), Box::new(writes)],
        )
    }

    unsafe fn params_lower(&mut self, params: String, to: *mut u8) -> Lowered {
        // SAFETY: the block has room for a string at its start.
        unsafe { to.cast::<Text>().write(Text::lower(params)) };
        Lowered(to)
    }

    unsafe fn params_dealloc_lists(&mut self, Lowered(at): Lowered) {
        self.0.freed.borrow_mut().push("lists");
        // SAFETY: the contract of the slot.
        drop(unsafe { at.cast::<Text>().read().lift() });
    }

    unsafe fn params_dealloc_lists_and_own(&mut self, Lowered(at): Lowered) {
        self.0.freed.borrow_mut().push("lists and own");
        // SAFETY: the contract of the slot.
        drop(unsafe { at.cast::<Text>().read().lift() });
    }

    unsafe fn results_lift(&mut self, from: *mut u8) -> String {
        // SAFETY: the contract of the slot.
        let text = unsafe { from.cast::<Text>().read().lift() };
        assert!(text != "LIFT!", "a result panics as it was told to");
        text
    }
}

/// `double: async func(number: u32) -> u32`, with a flat parameter.
pub struct Double(pub Import);

// SAFETY: the block is the result.
unsafe impl Subtask for Double {
    type Params = u32;
    type ParamsLower = u32;
    type Results = u32;

    fn abi_layout(&mut self) -> Layout {
        Layout::new::<u32>()
    }

    fn results_offset(&mut self) -> usize {
        0
    }

    unsafe fn call_import(&mut self, number: u32, results: *mut u8) -> u32 {
        let _host = enter();
        // SAFETY: lent until the callee has returned.
        let writes = move |_: *const u8, results: *mut u8| unsafe {
            results.cast::<u32>().write(2 * number)
        };
        let none = std::ptr::null();
        self.0.invoke(
            &host(),
            none,
            results,
            [Box::new(|_, _| {}), Box::new(writes)],
        )
    }

    unsafe fn params_lower(&mut self, number: u32, _: *mut u8) -> u32 {
        number
    }

    unsafe fn params_dealloc_lists(&mut self, _: u32) {}

    unsafe fn params_dealloc_lists_and_own(&mut self, _: u32) {}

    unsafe fn results_lift(&mut self, from: *mut u8) -> u32 {
        // SAFETY: the contract of the slot.
        unsafe { from.cast::<u32>().read() }
    }
}

thread_local! {
    static OFFERED: RefCell<Option<Import>> = const { RefCell::new(None) };
}

/// [`Shout`] without a size, like what bindings have: it is found when it is called.
/// The result is made an `R`.
pub struct Offered<R = String>(PhantomData<R>);

impl Offered {
    pub fn new(import: &Import) -> Offered {
        Offered::with(import)
    }
}

impl<R> Offered<R> {
    pub fn with(import: &Import) -> Offered<R> {
        OFFERED.set(Some(import.clone()));
        Offered(PhantomData)
    }

    /// What was offered last.
    pub fn import(&self) -> Import {
        OFFERED.with_borrow(|import| import.clone().expect("it was offered"))
    }

    fn shout(&self) -> Shout {
        Shout(self.import())
    }
}

// SAFETY: that of the other one.
unsafe impl<R: From<String>> Subtask for Offered<R> {
    type Params = String;
    type ParamsLower = Lowered;
    type Results = R;

    fn abi_layout(&mut self) -> Layout {
        self.shout().abi_layout()
    }

    fn results_offset(&mut self) -> usize {
        self.shout().results_offset()
    }

    unsafe fn call_import(&mut self, params: Lowered, results: *mut u8) -> u32 {
        // SAFETY: the contract of this function.
        unsafe { self.shout().call_import(params, results) }
    }

    unsafe fn params_lower(&mut self, params: String, to: *mut u8) -> Lowered {
        // SAFETY: the contract of this function.
        unsafe { self.shout().params_lower(params, to) }
    }

    unsafe fn params_dealloc_lists(&mut self, lowered: Lowered) {
        // SAFETY: the contract of this function.
        unsafe { self.shout().params_dealloc_lists(lowered) }
    }

    unsafe fn params_dealloc_lists_and_own(&mut self, lowered: Lowered) {
        // SAFETY: the contract of this function.
        unsafe { self.shout().params_dealloc_lists_and_own(lowered) }
    }

    unsafe fn results_lift(&mut self, from: *mut u8) -> R {
        // SAFETY: the contract of this function.
        R::from(unsafe { self.shout().results_lift(from) })
    }
}
