//! Nests that wrap nests, whose things wrap things.

use guest_support::ledger::Booked;

use super::{Middle, booked, things};
use crate::bindings::exports::test::chains::nests::{Guest, GuestNest, Nest};
use crate::bindings::exports::test::chains::things::{Choice, Pair, Thing, ThingBorrow};
use crate::bindings::test::chains::nests as below;
use crate::bindings::test::chains::things as below_things;

/// What a nest is here.
pub struct Wrapped {
    // Before what it wraps: the outermost destructor is noted first.
    _booked: Booked,
    inner: below::Nest,
}

impl Wrapped {
    fn of(inner: below::Nest) -> Wrapped {
        Wrapped {
            _booked: booked("nest"),
            inner,
        }
    }
}

fn wrap(inner: below::Nest) -> Nest {
    Nest::new(Wrapped::of(inner))
}

fn unwrap(nest: Nest) -> below::Nest {
    nest.into_inner::<Wrapped>().inner
}

fn wrap_each(
    (first, second): (below::Nest, Result<below::Nest, below_things::Choice>),
) -> (Nest, Result<Nest, Choice>) {
    (wrap(first), second.map(wrap).map_err(things::wrap_choice))
}

impl Guest for Middle {
    type Nest = Wrapped;

    fn gather(nests: Vec<Nest>) -> Option<Nest> {
        below::gather(nests.into_iter().map(unwrap).collect()).map(wrap)
    }

    async fn gather_later(nests: Vec<Nest>) -> Option<Nest> {
        let nests = nests.into_iter().map(unwrap).collect();
        below::gather_later(nests).await.map(wrap)
    }

    fn nest_each(pair: Pair) -> (Nest, Result<Nest, Choice>) {
        wrap_each(below::nest_each(things::unwrap_pair(pair)))
    }

    async fn nest_each_later(pair: Pair) -> (Nest, Result<Nest, Choice>) {
        wrap_each(below::nest_each_later(things::unwrap_pair(pair)).await)
    }
}

impl GuestNest for Wrapped {
    fn new(first: Thing) -> Wrapped {
        Wrapped::of(below::Nest::new(things::unwrap(first)))
    }

    fn put(&self, thing: Thing) -> u32 {
        self.inner.put(things::unwrap(thing))
    }

    async fn put_later(&self, thing: Thing) -> u32 {
        self.inner.put_later(things::unwrap(thing)).await
    }

    fn take(&self) -> Option<Thing> {
        self.inner.take().map(things::wrap)
    }

    async fn take_later(&self) -> Option<Thing> {
        self.inner.take_later().await.map(things::wrap)
    }

    fn has(&self, like: ThingBorrow<'_>) -> (Vec<String>, bool) {
        self.inner.has(things::lent(&like))
    }

    async fn has_later(&self, like: ThingBorrow<'_>) -> (Vec<String>, bool) {
        self.inner.has_later(things::lent(&like)).await
    }
}
