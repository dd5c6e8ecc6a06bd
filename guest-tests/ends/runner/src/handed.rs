//! Readable ends that are handed on, in every state.

use futures::StreamExt;
use futures::future::join;
use guest_support::check::{in_flight, poll_once, turns};
use std::task::Poll;
use wit_async::StreamResult;

use crate::bindings::test::ends::relay;
use crate::bindings::wit_stream;
use crate::words;

pub async fn handed_on_unread() {
    let reader = relay::words(10).await;
    assert_eq!(relay::collect_words(reader).await, words(0, 10));
}

pub async fn handed_on_after_part() {
    for count in 1..5 {
        let mut reader = relay::words(10).await;
        for word in words(0, count) {
            assert_eq!(reader.next().await, Some(word));
        }
        assert_eq!(relay::collect_words(reader).await, words(count, 10));
    }
    // Waited for, so that the runtime had to watch the end.
    let mut reader = relay::words(10).await;
    let (result, mut received) = reader.read(Vec::with_capacity(4)).await;
    assert_eq!(result, StreamResult::Complete(received.len()));
    turns(3).await;
    received.extend(relay::collect_words(reader).await);
    assert_eq!(received, words(0, 10));
}

pub async fn handed_on_after_dropped_read() {
    let (mut writer, mut reader) = wit_stream::new::<String>();
    let mut read = Box::pin(reader.next());
    in_flight(&mut read).await;
    turns(2).await;
    drop(read);
    let (received, rest) = join(relay::collect_words(reader), async move {
        writer.write_all(words(0, 10)).await
    })
    .await;
    assert_eq!((received, rest), (words(0, 10), vec![]));
}

pub async fn handed_on_with_kept_words() {
    for count in 0..4 {
        let mut reader = relay::words(10).await;
        let mut read = Box::pin(reader.read(Vec::with_capacity(6)));
        let mut received = match poll_once(&mut read).await {
            Poll::Ready((_, items)) => items,
            Poll::Pending => vec![],
        };
        drop(read);
        turns(3).await;
        for _ in 0..count {
            received.extend(reader.next().await);
        }
        received.extend(relay::collect_words(reader).await);
        assert_eq!(received, words(0, 10), "{count} were read before");
    }
}

pub async fn handed_on_after_read_ahead() {
    for count in 0..6 {
        let mut ahead = relay::words(10).await.buffered(4);
        let mut received: Vec<String> = ahead.by_ref().take(count).collect().await;
        turns(count).await;
        let reader = ahead.into_inner().expect("there is more");
        received.extend(relay::collect_words(reader).await);
        assert_eq!(received, words(0, 10), "{count} were read before");
    }
}

pub async fn handed_on_after_cancelled_read() {
    let mut reader = relay::words(10).await;
    let mut read = Box::pin(reader.read(Vec::with_capacity(4)));
    let mut received = match poll_once(&mut read).await {
        Poll::Ready((_, items)) => items,
        Poll::Pending => read.as_mut().cancel().1,
    };
    drop(read);
    received.extend(relay::collect_words(reader).await);
    assert_eq!(received, words(0, 10));
}

pub async fn handed_on_after_the_end() {
    let mut reader = relay::words(3).await;
    for word in words(0, 3) {
        assert_eq!(reader.next().await, Some(word));
    }
    assert_eq!(reader.next().await, None);
    assert_eq!(relay::collect_words(reader).await, words(0, 0));

    // Told of the end while nothing was in flight.
    let (writer, mut reader) = wit_stream::new::<String>();
    let mut read = Box::pin(reader.next());
    in_flight(&mut read).await;
    drop(writer);
    turns(3).await;
    assert_eq!(read.await, None);
    assert_eq!(relay::collect_words(reader).await, words(0, 0));
}

pub async fn back_and_forth() {
    let mut reader = relay::words(20).await;
    for n in 0..10 {
        assert_eq!(reader.next().await, Some(n.to_string()));
        reader = relay::pass_words(reader).await;
    }
    assert_eq!(reader.collect().await, words(10, 20));

    let (mut writer, mut reader) = wit_stream::new();
    for _ in 0..10 {
        reader = relay::pass_words(reader).await;
    }
    let (received, rest) = join(relay::collect_words(reader), async move {
        writer.write_all(words(0, 5)).await
    })
    .await;
    assert_eq!((received, rest), (words(0, 5), vec![]));
}
