//! Things that wrap things, in every aggregate.

use guest_support::ledger::Booked;

use super::{Middle, booked};
use crate::bindings::exports::test::chains::things::{
    Choice, Guest, GuestThing, Look, Pair, Thing, ThingBorrow,
};
use crate::bindings::test::chains::things as below;

/// What a thing is here.
pub struct Wrapped {
    // Before what it wraps: the outermost destructor is noted first.
    _booked: Booked,
    inner: below::Thing,
}

impl Wrapped {
    fn of(inner: below::Thing) -> Wrapped {
        Wrapped {
            _booked: booked("thing"),
            inner,
        }
    }
}

pub fn wrap(inner: below::Thing) -> Thing {
    Thing::new(Wrapped::of(inner))
}

pub fn unwrap(thing: Thing) -> below::Thing {
    thing.into_inner::<Wrapped>().inner
}

pub fn lent<'a>(thing: &'a ThingBorrow<'_>) -> &'a below::Thing {
    &thing.get::<Wrapped>().inner
}

fn lent_looks<'a>(looks: &'a [Look<'_>]) -> Vec<below::Look<'a>> {
    let lent = looks.iter().map(|look| below::Look {
        at: lent(&look.at),
        note: look.note.clone(),
    });
    lent.collect()
}

pub fn unwrap_pair(pair: Pair) -> below::Pair {
    below::Pair {
        first: unwrap(pair.first),
        second: unwrap(pair.second),
    }
}

fn wrap_pair(pair: below::Pair) -> Pair {
    Pair {
        first: wrap(pair.first),
        second: wrap(pair.second),
    }
}

fn unwrap_choice(choice: Choice) -> below::Choice {
    match choice {
        Choice::None => below::Choice::None,
        Choice::One(thing) => below::Choice::One(unwrap(thing)),
        Choice::Many(things) => below::Choice::Many(things.into_iter().map(unwrap).collect()),
        Choice::Both(pair) => below::Choice::Both(unwrap_pair(pair)),
    }
}

pub fn wrap_choice(choice: below::Choice) -> Choice {
    match choice {
        below::Choice::None => Choice::None,
        below::Choice::One(thing) => Choice::One(wrap(thing)),
        below::Choice::Many(things) => Choice::Many(things.into_iter().map(wrap).collect()),
        below::Choice::Both(pair) => Choice::Both(wrap_pair(pair)),
    }
}

fn wrap_sorted(sorted: (Vec<below::Thing>, Option<below::Thing>)) -> (Vec<Thing>, Option<Thing>) {
    (sorted.0.into_iter().map(wrap).collect(), sorted.1.map(wrap))
}

fn wrap_chosen(
    chosen: Result<below::Choice, Option<below::Thing>>,
) -> Result<Choice, Option<Thing>> {
    chosen.map(wrap_choice).map_err(|thing| thing.map(wrap))
}

impl GuestThing for Wrapped {
    fn new(name: String) -> Wrapped {
        Wrapped::of(below::Thing::new(&name))
    }

    fn name(&self) -> String {
        self.inner.name()
    }
}

impl Guest for Middle {
    type Thing = Wrapped;

    fn merge(a: Thing, b: Thing) -> Thing {
        wrap(below::merge(unwrap(a), unwrap(b)))
    }

    async fn merge_later(a: Thing, b: Thing) -> Thing {
        wrap(below::merge_later(unwrap(a), unwrap(b)).await)
    }

    fn look_at(looks: Vec<Look<'_>>, more: Option<ThingBorrow<'_>>) -> Vec<String> {
        below::look_at(&lent_looks(&looks), more.as_ref().map(lent))
    }

    async fn look_at_later(looks: Vec<Look<'_>>, more: Option<ThingBorrow<'_>>) -> Vec<String> {
        below::look_at_later(lent_looks(&looks), more.as_ref().map(lent)).await
    }

    fn swap(pair: Pair) -> Pair {
        wrap_pair(below::swap(unwrap_pair(pair)))
    }

    async fn swap_later(pair: Pair) -> Pair {
        wrap_pair(below::swap_later(unwrap_pair(pair)).await)
    }

    fn sort(things: Vec<Thing>) -> (Vec<Thing>, Option<Thing>) {
        wrap_sorted(below::sort(things.into_iter().map(unwrap).collect()))
    }

    async fn sort_later(things: Vec<Thing>) -> (Vec<Thing>, Option<Thing>) {
        wrap_sorted(below::sort_later(things.into_iter().map(unwrap).collect()).await)
    }

    fn choose(choice: Choice) -> Result<Choice, Option<Thing>> {
        wrap_chosen(below::choose(unwrap_choice(choice)))
    }

    async fn choose_later(choice: Choice) -> Result<Choice, Option<Thing>> {
        wrap_chosen(below::choose_later(unwrap_choice(choice)).await)
    }
}
