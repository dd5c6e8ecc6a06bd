//! A resource with floats.

use futures::future::join_all;
use guest_support::check::{in_flight, turns};
use guest_support::ledger;

use super::books::{assert_books, assert_closed, kind, kinds};
use crate::bindings::test::chains::numbers::{self as peer, Number};

pub const WHAT: &str = "number";

const FLOATS: [f64; 8] = [
    0.0,
    -0.0,
    1.5,
    -1e300,
    f64::MIN_POSITIVE,
    5e-324,
    f64::INFINITY,
    f64::NEG_INFINITY,
];

fn assert_same(found: f64, expected: f64) {
    assert_eq!(found.to_bits(), expected.to_bits(), "{found} {expected}");
}

/// Numbers of layers, each of which was used so often.
fn each(uses: u32) -> Vec<u32> {
    vec![uses; kinds(WHAT).len()]
}

/// Lets others run until something is so.
async fn until(mut so: impl FnMut() -> bool) {
    for _ in 0..100 {
        if so() {
            return;
        }
        turns(1).await;
    }
    panic!("it is not so for 100 turns");
}

/// Starts a call that never returns, which comes through to the leaf.
pub async fn arrives(adding: &mut (impl Future<Output = Number> + Unpin)) {
    in_flight(adding).await;
    until(|| Number::waiting() == 1).await;
    in_flight(adding).await;
}

pub fn floats() {
    for value in FLOATS {
        assert_same(Number::new(value).value(), value);
    }
    assert!(Number::new(f64::NAN).value().is_nan());
    let number = Number::new(3.0);
    assert_eq!(number.scale(0.5), (1.5, 3.0));
    assert_eq!(number.scale(-2.0), (-3.0, 1.5));
    assert_same(number.value(), -3.0);
    drop(number);
    assert_books(WHAT, FLOATS.len() as u64 + 2, 0);
}

pub async fn floats_later() {
    for value in FLOATS {
        assert_same(Number::new(value).value_later().await, value);
    }
    assert!(Number::new(f64::NAN).value_later().await.is_nan());
    let number = Number::new(3.0);
    let mut scale = Box::pin(number.scale_later(0.5));
    in_flight(&mut scale).await;
    assert_eq!(scale.await, (1.5, 3.0));
    // Two calls borrow the same number at once.
    let (both, value) = futures::join!(number.scale_later(-2.0), number.value_later());
    assert_eq!(both, (-3.0, 1.5));
    assert!([1.5, -3.0].contains(&value), "{value}");
    drop(number);
    assert_books(WHAT, FLOATS.len() as u64 + 2, 0);
}

pub fn static_constructors() {
    let number = Number::of_parts(2.0, 0.25);
    assert_books(WHAT, 1, 1);
    assert_same(number.value(), 2.25);
    drop(number);
    assert_books(WHAT, 1, 0);
}

pub async fn static_constructors_later() {
    let mut making = Box::pin(Number::of_parts_later(2.0, 0.25));
    in_flight(&mut making).await;
    assert_books(WHAT, 0, 0);
    let number = making.await;
    assert_books(WHAT, 1, 1);
    assert_same(number.value(), 2.25);
    drop(number);
    assert_books(WHAT, 1, 0);
}

pub fn add() {
    let (a, b) = (Number::new(1.0), Number::of_parts(2.0, 0.5));
    let sum = Number::add(&a, &b);
    assert_same(sum.value(), 3.5);
    let twice = Number::add(&sum, &sum);
    assert_same(twice.value(), 7.0);
    assert_books(WHAT, 4, 4);
    drop((a, b, sum));
    assert_same(twice.value(), 7.0);
    assert_books(WHAT, 4, 1);
    drop(twice);
    assert_books(WHAT, 4, 0);
}

pub async fn add_later() {
    let (a, b) = (Number::new(1.0), Number::of_parts(2.0, 0.5));
    let mut adding = Box::pin(Number::add_later(&a, &b));
    in_flight(&mut adding).await;
    assert_books(WHAT, 2, 2);
    let sum = adding.await;
    assert_same(sum.value_later().await, 3.5);
    let twice = Number::add_later(&sum, &sum).await;
    assert_same(twice.value(), 7.0);
    let sums = join_all((0..10).map(|_| Number::add_later(&a, &twice))).await;
    assert!(sums.iter().all(|sum| sum.value() == 8.0));
    assert_books(WHAT, 14, 14);
    drop((a, b, sum, sums));
    assert_books(WHAT, 14, 1);
    drop(twice);
    assert_books(WHAT, 14, 0);
}

pub fn used_and_handed_on() {
    let (a, b) = (Number::new(1.0), Number::new(2.0));
    assert_eq!(a.uses(), each(0));
    let sum = Number::add(&a, &b);
    assert_eq!((a.uses(), b.uses()), (each(1), each(1)));
    Number::add(&sum, &sum);
    assert_eq!(sum.uses(), each(2));
    sum.scale(2.0);
    assert_eq!(sum.uses(), each(3));
    assert_books(WHAT, 4, 3);
}

pub async fn used_and_handed_on_later() {
    let (a, b) = (Number::new(1.0), Number::new(2.0));
    let mut adding = Box::pin(Number::add_never(&a, &b));
    arrives(&mut adding).await;
    // The leaf has used one of them and waits; all others have used both.
    let mut before = each(1);
    assert_eq!(a.uses(), before);
    before[0] = 0;
    assert_eq!(b.uses(), before);
    // Others borrow them as well.
    let sum = Number::add_later(&a, &b).await;
    assert_eq!(a.uses(), each(2));
    drop(adding);
    Number::add_later(&sum, &sum).await;
    assert_eq!(sum.uses(), each(2));
    assert_books(WHAT, 4, 3);
}

pub fn destroyed_in_order() {
    let (a, b) = (Number::new(1.0), Number::new(2.0));
    let sum = Number::add(&a, &b);
    assert_eq!(ledger::closings(), Vec::<String>::new());
    drop(a);
    assert_closed(WHAT);
    drop(sum);
    assert_closed(WHAT);
    drop(b);
    assert_closed(WHAT);
    assert_books(WHAT, 3, 0);
}

pub async fn destroyed_in_order_later() {
    let (a, b) = (Number::new(1.0), Number::new(2.0));
    let sum = Number::add_later(&a, &b).await;
    drop(a);
    assert_closed(WHAT);
    let mut adding = Box::pin(Number::add_later(&b, &sum));
    in_flight(&mut adding).await;
    // Another one, while a call borrows these.
    drop(Number::new(3.0));
    assert_closed(WHAT);
    drop(adding.await);
    assert_closed(WHAT);
    drop(sum);
    assert_closed(WHAT);
    drop(b);
    assert_closed(WHAT);
    assert_books(WHAT, 5, 0);
}

/// A number that crossed the chain in both directions was wrapped twice, and is the same.
fn assert_wrapped_twice() {
    for (index, kind) in kinds(WHAT).iter().rev().enumerate() {
        let made = if index == 0 { 1 } else { 2 };
        assert_eq!(ledger::made(kind), made, "{kind} made");
        assert_eq!(ledger::alive(kind), 1, "{kind} alive");
    }
}

fn assert_unwrapped() {
    let kinds = kinds(WHAT);
    let (leaf, wrappers) = kinds.split_last().expect("there is a leaf");
    assert_eq!(ledger::closings(), wrappers);
    assert_eq!((ledger::made(leaf), ledger::alive(leaf)), (1, 1));
}

pub fn given_and_taken() {
    assert!(peer::take().is_none());
    peer::keep(Number::new(4.0));
    assert_unwrapped();
    let back = peer::take().expect("it is kept");
    assert!(peer::take().is_none());
    assert_same(back.value(), 4.0);
    assert_wrapped_twice();
    drop(back);
    assert_closed(WHAT);
}

pub async fn given_and_taken_later() {
    assert!(peer::take_later().await.is_none());
    let mut keeping = Box::pin(peer::keep_later(Number::new(4.0)));
    in_flight(&mut keeping).await;
    keeping.await;
    assert_unwrapped();
    let mut taking = Box::pin(peer::take_later());
    in_flight(&mut taking).await;
    let back = taking.await.expect("it is kept");
    assert!(peer::take_later().await.is_none());
    assert_same(back.value_later().await, 4.0);
    assert_wrapped_twice();
    drop(back);
    assert_closed(WHAT);
}

pub async fn cancelled() {
    let (a, b) = (Number::new(1.0), Number::new(2.0));
    let mut adding = Box::pin(Number::add_never(&a, &b));
    arrives(&mut adding).await;
    drop(adding);
    until(|| Number::waiting() == 0).await;
    // What was borrowed can be used, and be lent again.
    assert_same(Number::add_later(&a, &b).await.value(), 3.0);
    assert_eq!(ledger::closings(), kinds(WHAT));
    drop(a);
    assert_closed(WHAT);
    drop(b);
    assert_closed(WHAT);
    assert_books(WHAT, 3, 0);
}

pub fn many() {
    const ROUNDS: u64 = 5_000;
    let one = Number::new(1.0);
    let mut sum = Number::new(0.0);
    for _ in 0..ROUNDS {
        sum = Number::add(&sum, &one);
    }
    assert_same(sum.value(), ROUNDS as f64);
    assert_books(WHAT, ROUNDS + 2, 2);
    drop((one, sum));
    assert_books(WHAT, ROUNDS + 2, 0);
    assert_eq!(ledger::made(&kind(WHAT, 0)), ROUNDS + 2);
}
