//! Streams and futures of resources, through all components.

use std::future::IntoFuture;

use futures::future::{join, join_all, join3};
use guest_support::check::turns;
use guest_support::ledger;

use super::books::{assert_alive, assert_books, assert_closed, kinds};
use crate::bindings::test::chains::flows;
use crate::bindings::test::chains::numbers::Number;
use crate::bindings::{wit_future, wit_stream};
use crate::runtime::{StreamReader, StreamWriter};

const WHAT: &str = "number";
const COUNT: u32 = 10;

/// How often a number was wrapped by each component, and how often there was one to wrap.
#[track_caller]
fn assert_made(leaf: u64, wrapped: u64) {
    let mut made: Vec<u64> = kinds(WHAT).iter().map(|kind| ledger::made(kind)).collect();
    assert_eq!(made.pop(), Some(leaf), "made by the leaf");
    assert_eq!(made, vec![wrapped; made.len()], "made by the others");
}

async fn read_all(mut numbers: StreamReader<Number>) -> Vec<f64> {
    let mut values = Vec::new();
    while let Some(number) = numbers.next().await {
        ledger::closings();
        values.push(number.value());
        drop(number);
        // Others may be on their way, but nothing else was destroyed.
        assert_closed(WHAT);
    }
    values
}

fn values(by: f64) -> Vec<f64> {
    (0..COUNT).map(|index| f64::from(index) * by).collect()
}

fn numbers() -> Vec<Number> {
    values(1.0).into_iter().map(Number::new).collect()
}

pub async fn produced() {
    let reader = flows::produce(COUNT);
    assert_eq!(join(read_all(reader), flows::pump()).await.0, values(1.0));
    assert_books(WHAT, COUNT.into(), 0);
}

pub async fn produced_later() {
    let reader = flows::produce_later(COUNT).await;
    assert_eq!(read_all(reader).await, values(1.0));
    assert_books(WHAT, COUNT.into(), 0);
}

pub async fn collected() {
    let (mut writer, reader) = wit_stream::new();
    let (found, ()) = join(flows::collect(reader, u32::MAX), async move {
        assert!(writer.write_all(numbers()).await.is_empty());
    })
    .await;
    assert_eq!(found, values(1.0));
    settled(0).await;
    assert_books(WHAT, COUNT.into(), 0);
}

async fn doubles(doubled: StreamReader<Number>, mut writer: StreamWriter<Number>) {
    let (found, ()) = join(doubled.collect(), async move {
        assert!(writer.write_all(numbers()).await.is_empty());
    })
    .await;
    assert!(found.iter().map(Number::value).eq(values(2.0)));
    drop(found);
    settled(0).await;
    // Each crossed the chain down and, as another one, up.
    assert_made(2 * u64::from(COUNT), 2 * u64::from(COUNT));
}

pub async fn doubled() {
    let (writer, reader) = wit_stream::new();
    let doubled = flows::double(reader);
    join(doubles(doubled, writer), flows::pump()).await;
}

pub async fn doubled_later() {
    let (writer, reader) = wit_stream::new();
    doubles(flows::double_later(reader).await, writer).await;
}

/// Lets the others go on until so many numbers are left in each component.
async fn settled(alive: u64) {
    for _ in 0..200 {
        if kinds(WHAT).iter().all(|kind| ledger::alive(kind) == alive) {
            return;
        }
        turns(1).await;
    }
    assert_alive(WHAT, alive);
}

/// Reads one number of a stream, and drops the readable end.
async fn first_of(mut numbers: StreamReader<Number>) -> Number {
    numbers.next().await.expect("ten come")
}

pub async fn reader_dropped() {
    let later = first_of(flows::produce_later(COUNT).await).await;
    let (first, ()) = join(first_of(flows::produce(COUNT)), flows::pump()).await;
    assert_eq!((later.value(), first.value()), (0.0, 0.0));
    settled(2).await;
    // Those that were on their way were wrapped so far as they came.
    let made: Vec<u64> = kinds(WHAT).iter().map(|kind| ledger::made(kind)).collect();
    assert!(made.is_sorted() && made[0] >= 2, "{made:?}");
    assert!(made[made.len() - 1] <= 2 * u64::from(COUNT), "{made:?}");
    ledger::closings();
    drop(first);
    assert_closed(WHAT);
    drop(later);
    assert_closed(WHAT);
    assert_alive(WHAT, 0);

    // Not one is read.
    drop(flows::produce_later(COUNT).await);
    drop(flows::produce(COUNT));
    flows::pump().await;
    settled(0).await;
}

pub async fn writer_told() {
    let (mut writer, reader) = wit_stream::new();
    let (found, back) = join(flows::collect(reader, 2), writer.write_all(numbers())).await;
    assert_eq!(found, [0.0, 1.0]);
    assert!(
        back.len() < COUNT as usize - 2,
        "those on their way were taken: {}",
        back.len()
    );
    // What comes back is the last of them, untouched.
    let values: Vec<f64> = back.iter().map(Number::value).collect();
    assert!(self::values(1.0).ends_with(&values), "{values:?}");
    settled(back.len() as u64).await;
    drop(back);
    assert_books(WHAT, COUNT.into(), 0);
}

pub async fn nothing() {
    assert_eq!(read_all(flows::produce_later(0).await).await, [0.0; 0]);
    let reader = flows::produce(0);
    assert_eq!(join(read_all(reader), flows::pump()).await.0, [0.0; 0]);
    let (writer, reader) = wit_stream::new::<Number>();
    drop(writer);
    assert_eq!(flows::collect(reader, u32::MAX).await, [0.0; 0]);
    let (writer, reader) = wit_stream::new::<Number>();
    drop(writer);
    assert_eq!(read_all(flows::double_later(reader).await).await, [0.0; 0]);
    assert_books(WHAT, 0, 0);
}

pub async fn several() {
    let read = |numbers: StreamReader<Number>| async {
        let numbers = numbers.collect().await;
        numbers.iter().map(Number::value).collect::<Vec<f64>>()
    };
    let sync = (0..5).map(|_| read(flows::produce(COUNT)));
    let later = (0..5).map(|_| async { read(flows::produce_later(COUNT).await).await });
    let (sync, later, ()) = join3(join_all(sync), join_all(later), flows::pump()).await;
    for found in sync.into_iter().chain(later) {
        assert_eq!(found, values(1.0));
    }
    assert_books(WHAT, 10 * u64::from(COUNT), 0);
}

pub async fn futures() {
    let number = flows::eventually(1.5);
    let (number, ()) = join(number.into_future(), flows::pump()).await;
    assert_eq!(number.value(), 1.5);
    assert_books(WHAT, 1, 1);
    ledger::closings();
    drop(number);
    assert_closed(WHAT);

    // Nobody waits.
    drop(flows::eventually(2.0));
    flows::pump().await;
    settled(0).await;
}

pub async fn futures_later() {
    let number = flows::eventually_later(1.5).await.await;
    assert_eq!(number.value(), 1.5);
    assert_books(WHAT, 1, 1);

    let (writer, reader) = wit_future::new(|| unreachable!("it is written"));
    let (found, sent) = join(flows::await_value(reader), writer.write(number)).await;
    assert!(sent.is_ok());
    assert_eq!(found, 1.5);
    settled(0).await;
    assert_books(WHAT, 1, 0);

    // Nobody waits.
    drop(flows::eventually_later(2.0).await);
    settled(0).await;
}
