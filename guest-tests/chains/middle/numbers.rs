//! Numbers that wrap numbers.

use std::cell::Cell;

use guest_support::ledger::Booked;

use super::{Middle, booked};
use crate::bindings::exports::test::chains::numbers::{Guest, GuestNumber, Number, NumberBorrow};
use crate::bindings::test::chains::numbers as below;

/// What a number is here.
pub struct Wrapped {
    uses: Cell<u32>,
    // Before what it wraps: the outermost destructor is noted first.
    _booked: Booked,
    inner: below::Number,
}

impl Wrapped {
    fn of(inner: below::Number) -> Wrapped {
        Wrapped {
            uses: Cell::new(0),
            _booked: booked("number"),
            inner,
        }
    }

    /// Uses the representation, and lends what it wraps.
    fn lend(&self) -> &below::Number {
        self.uses.set(self.uses.get() + 1);
        &self.inner
    }
}

/// A number of this component around one of the component below.
pub fn wrap(inner: below::Number) -> Number {
    Number::new(Wrapped::of(inner))
}

/// What a number wraps. The number itself is gone.
pub fn unwrap(number: Number) -> below::Number {
    number.into_inner::<Wrapped>().inner
}

fn lent<'a>(number: &'a NumberBorrow<'_>) -> &'a below::Number {
    number.get::<Wrapped>().lend()
}

impl Guest for Middle {
    type Number = Wrapped;

    fn depth() -> u32 {
        below::depth() + 1
    }

    fn keep(number: Number) {
        below::keep(unwrap(number));
    }

    fn take() -> Option<Number> {
        below::take().map(wrap)
    }

    async fn keep_later(number: Number) {
        below::keep_later(unwrap(number)).await;
    }

    async fn take_later() -> Option<Number> {
        below::take_later().await.map(wrap)
    }
}

impl GuestNumber for Wrapped {
    fn new(value: f64) -> Wrapped {
        Wrapped::of(below::Number::new(value))
    }

    fn of_parts(whole: f64, part: f32) -> Number {
        wrap(below::Number::of_parts(whole, part))
    }

    async fn of_parts_later(whole: f64, part: f32) -> Number {
        wrap(below::Number::of_parts_later(whole, part).await)
    }

    fn value(&self) -> f64 {
        self.lend().value()
    }

    async fn value_later(&self) -> f64 {
        self.lend().value_later().await
    }

    fn scale(&self, by: f32) -> (f64, f64) {
        self.lend().scale(by)
    }

    async fn scale_later(&self, by: f32) -> (f64, f64) {
        self.lend().scale_later(by).await
    }

    fn add(a: NumberBorrow<'_>, b: NumberBorrow<'_>) -> Number {
        wrap(below::Number::add(lent(&a), lent(&b)))
    }

    async fn add_later(a: NumberBorrow<'_>, b: NumberBorrow<'_>) -> Number {
        wrap(below::Number::add_later(lent(&a), lent(&b)).await)
    }

    async fn add_never(a: NumberBorrow<'_>, b: NumberBorrow<'_>) -> Number {
        wrap(below::Number::add_never(lent(&a), lent(&b)).await)
    }

    fn waiting() -> u32 {
        below::Number::waiting()
    }

    fn uses(&self) -> Vec<u32> {
        let mut uses = self.inner.uses();
        uses.push(self.uses.get());
        uses
    }
}
