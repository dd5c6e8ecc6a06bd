//! `block_on` beside other tasks, and around operations of every kind.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;

use futures::future::{join, join_all};
use guest_support::check::{in_flight, turns};
use wit_async::{block_on, spawn_local};

use crate::bindings::{wit_future, wit_stream};
use crate::worker;

pub async fn block_on_holds_siblings_up() {
    let mut sibling = pin!(worker::receive(1));
    in_flight(&mut sibling).await;
    let (blocked, value) = join(worker::blocks(20), async {
        worker::send(1, 42);
        sibling.await
    })
    .await;
    assert_eq!((blocked, value), (20, 42));
    assert_eq!(worker::events(), ["blocked"; 20]);
}

pub async fn block_on_read() {
    let (writer, reader) = wit_future::new(|| unreachable!("the value is written"));
    let mut call = pin!(worker::blocks_for_value(reader));
    in_flight(&mut call).await;
    turns(5).await;
    writer.write(42).await.expect("the worker reads");
    assert_eq!(call.await, 42);
}

pub async fn block_on_stream() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let writing = async move {
        for chunk in 0..10 {
            assert!(writer.write_all(vec![chunk; 100]).await.is_empty());
            turns(1).await;
        }
    };
    let (items, ()) = join(worker::blocks_for_items(reader), writing).await;
    assert!(items.into_iter().eq((0..10).flat_map(|chunk| [chunk; 100])));
}

pub async fn block_on_call() {
    // Nothing else of this instance runs meanwhile, but the worker does.
    block_on(worker::turns("ran".into(), 10));
    assert_eq!(worker::events().len(), 10);
    let value = block_on(async {
        let mut call = pin!(worker::receive(1));
        in_flight(&mut call).await;
        worker::send(1, 42);
        call.await
    });
    assert_eq!(value, 42);
}

pub async fn block_on_joined_calls() {
    let calls = (0..100).map(|key| async move {
        let mut call = pin!(worker::receive(key));
        in_flight(&mut call).await;
        worker::send_async(key, key + 1).await;
        call.await
    });
    let values = block_on(join_all(calls));
    assert!(values.into_iter().eq(1..=100));
}

pub fn block_on_in_synchronous_lift() {
    let value = block_on(async {
        let mut call = pin!(worker::receive(1));
        in_flight(&mut call).await;
        worker::send_async(1, 42).await;
        call.await
    });
    assert_eq!(value, 42);
    // A second one in the same function starts with nothing left of the first.
    block_on(worker::turns("ran".into(), 3));
    assert_eq!(worker::events(), ["ran"; 3]);
}

pub fn spawn_in_synchronous_lift() {
    let done = Rc::new(Cell::new(0));
    block_on(async {
        for key in 0..5 {
            let done = done.clone();
            spawn_local(async move {
                let (value, ()) = join(worker::receive(key), worker::send_async(key, 1)).await;
                done.set(done.get() + value);
            });
        }
    });
    assert_eq!(
        done.get(),
        5,
        "`block_on` returned before its spawned tasks had ended"
    );
}
