//! Numbers.

use std::cell::{Cell, RefCell};
use std::future::pending;

use guest_support::ledger::Booked;

use super::Leaf;
use crate::bindings::exports::test::chains::numbers::{Guest, GuestNumber, Number, NumberBorrow};
use crate::runtime::yield_async;

thread_local! {
    static KEPT: RefCell<Option<Number>> = const { RefCell::new(None) };
    static WAITING: Cell<u32> = const { Cell::new(0) };
}

/// What a number is where it is not wrapped.
pub struct Value {
    value: Cell<f64>,
    uses: Cell<u32>,
    _booked: Booked,
}

impl Value {
    pub fn of(value: f64) -> Value {
        Value {
            value: Cell::new(value),
            uses: Cell::new(0),
            _booked: Booked::new("number 0"),
        }
    }

    pub fn get(&self) -> f64 {
        self.uses.set(self.uses.get() + 1);
        self.value.get()
    }
}

/// Counts a call while it waits.
struct Waiting;

impl Waiting {
    fn new() -> Waiting {
        WAITING.set(WAITING.get() + 1);
        Waiting
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.set(WAITING.get() - 1);
    }
}

impl Guest for Leaf {
    type Number = Value;

    fn depth() -> u32 {
        0
    }

    fn keep(number: Number) {
        KEPT.set(Some(number));
    }

    fn take() -> Option<Number> {
        KEPT.take()
    }

    async fn keep_later(number: Number) {
        yield_async().await;
        KEPT.set(Some(number));
    }

    async fn take_later() -> Option<Number> {
        yield_async().await;
        KEPT.take()
    }
}

impl GuestNumber for Value {
    fn new(value: f64) -> Value {
        Value::of(value)
    }

    fn of_parts(whole: f64, part: f32) -> Number {
        Number::new(Value::of(whole + f64::from(part)))
    }

    async fn of_parts_later(whole: f64, part: f32) -> Number {
        yield_async().await;
        Self::of_parts(whole, part)
    }

    fn value(&self) -> f64 {
        self.get()
    }

    async fn value_later(&self) -> f64 {
        yield_async().await;
        self.get()
    }

    fn scale(&self, by: f32) -> (f64, f64) {
        let before = self.get();
        self.value.set(before * f64::from(by));
        (self.value.get(), before)
    }

    async fn scale_later(&self, by: f32) -> (f64, f64) {
        yield_async().await;
        self.scale(by)
    }

    fn add(a: NumberBorrow<'_>, b: NumberBorrow<'_>) -> Number {
        let (a, b) = (a.get::<Value>().get(), b.get::<Value>().get());
        Number::new(Value::of(a + b))
    }

    async fn add_later(a: NumberBorrow<'_>, b: NumberBorrow<'_>) -> Number {
        let before = a.get::<Value>().get();
        yield_async().await;
        Number::new(Value::of(before + b.get::<Value>().get()))
    }

    async fn add_never(a: NumberBorrow<'_>, b: NumberBorrow<'_>) -> Number {
        let _waiting = Waiting::new();
        a.get::<Value>().get();
        pending::<()>().await;
        b.get::<Value>().get();
        unreachable!("it waits for ever")
    }

    fn waiting() -> u32 {
        WAITING.get()
    }

    fn uses(&self) -> Vec<u32> {
        vec![self.uses.get()]
    }
}
