//! Yielding to the host and to the other futures of the task.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::future::join;
use guest_support::check::turns;
use wit_async::{UnitStreamOps, spawn_local, yield_async, yield_blocking};

pub async fn yield_takes_turns() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let task = |label: u32| {
        let log = log.clone();
        spawn_local(async move {
            for _ in 0..50 {
                log.borrow_mut().push(label);
                yield_async().await;
            }
        })
    };
    let (first, second) = (task(1), task(2));
    join(first, second).await;
    let mut ahead = 0_i32;
    for label in log.borrow().iter() {
        ahead += if *label == 1 { 1 } else { -1 };
        assert!(
            ahead.abs() <= 2,
            "one task ran ahead of the other: {:?}",
            log.borrow()
        );
    }
    assert_eq!(log.borrow().len(), 100);
}

pub async fn yield_loop_lets_events_through() {
    let (mut writer, mut reader) = UnitStreamOps::new();
    let arrived = Rc::new(Cell::new(0));
    let counter = arrived.clone();
    let reading = spawn_local(async move {
        while reader.next().await.is_some() {
            counter.set(counter.get() + 1);
        }
    });
    let writing = spawn_local(async move {
        for _ in 0..5 {
            assert!(writer.write_one(()).await.is_none(), "the reader is there");
        }
    });
    let mut spins = 0;
    while arrived.get() < 5 {
        spins += 1;
        assert!(
            spins < 10_000,
            "events are kept from the task, only {} came",
            arrived.get()
        );
        yield_async().await;
    }
    join(reading, writing).await;
}

pub async fn yield_ten_thousand_times() {
    turns(10_000).await;
}

pub async fn yield_blocking_goes_on() {
    for _ in 0..100 {
        assert!(yield_blocking(), "nobody cancelled this task");
    }
}

pub fn yield_blocking_in_synchronous_export() {
    for _ in 0..100 {
        assert!(yield_blocking(), "nobody can cancel this task");
    }
}

pub async fn backpressure_up_and_down() {
    for _ in 0..3 {
        wit_async::backpressure_inc();
    }
    turns(3).await;
    for _ in 0..3 {
        wit_async::backpressure_dec();
    }
}

pub async fn backpressure_below_zero() {
    wit_async::backpressure_dec();
    wit_async::backpressure_dec();
    wit_async::backpressure_inc();
    wit_async::backpressure_dec();
}

pub async fn backpressure_above_the_host_counter() {
    // The host would trap at 2^16.
    let held: Vec<_> = (0..100_000)
        .map(|_| wit_async::Backpressure::hold())
        .collect();
    wit_async::yield_async().await;
    drop(held);
}
