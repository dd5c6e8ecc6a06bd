//! Resources as parameters and results.

use std::pin::pin;

use guest_support::check::in_flight;

use crate::bindings::test::imports::peer::{self, Thing};

pub async fn own_parameters() {
    for wait in [false, true] {
        assert_eq!(peer::take(wait, Thing::new("one")).await, "one");
        assert_eq!(peer::stats().things, 0, "the peer destroyed what it took");
        let things = (0..100).map(|n| Thing::new(&n.to_string())).collect();
        assert_eq!(peer::take_all(wait, things).await, 100);
        assert_eq!(peer::take_all(wait, vec![]).await, 0);
        assert_eq!(peer::stats().things, 0);
    }
}

pub async fn own_results() {
    for wait in [false, true] {
        let thing = peer::make(wait, "one".into()).await;
        assert_eq!(thing.label(), "one");
        assert_eq!(peer::stats().things, 1);
        drop(thing);
        let things = peer::make_all(wait, vec!["a".into(), "b".into()]).await;
        assert_eq!(things.iter().map(Thing::label).collect::<String>(), "ab");
        assert_eq!(peer::stats().things, 2);
        drop(things);
        assert_eq!(peer::stats().things, 0);
    }
}

pub async fn borrowed_parameters() {
    let first = Thing::new("a");
    let second = Thing::new("b");
    assert_eq!(peer::look(false, &first, &second).await, "ab");
    {
        let mut call = pin!(peer::look(true, &first, &second));
        in_flight(&mut call).await;
        // A lent resource can be used while it is lent, and lent again.
        assert_eq!(first.label(), "a");
        assert_eq!(peer::look(true, &second, &first).await, "ba");
        assert_eq!(peer::look(true, &first, &first).await, "aa");
        assert_eq!(call.await, "ab");
    }
    drop(first);
    drop(second);
    assert_eq!(peer::stats().things, 0);
}

pub async fn resource_methods() {
    for wait in [false, true] {
        let first = Thing::new("a");
        assert_eq!(first.prefix(wait, "-text".into()).await, "a-text");
        let merged = Thing::merge(wait, first, Thing::new("b")).await;
        assert_eq!(merged.label(), "ab");
        assert_eq!(peer::stats().things, 1);
        drop(merged);
        assert_eq!(peer::stats().things, 0);
    }
}
