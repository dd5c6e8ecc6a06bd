//! What the bindings of each version are put through, whoever runs the task.

use crate::bindings::test::interop::peer;
use crate::bindings::{wit_future, wit_stream};
use crate::runtime::StreamResult;
use futures::{join, poll};
use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};

/// Calls: one that ends by itself, one that waits, two at a time. A future from the
/// other side, and one to nobody.
pub async fn awaits() {
    assert_eq!(peer::echo(7).await, 7);

    let mut call = pin!(peer::pass(1));
    assert!(poll!(call.as_mut()).is_pending(), "the gate is closed");
    peer::open(1, 10);
    assert_eq!(call.await, 10);

    let (second, third, ()) = join!(peer::pass(2), peer::pass(3), async {
        peer::open(3, 30);
        peer::open(2, 20);
    });
    assert_eq!((second, third), (20, 30));

    let mut promise = pin!(peer::promise(4).await.into_future());
    assert!(poll!(promise.as_mut()).is_pending(), "the gate is closed");
    peer::open(4, 40);
    assert_eq!(promise.await, 40);

    let (writer, reader) = wit_future::new::<u32>(|| 0);
    drop(reader);
    assert!(writer.write(5).await.is_err(), "the reader is gone");
}

/// Streams: one to read, in pieces and after waiting, and one to write.
pub async fn streams() {
    let mut numbers = peer::numbers(5).await;
    let mut seen = Vec::new();
    {
        let mut read = pin!(numbers.read(Vec::with_capacity(7)));
        assert!(poll!(read.as_mut()).is_pending(), "the gate is closed");
        peer::open(5, 100);
        let (status, items) = read.await;
        assert_eq!(status, StreamResult::Complete(7));
        seen.extend(items);
    }
    loop {
        let (status, items) = numbers.read(Vec::with_capacity(7)).await;
        seen.extend(items);
        if status == StreamResult::Dropped {
            break;
        }
    }
    assert_eq!(seen, (0..100).collect::<Vec<u32>>());

    let (mut writer, reader) = wit_stream::new::<u32>();
    let (sum, ()) = join!(peer::sum(reader), async move {
        let left = writer.write_all((1..=50).collect()).await;
        assert!(left.is_empty(), "the other side reads to the end");
    });
    assert_eq!(sum, 1275);
}

/// Operations that are dropped while they wait.
pub async fn drops() {
    for mut operation in pending(6).await {
        assert!(poll!(operation.as_mut()).is_pending(), "the gate is closed");
        drop(operation);
    }
    let (mut writer, reader) = wit_stream::new::<u32>();
    {
        let mut write = pin!(writer.write(vec![1, 2, 3]));
        assert!(poll!(write.as_mut()).is_pending(), "nobody reads");
    }
    drop(reader);
    peer::open(6, 60);
    // Whatever was left behind must not be in the way of what comes after.
    assert_eq!(peer::echo(8).await, 8);
}

/// An operation that waits at a gate and ends with what the gate is opened with.
pub type Pending = Pin<Box<dyn Future<Output = u32>>>;

/// One operation of each kind, none of them started.
pub async fn pending(gate: u32) -> Vec<Pending> {
    let promise = peer::promise(gate).await.into_future();
    let mut numbers = peer::numbers(gate).await;
    vec![
        Box::pin(peer::pass(gate)),
        Box::pin(promise),
        Box::pin(async move {
            let (_, items) = numbers.read(Vec::with_capacity(100)).await;
            u32::try_from(items.len()).expect("a hundred at most")
        }),
    ]
}
