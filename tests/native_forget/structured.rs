//! Scopes, their handles, permits.

use super::texts;
use crate::host::{self, Code, Log, pause, poll_once};
use std::future::Future;
use std::mem::forget;
use wit_async::{Limiter, scope, yield_async};

/// What is spawned in a scope borrows: after a leak nothing may touch that again.
#[test]
fn a_scope() {
    let host = host::install();
    host.leaks_on_purpose();
    let (mut words, mut word_peer) = host.incoming_stream::<u32>();
    let (mut strings, mut string_peer) = host.incoming_stream::<String>();
    let log = Log::new();
    let (sender, receiver) = futures::channel::oneshot::channel::<()>();
    let task = host.start({
        let log = log.clone();
        async move {
            {
                let mut buffer = vec![0; 64];
                let mut text = String::from("borrowed");
                let mut scoped = Box::pin(scope(async |s| {
                    let handle = s.spawn(async {
                        let word = words.next().await;
                        buffer.extend(word);
                        log.note("the first is polled again");
                    });
                    let other = s.spawn(async {
                        yield_async().await;
                        s.spawn(async {
                            let _ = receiver.await;
                            log.note("the inner one is polled again");
                        });
                        let read = strings.read(Vec::with_capacity(10)).await;
                        text.push_str(&read.1[0]);
                        log.note("the second is polled again");
                    });
                    forget(other);
                    handle.await
                }));
                assert!(poll_once(&mut scoped).await.is_pending());
                yield_async().await;
                assert!(poll_once(&mut scoped).await.is_pending());
                forget(scoped);
                // Both may be used, and go.
                buffer.clear();
                text.clear();
            }
            // The memory is somebody else's from now on.
            let others: Vec<_> = (0..100).map(|number| vec![number; 64]).collect();
            yield_async().await;
            drop(others);
            pause().await;
        }
    });
    task.settle();
    // What the futures waited for comes.
    sender.send(()).expect("it is leaked, not dropped");
    word_peer.write([1]);
    string_peer.write(texts());
    // The leaked futures wake it, and that is all.
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn a_scope_that_was_not_polled_and_handles_in_one_that_was() {
    let mut count = 0;
    let (sender, receiver) = futures::channel::oneshot::channel::<()>();
    forget(Box::pin(scope(async |s| {
        s.spawn(async { count += 1 });
    })));
    let mut scoped = Box::pin(scope(async |s| {
        forget(s.spawn(async { count += 1 }));
        forget(s.spawn(receiver).abort_on_drop());
        s.spawn(async { Vec::from([1, 2, 3]) }).await
    }));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(scoped.as_mut().poll(&mut cx).is_pending());
    sender.send(()).expect("it is awaited");
    assert_eq!(
        scoped.as_mut().poll(&mut cx),
        std::task::Poll::Ready(Some(vec![1, 2, 3]))
    );
    drop(scoped);
    assert_eq!(count, 1);
}

#[test]
fn a_permit_and_a_place_in_line() {
    let host = host::install();
    host.leaks_on_purpose();
    let limiter = Box::leak(Box::new(Limiter::new(1)));
    let task = host.start(async {
        let permit = limiter.admit().await;
        let mut waits = Box::pin(limiter.admit());
        assert!(poll_once(&mut waits).await.is_pending());
        forget(waits);
        drop(permit);
        // It has gone to one that nobody will ask.
        assert!(limiter.try_admit().is_none());
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(host.backpressure(), 1);
}
