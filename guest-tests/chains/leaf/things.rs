//! Things, and free functions of them.

use guest_support::ledger::Booked;

use super::Leaf;
use crate::bindings::exports::test::chains::things::{
    Choice, Guest, GuestThing, Look, Pair, Thing, ThingBorrow,
};
use crate::runtime::yield_async;

/// What a thing is where it is not wrapped.
pub struct Named {
    name: String,
    _booked: Booked,
}

impl Named {
    fn of(name: String) -> Named {
        Named {
            name,
            _booked: Booked::new("thing 0"),
        }
    }
}

/// The name of a thing of this component.
pub fn name(thing: &Thing) -> String {
    thing.get::<Named>().name.clone()
}

impl GuestThing for Named {
    fn new(name: String) -> Named {
        Named::of(name)
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

impl Guest for Leaf {
    type Thing = Named;

    fn merge(a: Thing, b: Thing) -> Thing {
        Thing::new(Named::of(name(&a) + &name(&b)))
    }

    async fn merge_later(a: Thing, b: Thing) -> Thing {
        yield_async().await;
        Self::merge(a, b)
    }

    fn look_at(looks: Vec<Look<'_>>, more: Option<ThingBorrow<'_>>) -> Vec<String> {
        let looks = looks
            .iter()
            .map(|look| format!("{}: {}", look.note, look.at.get::<Named>().name));
        let more = more.iter().map(|thing| thing.get::<Named>().name.clone());
        looks.chain(more).collect()
    }

    async fn look_at_later(looks: Vec<Look<'_>>, more: Option<ThingBorrow<'_>>) -> Vec<String> {
        yield_async().await;
        Self::look_at(looks, more)
    }

    fn swap(pair: Pair) -> Pair {
        Pair {
            first: pair.second,
            second: pair.first,
        }
    }

    async fn swap_later(pair: Pair) -> Pair {
        yield_async().await;
        Self::swap(pair)
    }

    fn sort(mut things: Vec<Thing>) -> (Vec<Thing>, Option<Thing>) {
        things.sort_by_key(name);
        let last = things.pop();
        (things, last)
    }

    async fn sort_later(things: Vec<Thing>) -> (Vec<Thing>, Option<Thing>) {
        yield_async().await;
        Self::sort(things)
    }

    fn choose(choice: Choice) -> Result<Choice, Option<Thing>> {
        match choice {
            Choice::None => Err(None),
            Choice::Many(mut things) if things.len() == 1 => Err(things.pop()),
            chosen => Ok(chosen),
        }
    }

    async fn choose_later(choice: Choice) -> Result<Choice, Option<Thing>> {
        yield_async().await;
        Self::choose(choice)
    }
}
