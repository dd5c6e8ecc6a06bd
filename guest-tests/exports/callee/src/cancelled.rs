//! Exports that their caller cancels.

use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use futures::channel::oneshot;
use wit_async::{CancelRequest, FutureReader, spawn_local, yield_async};

use crate::bindings::wit_future;
use crate::state::{Watched, gate, report};

thread_local! {
    static READER: RefCell<Option<FutureReader<u32>>> = const { RefCell::new(None) };
    static WAKER: RefCell<Option<Waker>> = const { RefCell::new(None) };
}

pub async fn waits_beside_spawned() {
    let watched = Watched::start();
    spawn_local(async {
        gate(2).await;
        report("spawned finished");
    });
    gate(1).await;
    watched.finish();
}

/// Waits until it is cancelled, and then does some work.
async fn is_cancelled(request: &mut CancelRequest) {
    assert!(!request.is_requested());
    request.requested().await;
    report("asked");
    for _ in 0..3 {
        yield_async().await;
    }
    report("cleaned up");
}

pub async fn finishes_when_cancelled() -> String {
    let watched = Watched::start();
    is_cancelled(&mut CancelRequest::observe()).await;
    watched.finish();
    "in its own time".to_owned()
}

pub async fn accepts_when_cancelled() {
    let _watched = Watched::start();
    let mut request = CancelRequest::observe();
    is_cancelled(&mut request).await;
    match request.accept().await {}
}

/// Sends when it is dropped.
struct SendOnDrop(Option<oneshot::Sender<()>>);

impl Drop for SendOnDrop {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            sender.send(()).expect("the sibling waits");
        }
    }
}

pub async fn wakes_sibling_when_dropped() {
    let (sender, receiver) = oneshot::channel();
    let _guard = SendOnDrop(Some(sender));
    spawn_local(async move {
        receiver.await.expect("the guard sends");
        report("sibling woken");
    });
    gate(1).await;
    report("not cancelled");
}

pub async fn holds_unwritten_writer() {
    let (writer, reader) = wit_future::new(|| 4711);
    READER.set(Some(reader));
    gate(1).await;
    writer.write(1).await.expect("the caller reads");
}

pub fn take_reader() -> FutureReader<u32> {
    READER
        .take()
        .expect("`holds-unwritten-writer` was called before")
}

pub async fn keeps_waker() {
    poll_fn(|context| {
        WAKER.set(Some(context.waker().clone()));
        Poll::Ready(())
    })
    .await;
    gate(1).await;
}

pub fn wake_kept() {
    WAKER.with_borrow(|waker| waker.as_ref().expect("a waker was kept").wake_by_ref());
}
