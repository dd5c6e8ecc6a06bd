//! The default of a future whose writable end the peer dropped.

use guest_support::check::{in_flight, turns};

use crate::bindings::test::ends::keeper;

pub async fn default_from_synchronous_export() {
    for _ in 0..3 {
        assert_eq!(keeper::dropped_in_synchronous_export().await, "default");
    }
}

pub async fn default_from_task() {
    assert_eq!(keeper::dropped_in_task().await.await, "default");
}

pub async fn default_after_return() {
    assert_eq!(keeper::dropped_after_return().await.await, "default");
}

pub async fn default_from_kept_writer() {
    let reader = keeper::keep();
    turns(2).await;
    keeper::drop_kept();
    assert_eq!(reader.await, "default");
}

pub async fn default_to_read_in_flight() {
    let mut read = Box::pin(keeper::keep().into_future());
    in_flight(&mut read).await;
    turns(2).await;
    keeper::drop_kept();
    assert_eq!(read.await, "default");
}

pub async fn default_from_destructor() {
    let holder = keeper::Keeper::new();
    let reader = holder.reader();
    drop(holder);
    assert_eq!(reader.await, "default");
}

pub async fn default_that_nobody_reads() {
    let reader = keeper::keep();
    drop(reader);
    keeper::drop_kept();

    drop(keeper::dropped_in_synchronous_export());
    drop(keeper::dropped_in_task().await);
    turns(3).await;
}

pub async fn defaults_leave_no_ends() {
    let before = keeper::next_index().await;
    for _ in 0..20 {
        assert_eq!(keeper::dropped_in_synchronous_export().await, "default");
        assert!(keeper::next_index().await <= before + 2);
    }
}
