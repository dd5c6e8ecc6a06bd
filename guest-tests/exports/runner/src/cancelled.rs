//! Calls that are cancelled, seen from the side of the callee.

use std::pin::pin;

use guest_support::check::{in_flight, turns};

use crate::bindings::test::exports::callee::{self, Token};
use crate::bindings::{wit_future, wit_stream};
use crate::reported;

pub async fn cancelled_by_caller() {
    let mut call = Box::pin(callee::after_release(7));
    in_flight(&mut call).await;
    reported(&["started"]).await;
    drop(call);
    reported(&["dropped"]).await;
}

pub async fn cancelled_spawned_go_on() {
    let mut call = Box::pin(callee::waits_beside_spawned());
    in_flight(&mut call).await;
    reported(&["started"]).await;
    drop(call);
    reported(&["dropped"]).await;
    turns(3).await;
    callee::release(2);
    reported(&["spawned finished"]).await;
}

pub async fn cancelled_in_its_own_time() {
    let mut call = Box::pin(callee::finishes_when_cancelled());
    in_flight(&mut call).await;
    reported(&["started"]).await;
    // Takes as long as the callee does, whose result is dropped.
    drop(call);
    reported(&["asked", "cleaned up", "finished"]).await;
}

pub async fn cancelled_and_accepted() {
    let mut call = Box::pin(callee::accepts_when_cancelled());
    in_flight(&mut call).await;
    reported(&["started"]).await;
    drop(call);
    reported(&["asked", "cleaned up", "dropped"]).await;
}

pub async fn cancelled_while_reading_future() {
    let (writer, reader) = wit_future::new(|| unreachable!("the value is written"));
    let mut call = Box::pin(callee::waits_for_value(reader));
    in_flight(&mut call).await;
    turns(3).await;
    drop(call);
    turns(3).await;
    let error = writer
        .write(42)
        .await
        .expect_err("the callee dropped its end");
    assert_eq!(error.value, 42, "the value comes back");
    reported(&[]).await;
}

pub async fn cancelled_while_collecting() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let mut call = Box::pin(callee::collects(reader));
    in_flight(&mut call).await;
    assert!(
        writer.write_all(vec![1, 2, 3]).await.is_empty(),
        "the callee reads"
    );
    drop(call);
    turns(3).await;
    assert_eq!(
        writer.write_all(vec![4, 5]).await,
        [4, 5],
        "the values come back"
    );
}

pub async fn cancelled_owns_parameters() {
    let mut call = Box::pin(callee::owns(Token::new("mine"), 7));
    in_flight(&mut call).await;
    assert_eq!(callee::tokens(), 1);
    drop(call);
    turns(3).await;
    assert_eq!(callee::tokens(), 0);
}

pub async fn cancelled_while_starting() {
    callee::close();
    let mut call = Box::pin(callee::after_release(7));
    in_flight(&mut call).await;
    turns(3).await;
    drop(call);
    callee::open();
    turns(3).await;
    reported(&[]).await;
    // The instance is as good as before.
    assert_eq!(callee::after_a_while(1).await, 2);
}

pub async fn cancel_wakes_sibling() {
    let mut call = Box::pin(callee::wakes_sibling_when_dropped());
    in_flight(&mut call).await;
    turns(3).await;
    drop(call);
    reported(&["sibling woken"]).await;
}

pub async fn cancel_writes_default() {
    let mut call = Box::pin(callee::holds_unwritten_writer());
    in_flight(&mut call).await;
    let mut value = pin!(callee::take_reader().into_future());
    in_flight(&mut value).await;
    drop(call);
    assert_eq!(value.await, 4711);
}

pub async fn stale_waker_from_sync_export() {
    let mut call = Box::pin(callee::keeps_waker());
    in_flight(&mut call).await;
    drop(call);
    callee::wake_kept();
    turns(3).await;
    callee::wake_kept();
    assert_eq!(callee::after_a_while(1).await, 2);
}

pub async fn stale_waker_from_another_task() {
    let mut call = Box::pin(callee::keeps_waker());
    in_flight(&mut call).await;
    let mut held = Box::pin(callee::after_release(7));
    in_flight(&mut held).await;
    reported(&["started"]).await;
    drop(call);
    callee::wake_kept_async().await;
    callee::release(7);
    assert_eq!(held.await, 7);
    callee::wake_kept_async().await;
}

pub async fn cancelled_a_hundred_times() {
    for key in 0..100 {
        let mut call = Box::pin(callee::owns(Token::new("mine"), key));
        in_flight(&mut call).await;
        let mut other = Box::pin(callee::after_release(key));
        in_flight(&mut other).await;
        drop(call);
        drop(other);
    }
    turns(3).await;
    assert_eq!(callee::tokens(), 0);
    let events = callee::events();
    assert_eq!(
        events.iter().filter(|event| *event == "started").count(),
        100
    );
    assert_eq!(
        events.iter().filter(|event| *event == "dropped").count(),
        100
    );
}
