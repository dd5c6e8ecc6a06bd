//! Futures that are spawned.

use std::future::pending;

use guest_support::check::leaves_nothing;

pub async fn spawned_aborted() {
    leaves_nothing(async || {
        let mut job = wit_async::spawn_local(pending::<()>()).abort_on_drop();
        job.abort();
        assert_eq!(job.await, None);
    })
    .await;
}
