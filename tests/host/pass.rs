//! `pass: async func(value: T) -> T`, an import of any payload: what it gets it returns.
//!
//! Its slots are those of the payload's table, and panic where that is planned.

use super::fault::{self, Site};
use super::imports::{Body, Import, Offered};
use super::vtables::Wire;
use super::{Host, enter, host, trap};
use std::alloc::Layout;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use wit_async::rt::async_support::Subtask;

/// Who is called.
pub trait Callee {
    /// Takes a call; what is returned is its packed status.
    fn call(&self, host: &Rc<Host>, params: *mut u8, results: *mut u8, bodies: [Body; 2]) -> u32;

    /// What was done to the parameters.
    fn freed(&self, _how: &'static str) {}
}

impl Callee for Import {
    fn call(&self, host: &Rc<Host>, params: *mut u8, results: *mut u8, bodies: [Body; 2]) -> u32 {
        self.invoke(host, params, results, bodies)
    }

    fn freed(&self, how: &'static str) {
        self.freed.borrow_mut().push(how);
    }
}

/// Without a size.
impl Callee for Offered {
    fn call(&self, host: &Rc<Host>, params: *mut u8, results: *mut u8, bodies: [Body; 2]) -> u32 {
        self.import().invoke(host, params, results, bodies)
    }

    fn freed(&self, how: &'static str) {
        self.import().freed.borrow_mut().push(how);
    }
}

/// The import. It has a size if the callee has one.
pub struct Pass<T, C>(C, PhantomData<fn(T) -> T>);

impl<T, C: Callee> Pass<T, C> {
    pub fn to(callee: C) -> Pass<T, C> {
        Pass(callee, PhantomData)
    }
}

/// The parameter, at the start of the block.
#[derive(Copy, Clone)]
pub struct Lowered(*mut u8);

// SAFETY: the block is two values, the parameter and then the result; the slots of the
// payload write and read one each.
unsafe impl<T: Wire, C: Callee> Subtask for Pass<T, C> {
    type Params = T;
    type ParamsLower = Lowered;
    type Results = T;

    fn abi_layout(&mut self) -> Layout {
        let one = T::FUTURE.layout;
        Layout::from_size_align(2 * one.size(), one.align()).expect("it is small")
    }

    fn results_offset(&mut self) -> usize {
        T::FUTURE.layout.size()
    }

    unsafe fn call_import(&mut self, Lowered(params): Lowered, results: *mut u8) -> u32 {
        fault::at(Site::CallImport);
        let status = trap::guarded(|| {
            let _host = enter();
            let host = host();
            self.0.call(&host, params, results, echo::<T>(&host))
        });
        match trap::has_trapped() {
            // Something that is decoded without complaint.
            true => 1 << 4 | 1,
            false => status,
        }
    }

    unsafe fn params_lower(&mut self, value: T, to: *mut u8) -> Lowered {
        fault::at(Site::ParamsLower);
        // SAFETY: the block has room for it at its start.
        unsafe { (T::FUTURE.lower)(value, to) };
        Lowered(to)
    }

    unsafe fn params_dealloc_lists(&mut self, Lowered(at): Lowered) {
        self.0.freed("lists");
        // SAFETY: the contract of the slot: the callee has taken the rest.
        unsafe { (T::FUTURE.dealloc_lists)(at) };
        fault::at(Site::ParamsFree);
    }

    unsafe fn params_dealloc_lists_and_own(&mut self, Lowered(at): Lowered) {
        self.0.freed("lists and own");
        // SAFETY: the contract of the slot: everything is still ours.
        drop(unsafe { (T::FUTURE.lift)(at) });
        fault::at(Site::ParamsFreeOwn);
    }

    unsafe fn results_lift(&mut self, from: *mut u8) -> T {
        // SAFETY: the contract of the slot.
        let value = unsafe { (T::FUTURE.lift)(from) };
        fault::at(Site::ResultsLift);
        value
    }
}

/// What the callee does when it starts, and when it returns.
fn echo<T: Wire>(host: &Rc<Host>) -> [Body; 2] {
    let value = Rc::new(RefCell::new(None));
    let kept = Rc::clone(&value);
    let (from, to) = (Rc::clone(host.table()), Rc::clone(host.table()));
    let reads = move |params: *const u8, _: *mut u8| {
        // SAFETY: lent until the callee has started.
        let value = unsafe { T::TYPE.load(params, &from) };
        kept.replace(Some(value));
    };
    let writes = move |_: *const u8, results: *mut u8| {
        let value = value.take().expect("it has started, and returns once");
        // SAFETY: lent until the callee has returned.
        unsafe { T::TYPE.store(value, results, &to) };
    };
    [Box::new(reads), Box::new(writes)]
}
