//! Resources in free functions, in aggregates, and in each other.

use guest_support::ledger;

use super::books::{assert_alive, assert_closed, kinds};
use crate::bindings::test::chains::nests::{self, Nest};
use crate::bindings::test::chains::things::{self, Choice, Look, Pair, Thing};

const WHAT: &str = "thing";
const NEST: &str = "nest";

fn thing(name: &str) -> Thing {
    Thing::new(name)
}

fn names(things: &[Thing]) -> Vec<String> {
    things.iter().map(Thing::name).collect()
}

fn pair(first: &str, second: &str) -> Pair {
    Pair {
        first: thing(first),
        second: thing(second),
    }
}

/// The leaf made so many; others at least as many, for what came back was wrapped again.
#[track_caller]
fn assert_made(what: &str, made: u64) {
    let mut kinds = kinds(what);
    let leaf = kinds.pop().expect("there is a leaf");
    assert_eq!(ledger::made(&leaf), made, "{leaf} made");
    let wrappers: Vec<u64> = kinds.iter().map(|kind| ledger::made(kind)).collect();
    assert!(
        wrappers.iter().all(|wrappers| *wrappers >= made),
        "{wrappers:?}"
    );
    // Each component wraps as often as the next.
    assert!(
        wrappers.windows(2).all(|pair| pair[0] == pair[1]),
        "{wrappers:?}"
    );
}

pub fn free_functions() {
    let merged = things::merge(thing("a"), thing("b"));
    assert_eq!(merged.name(), "ab");
    assert_alive(WHAT, 1);
    let merged = things::merge(merged, thing("c"));
    assert_eq!(merged.name(), "abc");
    assert_alive(WHAT, 1);
    ledger::closings();
    drop(merged);
    assert_closed(WHAT);
    assert_made(WHAT, 5);
}

pub async fn free_functions_later() {
    let merged = things::merge_later(thing("a"), thing("b")).await;
    assert_eq!(merged.name(), "ab");
    assert_alive(WHAT, 1);
    let merged = things::merge_later(merged, thing("c")).await;
    assert_eq!(merged.name(), "abc");
    assert_alive(WHAT, 1);
    ledger::closings();
    drop(merged);
    assert_closed(WHAT);
    assert_made(WHAT, 5);
}

fn looks<'a>(a: &'a Thing, b: &'a Thing) -> Vec<Look<'a>> {
    let look = |at, note: &str| Look {
        at,
        note: note.to_owned(),
    };
    vec![look(a, "first"), look(b, "second"), look(a, "again")]
}

const SEEN: [&str; 4] = ["first: a", "second: b", "again: a", "b"];

pub fn borrows_in_aggregates() {
    let (a, b) = (thing("a"), thing("b"));
    assert_eq!(things::look_at(&looks(&a, &b), Some(&b)), SEEN);
    assert_eq!(things::look_at(&looks(&a, &b), None), SEEN[..3]);
    assert_eq!(things::look_at(&[], None), [""; 0]);
    assert_alive(WHAT, 2);
    drop(a);
    assert_closed(WHAT);
    drop(b);
    assert_closed(WHAT);
    assert_made(WHAT, 2);
}

pub async fn borrows_in_aggregates_later() {
    let (a, b) = (thing("a"), thing("b"));
    let (all, two) = futures::join!(
        things::look_at_later(looks(&a, &b), Some(&b)),
        things::look_at_later(looks(&a, &b), None),
    );
    assert_eq!(all, SEEN);
    assert_eq!(two, SEEN[..3]);
    assert_eq!(things::look_at_later(Vec::new(), None).await, [""; 0]);
    assert_alive(WHAT, 2);
    drop(a);
    assert_closed(WHAT);
    drop(b);
    assert_closed(WHAT);
    assert_made(WHAT, 2);
}

fn assert_swapped(pair: &Pair) {
    assert_eq!(
        (pair.first.name(), pair.second.name()),
        ("b".to_owned(), "a".to_owned())
    );
    assert_alive(WHAT, 2);
}

fn unsorted() -> Vec<Thing> {
    ["c", "a", "b"].map(thing).into()
}

fn assert_sorted((things, last): (Vec<Thing>, Option<Thing>)) {
    assert_eq!(names(&things), ["a", "b"]);
    assert_eq!(last.expect("three are given").name(), "c");
    assert_alive(WHAT, 2);
}

/// Names that are expected in what was chosen, or in the error.
type Names = Result<Vec<&'static str>, Option<&'static str>>;

/// What is given to `choose`, and the names that are in what comes back: in the error, if
/// that is what is expected.
fn choices() -> [(Choice, Names); 6] {
    [
        (Choice::None, Err(None)),
        (Choice::One(thing("a")), Ok(vec!["a"])),
        (Choice::Many(vec![]), Ok(vec![])),
        (Choice::Many(vec![thing("a")]), Err(Some("a"))),
        (
            Choice::Many(["a", "b", "c"].map(thing).into()),
            Ok(vec!["a", "b", "c"]),
        ),
        (Choice::Both(pair("a", "b")), Ok(vec!["a", "b"])),
    ]
}

fn assert_chosen(chosen: Result<Choice, Option<Thing>>, expected: Names) {
    match (chosen, expected) {
        (Ok(chosen), Ok(expected)) => {
            let things = match chosen {
                Choice::None => Vec::new(),
                Choice::One(thing) => vec![thing],
                Choice::Many(things) => things,
                Choice::Both(pair) => vec![pair.first, pair.second],
            };
            assert_eq!(names(&things), expected);
        }
        (Err(thing), Err(expected)) => {
            assert_eq!(thing.map(|thing| thing.name()).as_deref(), expected);
        }
        (Ok(_), Err(_)) => panic!("expected an error"),
        (Err(_), Ok(_)) => panic!("expected no error"),
    }
}

pub fn owns_in_aggregates() {
    let swapped = things::swap(pair("a", "b"));
    assert_swapped(&swapped);
    drop(swapped);
    assert_sorted(things::sort(unsorted()));
    let (none, last) = things::sort(Vec::new());
    assert!(none.is_empty() && last.is_none());
    assert_alive(WHAT, 0);
    for (choice, expected) in choices() {
        assert_chosen(things::choose(choice), expected);
    }
    assert_alive(WHAT, 0);
    assert_made(WHAT, 2 + 3 + 7);
}

pub async fn owns_in_aggregates_later() {
    let swapped = things::swap_later(pair("a", "b")).await;
    assert_swapped(&swapped);
    drop(swapped);
    assert_sorted(things::sort_later(unsorted()).await);
    let (none, last) = things::sort_later(Vec::new()).await;
    assert!(none.is_empty() && last.is_none());
    assert_alive(WHAT, 0);
    for (choice, expected) in choices() {
        assert_chosen(things::choose_later(choice).await, expected);
    }
    assert_alive(WHAT, 0);
    assert_made(WHAT, 2 + 3 + 7);
}

/// All that is in a nest, the last one first, and what looks like `b` before.
fn assert_gathered(nest: &Nest, expected: &[&str]) {
    let like = thing("b");
    let (names, has) = nest.has(&like);
    assert_eq!(names, expected);
    assert_eq!(has, expected.contains(&"b"));
}

pub fn nested() {
    let (first, second) = nests::nest_each(pair("a", "b"));
    let second = second.expect("it has a name");
    assert_eq!(second.put(thing("c")), 2);
    assert_alive(NEST, 2);
    let all = nests::gather(vec![first, second]).expect("there is one");
    assert_alive(NEST, 1);
    assert_gathered(&all, &["a", "b", "c"]);
    assert_eq!(all.take().expect("three are in it").name(), "c");
    assert_gathered(&all, &["a", "b"]);
    assert!(nests::gather(Vec::new()).is_none());
    drop(all);
    let (first, second) = nests::nest_each(pair("a", ""));
    assert!(matches!(second, Err(Choice::One(thing)) if thing.name().is_empty()));
    assert!(first.take().is_some() && first.take().is_none());
    drop(first);
    assert_made(NEST, 3);
    assert_alive(NEST, 0);
    assert_books_of_leaf(WHAT, 7);
}

pub async fn nested_later() {
    let (first, second) = nests::nest_each_later(pair("a", "b")).await;
    let second = second.expect("it has a name");
    assert_eq!(second.put_later(thing("c")).await, 2);
    assert_alive(NEST, 2);
    let all = nests::gather_later(vec![first, second]).await;
    let all = all.expect("there is one");
    assert_alive(NEST, 1);
    let like = thing("b");
    let (names, has) = all.has_later(&like).await;
    assert_eq!((names.concat().as_str(), has), ("abc", true));
    let last = all.take_later().await;
    assert_eq!(last.expect("three are in it").name(), "c");
    assert!(nests::gather_later(Vec::new()).await.is_none());
    drop((all, like));
    let (first, second) = nests::nest_each_later(pair("a", "")).await;
    assert!(matches!(second, Err(Choice::One(thing)) if thing.name().is_empty()));
    assert!(first.take_later().await.is_some() && first.take_later().await.is_none());
    drop(first);
    assert_made(NEST, 3);
    assert_alive(NEST, 0);
    assert_books_of_leaf(WHAT, 6);
}

/// In a nest things are not wrapped: only the leaf made and destroyed as many.
#[track_caller]
fn assert_books_of_leaf(what: &str, made: u64) {
    let kinds = kinds(what);
    let leaf = kinds.last().expect("there is a leaf");
    assert_eq!(ledger::made(leaf), made, "{leaf} made");
    assert_alive(what, 0);
}

pub fn nest_dropped() {
    let nest = Nest::new(thing("a"));
    nest.put(thing("b"));
    let outside = thing("c");
    // What went in is not wrapped any more.
    let things = kinds(WHAT);
    let (leaf, wrappers) = things.split_last().expect("there is a leaf");
    assert_eq!(ledger::closings(), [wrappers, wrappers].concat());
    assert_eq!((ledger::alive(leaf), ledger::alive(&wrappers[0])), (3, 1));
    drop(nest);
    let mut expected = kinds(NEST);
    expected.extend([leaf.clone(), leaf.clone()]);
    assert_eq!(ledger::closings(), expected);
    drop(outside);
    assert_closed(WHAT);
    assert_books_of_leaf(WHAT, 3);
}
