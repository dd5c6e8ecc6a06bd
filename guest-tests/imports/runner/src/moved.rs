//! Calls that are not finished where they were started.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use guest_support::check::{in_flight, poll_once, turns};

use crate::bindings::test::imports::peer;

pub async fn moved_to_a_spawned_task() {
    let mut call = Box::pin(peer::hold(7));
    in_flight(&mut call).await;
    let handle = wit_async::spawn_local(call);
    turns(2).await;
    peer::release(7);
    assert_eq!(handle.await, Some(7));
}

pub async fn finished_in_block_on() {
    let mut call = Box::pin(peer::hold(7));
    in_flight(&mut call).await;
    peer::release(7);
    assert_eq!(wit_async::block_on(call), 7);
}

pub async fn started_in_block_on() {
    let mut call = Box::pin(peer::pending(41));
    let pending = wit_async::block_on(poll_once(&mut call));
    assert!(pending.is_pending(), "the callee waits for a while");
    assert_eq!(call.await, 42);
}

/// Counts its wake-ups and passes them on to nobody.
struct CountingWaker(AtomicU32);

impl Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

pub async fn last_waker_wins() {
    let mut call = pin!(peer::hold(7));
    let first = Arc::new(CountingWaker(AtomicU32::new(0)));
    let second = Arc::new(CountingWaker(AtomicU32::new(0)));
    for counter in [&first, &second] {
        let waker = Waker::from(counter.clone());
        assert!(
            call.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    peer::release(7);
    turns(10).await;
    assert_eq!(
        first.0.load(Ordering::Relaxed),
        0,
        "the first waker was replaced"
    );
    assert_eq!(
        second.0.load(Ordering::Relaxed),
        1,
        "the last waker is woken, once"
    );
    let result = poll_fn(|context| Pin::new(&mut call).poll(context)).await;
    assert_eq!(result, 7);
}

pub async fn polled_after_finish() {
    let mut call = Box::pin(peer::ready(1));
    assert_eq!(poll_once(&mut call).await, Poll::Ready(2));
    // The future of an import is an `async fn`, so the message is the compiler's.
    guest_support::expect_trap("`async fn` resumed after completion");
    let _ = poll_once(&mut call).await;
}
