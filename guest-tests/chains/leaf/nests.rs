//! Nests, which hold things.

use std::cell::RefCell;

use guest_support::ledger::Booked;

use super::{Leaf, things};
use crate::bindings::exports::test::chains::nests::{Guest, GuestNest, Nest};
use crate::bindings::exports::test::chains::things::{
    Choice, GuestThing, Pair, Thing, ThingBorrow,
};
use crate::runtime::yield_async;

/// What a nest is where it is not wrapped.
pub struct Held {
    _booked: Booked,
    things: RefCell<Vec<Thing>>,
}

impl Held {
    fn of(first: Thing) -> Held {
        Held {
            _booked: Booked::new("nest 0"),
            things: RefCell::new(vec![first]),
        }
    }
}

impl Guest for Leaf {
    type Nest = Held;

    fn gather(nests: Vec<Nest>) -> Option<Nest> {
        let mut nests = nests.into_iter();
        let first = nests.next()?;
        for nest in nests {
            let things = nest.into_inner::<Held>().things.into_inner();
            first.get::<Held>().things.borrow_mut().extend(things);
        }
        Some(first)
    }

    async fn gather_later(nests: Vec<Nest>) -> Option<Nest> {
        yield_async().await;
        Self::gather(nests)
    }

    fn nest_each(pair: Pair) -> (Nest, Result<Nest, Choice>) {
        let first = Nest::new(Held::of(pair.first));
        let second = match things::name(&pair.second).as_str() {
            "" => Err(Choice::One(pair.second)),
            _ => Ok(Nest::new(Held::of(pair.second))),
        };
        (first, second)
    }

    async fn nest_each_later(pair: Pair) -> (Nest, Result<Nest, Choice>) {
        yield_async().await;
        Self::nest_each(pair)
    }
}

impl GuestNest for Held {
    fn new(first: Thing) -> Held {
        Held::of(first)
    }

    fn put(&self, thing: Thing) -> u32 {
        let mut things = self.things.borrow_mut();
        things.push(thing);
        u32::try_from(things.len()).expect("few")
    }

    async fn put_later(&self, thing: Thing) -> u32 {
        yield_async().await;
        self.put(thing)
    }

    fn take(&self) -> Option<Thing> {
        self.things.borrow_mut().pop()
    }

    async fn take_later(&self) -> Option<Thing> {
        yield_async().await;
        self.take()
    }

    fn has(&self, like: ThingBorrow<'_>) -> (Vec<String>, bool) {
        let names: Vec<String> = self.things.borrow().iter().map(things::name).collect();
        let has = names.contains(&like.get::<things::Named>().name());
        (names, has)
    }

    async fn has_later(&self, like: ThingBorrow<'_>) -> (Vec<String>, bool) {
        yield_async().await;
        self.has(like)
    }
}
