//! The runner reads a stream that the peer writes.

use std::pin::pin;

use futures::join;
use wit_async::StreamResult::{Cancelled, Complete, Dropped};

use crate::class::{Streams, counted, expect, items, read_at_once, waits};

pub(crate) async fn transfers<C: Streams>() {
    let mut reader = C::open_stream().await;

    // The peer's write is there first.
    {
        let mut write = pin!(C::write_stream(items::<C>(0..3)));
        waits(write.as_mut(), "the peer's write").await;
        let (result, got) = read_at_once(reader.read(Vec::with_capacity(3)), "the read").await;
        assert_eq!(result, Complete(3));
        expect::<C>(got, 0..3, "read at once").await;
        let (unsent, gone) = write.await;
        assert!(unsent.is_empty() && !gone);
    }

    // The read is there first.
    {
        let mut read = pin!(reader.read(Vec::with_capacity(2)));
        waits(read.as_mut(), "the read").await;
        let ((result, got), (unsent, gone)) = join!(read, C::write_stream(items::<C>(3..5)));
        assert_eq!(result, Complete(2));
        expect::<C>(got, 3..5, "read after waiting").await;
        assert!(unsent.is_empty() && !gone);
    }

    // Fewer than asked for, at once, behind what the vector holds already.
    {
        let mut write = pin!(C::write_stream(items::<C>(6..8)));
        waits(write.as_mut(), "the peer's write").await;
        let mut room = Vec::with_capacity(9);
        room.push(C::make(5));
        let (result, got) = read_at_once(reader.read(room), "the read").await;
        assert_eq!(result, Complete(2));
        expect::<C>(got, 5..8, "read of fewer").await;
        let (unsent, gone) = write.await;
        assert!(unsent.is_empty() && !gone);
    }

    // Fewer than asked for, after waiting.
    {
        let mut read = pin!(reader.read(Vec::with_capacity(8)));
        waits(read.as_mut(), "the read").await;
        let ((result, got), (unsent, gone)) = join!(read, C::write_stream(items::<C>(8..11)));
        assert_eq!(result, Complete(3));
        expect::<C>(got, 8..11, "read of fewer after waiting").await;
        assert!(unsent.is_empty() && !gone);
    }

    // More than asked for: the rest stays with the peer.
    if counted::<C>() {
        let mut read = pin!(reader.read(Vec::with_capacity(2)));
        waits(read.as_mut(), "the read").await;
        let ((result, got), (unsent, gone)) = join!(read, C::write_stream(items::<C>(11..16)));
        assert_eq!(result, Complete(2));
        expect::<C>(got, 11..13, "read of the first").await;
        expect::<C>(unsent, 13..16, "what the peer could not send").await;
        assert!(!gone);
    }

    // More than fits into a small block.
    if counted::<C>() {
        let mut read = pin!(reader.read(Vec::with_capacity(250)));
        waits(read.as_mut(), "the read").await;
        let ((result, got), (unsent, _)) = join!(read, C::write_stream(items::<C>(100..400)));
        assert_eq!(result, Complete(250));
        expect::<C>(got, 100..350, "read of many").await;
        expect::<C>(unsent, 350..400, "what did not fit").await;
    }

    // One at a time takes no more than one.
    {
        let mut write = pin!(C::write_stream(items::<C>(16..19)));
        waits(write.as_mut(), "the peer's write").await;
        C::check(reader.next().await.expect("the peer is writing"), 16).await;
        let (unsent, gone) = write.await;
        expect::<C>(unsent, 17..19, "what `next` left").await;
        assert!(!gone);
    }

    // All the rest, in order.
    let sending = async {
        for start in [20, 23, 26] {
            let mut left = items::<C>(start..start + 3);
            while !left.is_empty() {
                left = C::write_stream(left).await.0;
            }
        }
        C::drop_stream_writer().await;
    };
    let (rest, ()) = join!(reader.collect(), sending);
    expect::<C>(rest, 20..29, "collected").await;
}

pub(crate) async fn drops<C: Streams>() {
    // Before the read. An end that was told so stays at its end.
    {
        let mut reader = C::open_stream().await;
        C::drop_stream_writer().await;
        for attempt in ["the first read", "a read after the end"] {
            let (result, got) = reader.read(Vec::with_capacity(2)).await;
            assert_eq!(result, Dropped, "{attempt}");
            assert!(got.is_empty(), "{attempt}");
        }
        assert!(reader.next().await.is_none());
        assert!(reader.collect().await.is_empty());
    }

    // During the read.
    {
        let mut reader = C::open_stream().await;
        {
            let mut read = pin!(reader.read(Vec::with_capacity(2)));
            waits(read.as_mut(), "the read").await;
            C::drop_stream_writer().await;
            let (result, got) = read.await;
            assert_eq!(result, Dropped);
            assert!(got.is_empty());
        }
        assert!(reader.next().await.is_none());
    }

    // During the read, after some items, which must not get lost.
    {
        let mut reader = C::open_stream().await;
        {
            let mut read = pin!(reader.read(Vec::with_capacity(4)));
            waits(read.as_mut(), "the read").await;
            let (unsent, gone) = C::write_stream(items::<C>(0..2)).await;
            assert!(unsent.is_empty() && !gone);
            C::drop_stream_writer().await;
            let (result, got) = read.await;
            assert_eq!(result, Complete(2));
            expect::<C>(got, 0..2, "read before the end").await;
        }
        let (result, got) = reader.read(Vec::with_capacity(2)).await;
        assert_eq!(result, Dropped);
        assert!(got.is_empty());
    }

    // After a read.
    {
        let mut reader = C::open_stream().await;
        {
            let mut write = pin!(C::write_stream(items::<C>(2..5)));
            waits(write.as_mut(), "the peer's write").await;
            let (result, got) = reader.read(Vec::with_capacity(3)).await;
            assert_eq!(result, Complete(3));
            expect::<C>(got, 2..5, "the last items").await;
            write.await;
        }
        C::drop_stream_writer().await;
        assert!(reader.next().await.is_none());
        let (result, _) = reader.read(Vec::with_capacity(1)).await;
        assert_eq!(result, Dropped);
    }

    // The runner drops the readable end: the peer gets its items back.
    {
        let reader = C::open_stream().await;
        let mut write = pin!(C::write_stream(items::<C>(5..8)));
        waits(write.as_mut(), "the peer's write").await;
        drop(reader);
        let (unsent, gone) = write.await;
        assert!(gone);
        expect::<C>(unsent, 5..8, "what the peer got back").await;
        C::drop_stream_writer().await;
    }
}

pub(crate) async fn cancels<C: Streams>() {
    let mut reader = C::open_stream().await;

    // Before it started.
    {
        let read = pin!(reader.read(Vec::with_capacity(2)));
        let (result, got) = read.cancel();
        assert_eq!(result, Cancelled);
        assert!(
            got.is_empty() && got.capacity() >= 2,
            "the vector came back changed"
        );
    }

    // In flight. What the vector held stays in it.
    {
        let mut room = Vec::with_capacity(3);
        room.push(C::make(0));
        let mut read = pin!(reader.read(room));
        waits(read.as_mut(), "the read").await;
        let (result, got) = read.as_mut().cancel();
        assert_eq!(result, Cancelled);
        expect::<C>(got, 0..1, "what was in the vector").await;
    }

    // When the writer is done: the items are there.
    {
        let mut read = pin!(reader.read(Vec::with_capacity(4)));
        waits(read.as_mut(), "the read").await;
        let (unsent, gone) = C::write_stream(items::<C>(1..4)).await;
        assert!(unsent.is_empty() && !gone);
        let (result, got) = read.as_mut().cancel();
        assert_eq!(result, Complete(3));
        expect::<C>(got, 1..4, "what the cancelled read had got").await;
    }

    // The stream goes on as if nothing had happened.
    {
        let mut read = pin!(reader.read(Vec::with_capacity(2)));
        waits(read.as_mut(), "the read").await;
        let ((result, got), (unsent, _)) = join!(read, C::write_stream(items::<C>(4..6)));
        assert_eq!(result, Complete(2));
        expect::<C>(got, 4..6, "read after the cancels").await;
        assert!(unsent.is_empty());
    }

    // When the writer has gone.
    {
        let mut read = pin!(reader.read(Vec::with_capacity(2)));
        waits(read.as_mut(), "the read").await;
        C::drop_stream_writer().await;
        let (result, got) = read.as_mut().cancel();
        assert_eq!(result, Dropped);
        assert!(got.is_empty());
    }
    assert!(reader.next().await.is_none());
}

/// A read that is dropped in flight takes nothing with it.
pub(crate) async fn abandoned<C: Streams>() {
    let mut reader = C::open_stream().await;

    // What is written next goes to the next read.
    {
        let mut read = pin!(reader.read(Vec::with_capacity(4)));
        waits(read.as_mut(), "the read").await;
    }
    {
        let read = reader.read(Vec::with_capacity(4));
        let ((result, got), (unsent, gone)) = join!(read, C::write_stream(items::<C>(0..3)));
        assert_eq!(result, Complete(3));
        expect::<C>(got, 0..3, "read after the abandoned read").await;
        assert!(unsent.is_empty() && !gone);
    }
    {
        let mut next = pin!(reader.next());
        waits(next.as_mut(), "`next`").await;
    }
    {
        let (next, (unsent, gone)) = join!(reader.next(), C::write_stream(items::<C>(3..4)));
        C::check(next.expect("the peer is writing"), 3).await;
        assert!(unsent.is_empty() && !gone);
    }

    // The end of the stream, too.
    {
        let mut read = pin!(reader.read(Vec::with_capacity(4)));
        waits(read.as_mut(), "the read").await;
    }
    C::drop_stream_writer().await;
    let (result, got) = reader.read(Vec::with_capacity(4)).await;
    assert_eq!(result, Dropped);
    assert!(got.is_empty());

    // The readable end can be dropped, and the peer gets its items back,
    let mut reader = C::open_stream().await;
    {
        let mut read = pin!(reader.read(Vec::with_capacity(4)));
        waits(read.as_mut(), "the read").await;
    }
    drop(reader);
    let (unsent, gone) = C::write_stream(items::<C>(4..6)).await;
    assert!(gone);
    expect::<C>(unsent, 4..6, "what the peer got back").await;
    C::drop_stream_writer().await;

    // and it can be handed on.
    let (mut writer, mut reader) = C::stream();
    {
        let mut read = pin!(reader.read(Vec::with_capacity(4)));
        waits(read.as_mut(), "the read").await;
    }
    C::keep_stream(reader).await;
    let ((result, _), (got, gone)) = join!(writer.write(items::<C>(6..8)), C::read_stream(4));
    assert_eq!(result, Complete(2));
    expect::<C>(got, 6..8, "what the next owner read").await;
    assert!(!gone);
    drop(writer);
    C::drop_stream_reader().await;
}
