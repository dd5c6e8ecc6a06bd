//! Tasks of one instance that yield.

use std::pin::pin;

use futures::future::{join, join3};
use guest_support::check::{in_flight, turns};

use crate::bindings::wit_future;
use crate::worker;

pub async fn tasks_take_turns() {
    join(worker::turns("a".into(), 50), worker::turns("b".into(), 50)).await;
    let events = worker::events();
    assert_eq!(events.len(), 100);
    let mut ahead = 0_i32;
    for label in &events {
        ahead += if label == "a" { 1 } else { -1 };
        assert!(
            ahead.abs() <= 2,
            "one task ran ahead of the other: {events:?}"
        );
    }
}

pub async fn spins_until_flag() {
    let mut call = pin!(worker::spin_until_flag());
    in_flight(&mut call).await;
    turns(10).await;
    in_flight(&mut call).await;
    worker::raise_flag();
    assert!(call.await > 1, "the task yielded more than once");
}

pub async fn spins_until_value() {
    let (writer, reader) = wit_future::new(|| unreachable!("the value is written"));
    let mut call = pin!(worker::spin_until_value(reader));
    in_flight(&mut call).await;
    turns(10).await;
    in_flight(&mut call).await;
    writer.write(42).await.expect("the worker reads");
    assert_eq!(call.await, 42);
}

pub async fn cancelled_while_spinning() {
    let mut call = Box::pin(worker::spin_until_flag());
    in_flight(&mut call).await;
    turns(10).await;
    drop(call);
    // A call that were still spinning would end here, and say how often.
    worker::raise_flag();
    assert_eq!(worker::spin_until_flag().await, 0);
}

pub async fn progress_beside_a_spinning_task() {
    let other = async {
        worker::turns("a".into(), 50).await;
        let mut call = pin!(worker::receive(1));
        in_flight(&mut call).await;
        worker::send_async(1, 42).await;
        assert_eq!(call.await, 42);
        worker::raise_flag();
    };
    let (spins, spins_too, ()) =
        join3(worker::spin_until_flag(), worker::spin_until_flag(), other).await;
    assert!(
        spins > 10 && spins_too > 10,
        "both spun: {spins}, {spins_too}"
    );
}
