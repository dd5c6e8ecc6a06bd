//! Streams whose other end is dropped, read in part, or handed on.

use std::hint::black_box;

use futures::future::join;
use guest_support::check::{in_flight, turns};
use wit_async::spawn_local;

use crate::bindings::test::ends::keeper::{self, Same};
use crate::bindings::wit_stream;

fn words(from: u32, to: u32) -> Vec<String> {
    (from..to).map(|n| n.to_string()).collect()
}

pub async fn stream_end_from_synchronous_export() {
    let mut reader = keeper::keep_stream();
    keeper::drop_kept_stream();
    assert_eq!(reader.next().await, None);
    assert_eq!(reader.next().await, None);

    let mut reader = keeper::keep_stream();
    let mut next = Box::pin(reader.next());
    in_flight(&mut next).await;
    keeper::drop_kept_stream();
    assert_eq!(next.await, None);
}

pub async fn reader_dropped_in_synchronous_export() {
    let (mut writer, reader) = wit_stream::new();
    keeper::drop_in_synchronous_export(reader);
    assert_eq!(writer.write_all(words(0, 3)).await, words(0, 3));
    assert_eq!(writer.write_all(words(0, 3)).await, words(0, 3));
}

pub async fn part_read_by_peer() {
    let (mut writer, reader) = wit_stream::new();
    let writing = spawn_local(async move { writer.write_all(words(0, 10)).await });
    let (first, reader) = keeper::skip_words(reader, 3).await;
    assert_eq!(first, words(0, 3));
    // Back through the peer, because the host lets no instance read strings
    // that it writes itself.
    let (second, reader) = keeper::skip_words(reader, 4).await;
    assert_eq!(second, words(3, 7));
    drop(reader);
    assert_eq!(writing.await, Some(words(7, 10)));
}

pub async fn peeked_by_peer() {
    let (mut writer, reader) = wit_stream::new();
    let reader = keeper::peek_words(reader).await;
    let reader = keeper::peek_words(reader).await;
    let (received, rest) = join(keeper::skip_words(reader, 3), async move {
        writer.write_all(words(0, 3)).await
    })
    .await;
    assert_eq!((received.0, rest), (words(0, 3), vec![]));
}

pub async fn through_two_components() {
    let (mut writer, reader) = wit_stream::new();
    let reader = keeper::pass_far(reader).await;
    turns(2).await;
    let reader = keeper::pass_far(reader).await;
    let (received, rest) = join(keeper::skip_words(reader, 5), async move {
        writer.write_all(words(0, 5)).await
    })
    .await;
    assert_eq!((received.0, rest), (words(0, 5), vec![]));
}

pub async fn items_without_size_in_lots() {
    // What is beside the items in memory makes no valid item.
    drop(black_box(vec![0xa5_u8; 1 << 20]));
    let count_same = |count| async move {
        let (mut writer, reader) = wit_stream::new();
        let writing = async move { writer.write_all(vec![Same::One; count]).await };
        let (counted, unsent) = join(keeper::count_same(reader), writing).await;
        assert_eq!((counted, unsent.len()), (count as u64, 0));
    };
    for count in [0, 1, 1024, 5000] {
        // Two at once: there is no memory for reads without bound.
        join(count_same(count), count_same(count)).await;
    }
}
