//! Futures that run beside others, and what admits them.

use std::future::pending;

use guest_support::check::{in_flight, leaves_nothing, turns};
use wit_async::{JoinSet, Limiter, scope};

use crate::bindings::wit_stream;

pub async fn spawned_aborted() {
    leaves_nothing(async || {
        let mut job = wit_async::spawn_local(pending::<()>()).abort_on_drop();
        job.abort();
        assert_eq!(job.await, None);
    })
    .await;
}

pub async fn scopes_dropped() {
    let (_writer, mut reader) = wit_stream::new::<u8>();
    let (mut writer, _reader) = wit_stream::new::<u8>();
    leaves_nothing(async || {
        let reads = &mut reader;
        let writes = &mut writer;
        let mut both = Box::pin(scope(async move |s| {
            s.spawn(reads.next());
            s.spawn(writes.write_one(1));
            pending::<()>().await;
        }));
        in_flight(&mut both).await;
    })
    .await;
}

/// Two futures that wait, one of them for a byte, and one that is done.
fn set() -> JoinSet<()> {
    let mut set = JoinSet::new();
    set.spawn(pending());
    set.spawn(async {
        let (_writer, mut reader) = wit_stream::new::<u8>();
        reader.next().await;
    });
    set.spawn(turns(0));
    set
}

pub async fn join_sets_dropped() {
    leaves_nothing(async || {
        let mut set = set();
        assert_eq!(set.join_next().await, Some(()));
        in_flight(&mut Box::pin(set.join_next())).await;
    })
    .await;
}

pub async fn join_sets_aborted() {
    leaves_nothing(async || {
        let mut set = set();
        turns(1).await;
        set.abort_all();
        while set.join_next().await.is_some() {}
        assert!(set.is_empty());
    })
    .await;
}

pub async fn admissions_dropped() {
    static TWO: Limiter = Limiter::new(2);
    leaves_nothing(async || {
        let first = TWO.admit().await;
        let second = TWO.admit().await;
        let mut waits = Box::pin(TWO.admit());
        in_flight(&mut waits).await;
        let mut waits_behind = Box::pin(TWO.admit());
        in_flight(&mut waits_behind).await;
        // In the line, in use, and on its way.
        drop(waits);
        drop(first);
        drop(waits_behind);
        drop(second);
    })
    .await;
}
