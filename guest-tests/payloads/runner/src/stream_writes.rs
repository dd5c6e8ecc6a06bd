//! The runner writes a stream that the peer reads.

use std::pin::pin;

use futures::join;
use wit_async::StreamResult::{Cancelled, Complete, Dropped};
use wit_async::StreamWriter;

use crate::class::{Streams, at_once, counted, expect, items, read_at_once, waits};

/// The writable end of a stream whose readable end the peer holds.
async fn to_the_peer<C: Streams>() -> StreamWriter<C::Item> {
    let (writer, reader) = C::stream();
    C::keep_stream(reader).await;
    writer
}

pub(crate) async fn transfers<C: Streams>() {
    let mut writer = to_the_peer::<C>().await;

    // The peer's read is there first.
    {
        let mut read = pin!(C::read_stream(3));
        waits(read.as_mut(), "the peer's read").await;
        let (result, left) = at_once(writer.write(items::<C>(0..3)), "the write").await;
        assert_eq!(result, Complete(3));
        assert_eq!(left.remaining(), 0);
        assert!(left.into_vec().is_empty());
        let (got, gone) = read.await;
        expect::<C>(got, 0..3, "written at once").await;
        assert!(!gone);
    }

    // The write is there first.
    {
        let mut write = pin!(writer.write(items::<C>(3..5)));
        waits(write.as_mut(), "the write").await;
        let ((result, left), (got, gone)) = join!(write, C::read_stream(2));
        assert_eq!(result, Complete(2));
        assert_eq!(left.remaining(), 0);
        expect::<C>(got, 3..5, "written after waiting").await;
        assert!(!gone);
    }

    if counted::<C>() {
        // The peer takes some, at once; the same buffer brings the rest.
        let mut read = pin!(C::read_stream(2));
        waits(read.as_mut(), "the peer's read").await;
        let (result, left) = at_once(writer.write(items::<C>(5..10)), "the write").await;
        assert_eq!(result, Complete(2));
        assert_eq!(left.remaining(), 3);
        expect::<C>(read.await.0, 5..7, "the first part").await;
        let mut write = pin!(writer.write_buf(left));
        waits(write.as_mut(), "the write of the rest").await;
        let ((result, left), (got, _)) = join!(write, C::read_stream(2));
        assert_eq!(result, Complete(2));
        expect::<C>(got, 7..9, "the second part").await;
        expect::<C>(left.into_vec(), 9..10, "what nobody took").await;
    }

    if counted::<C>() {
        // More than fits into a small block.
        let mut write = pin!(writer.write(items::<C>(100..400)));
        waits(write.as_mut(), "the write of many").await;
        let ((result, left), (got, _)) = join!(write, C::read_stream(250));
        assert_eq!(result, Complete(250));
        expect::<C>(got, 100..350, "the first of many").await;
        expect::<C>(left.into_vec(), 350..400, "the last of many").await;
    }

    // All of it, however many reads that takes, and then one.
    let taking = async {
        let mut got = Vec::new();
        while got.len() < 8 {
            let (mut some, gone) = C::read_stream(3).await;
            assert!(!some.is_empty() && !gone);
            got.append(&mut some);
        }
        got
    };
    let sending = async {
        assert!(writer.write_all(items::<C>(10..17)).await.is_empty());
        assert!(writer.write_one(C::make(17)).await.is_none());
    };
    let (got, ()) = join!(taking, sending);
    expect::<C>(got, 10..18, "all of it").await;

    drop(writer);
    let (got, gone) = C::read_stream(1).await;
    assert!(got.is_empty() && gone);
    C::drop_stream_reader().await;
}

/// Zero-length operations, in both directions.
pub(crate) async fn zero_length<C: Streams>() {
    // A vector of zero-sized items always has room, so it cannot ask for none.
    if counted::<C>() {
        let mut reader = C::open_stream().await;
        {
            let mut write = pin!(C::write_stream(items::<C>(0..2)));
            waits(write.as_mut(), "the peer's write").await;
            let (result, got) = read_at_once(reader.read(Vec::new()), "the empty read").await;
            assert_eq!(result, Complete(0));
            assert!(got.is_empty());
            let (result, got) = reader.read(Vec::with_capacity(2)).await;
            assert_eq!(result, Complete(2));
            expect::<C>(got, 0..2, "what the empty read announced").await;
            assert!(write.await.0.is_empty());
        }
        {
            let mut write = pin!(C::write_stream(items::<C>(2..4)));
            {
                let mut read = pin!(reader.read(Vec::new()));
                waits(read.as_mut(), "the empty read").await;
                waits(write.as_mut(), "the peer's write").await;
                let (result, got) = read.await;
                assert_eq!(result, Complete(0));
                assert!(got.is_empty());
            }
            let (result, got) = reader.read(Vec::with_capacity(2)).await;
            assert_eq!(result, Complete(2));
            expect::<C>(got, 2..4, "what the empty read waited for").await;
            assert!(write.await.0.is_empty());
        }
        C::drop_stream_writer().await;
        assert!(reader.next().await.is_none());
    }

    let mut writer = to_the_peer::<C>().await;
    {
        let mut read = pin!(C::read_stream(2));
        waits(read.as_mut(), "the peer's read").await;
        let (result, left) = at_once(writer.write(Vec::new()), "the empty write").await;
        assert_eq!(result, Complete(0));
        assert_eq!(left.remaining(), 0);
        waits(read.as_mut(), "the peer's read, after a write of nothing").await;
        let (result, _) = at_once(writer.write(items::<C>(4..6)), "the write").await;
        assert_eq!(result, Complete(2));
        expect::<C>(read.await.0, 4..6, "written after nothing").await;
    }
    {
        let mut read = pin!(C::read_stream(2));
        {
            let mut write = pin!(writer.write(Vec::new()));
            waits(write.as_mut(), "the empty write").await;
            waits(read.as_mut(), "the peer's read").await;
            let (result, left) = write.await;
            assert_eq!(result, Complete(0));
            assert_eq!(left.remaining(), 0);
        }
        let (result, _) = writer.write(items::<C>(6..8)).await;
        assert_eq!(result, Complete(2));
        expect::<C>(read.await.0, 6..8, "what the empty write waited for").await;
    }
    drop(writer);
    C::drop_stream_reader().await;
}

pub(crate) async fn drops<C: Streams>() {
    // Before the write. An end that was told so stays at its end.
    {
        let mut writer = to_the_peer::<C>().await;
        C::drop_stream_reader().await;
        for attempt in ["the first write", "a write after the end"] {
            let (result, left) = writer.write(items::<C>(0..3)).await;
            assert_eq!(result, Dropped, "{attempt}");
            assert_eq!(left.remaining(), 3, "{attempt}");
            expect::<C>(left.into_vec(), 0..3, attempt).await;
        }
        expect::<C>(writer.write_all(items::<C>(3..5)).await, 3..5, "write_all").await;
        let one = writer.write_one(C::make(5)).await.expect("nobody takes it");
        C::check(one, 5).await;
    }

    // During the write.
    {
        let mut writer = to_the_peer::<C>().await;
        {
            let mut write = pin!(writer.write(items::<C>(0..3)));
            waits(write.as_mut(), "the write").await;
            C::drop_stream_reader().await;
            let (result, left) = write.await;
            assert_eq!(result, Dropped);
            expect::<C>(left.into_vec(), 0..3, "what came back").await;
        }
        let (result, left) = writer.write(items::<C>(3..4)).await;
        assert_eq!(result, Dropped);
        expect::<C>(left.into_vec(), 3..4, "what came back again").await;
    }

    // During the write, after some items were taken.
    if counted::<C>() {
        let mut writer = to_the_peer::<C>().await;
        {
            let mut write = pin!(writer.write(items::<C>(0..5)));
            waits(write.as_mut(), "the write").await;
            let (got, _) = C::read_stream(2).await;
            expect::<C>(got, 0..2, "what the peer took").await;
            C::drop_stream_reader().await;
            let (result, left) = write.await;
            assert_eq!(result, Complete(2));
            expect::<C>(left.into_vec(), 2..5, "what the peer left").await;
        }
        let (result, left) = writer.write(items::<C>(5..6)).await;
        assert_eq!(result, Dropped);
        expect::<C>(left.into_vec(), 5..6, "what came back").await;
    }

    // After a write.
    {
        let mut writer = to_the_peer::<C>().await;
        let ((result, _), (got, _)) = join!(writer.write(items::<C>(0..2)), C::read_stream(2));
        assert_eq!(result, Complete(2));
        expect::<C>(got, 0..2, "what the peer took").await;
        C::drop_stream_reader().await;
        expect::<C>(
            writer.write_all(items::<C>(2..5)).await,
            2..5,
            "what came back",
        )
        .await;
    }

    // Both ends here.
    {
        let (mut writer, reader) = C::stream();
        drop(reader);
        let (result, left) = writer.write(items::<C>(0..2)).await;
        assert_eq!(result, Dropped);
        expect::<C>(left.into_vec(), 0..2, "what came back").await;
    }
}

pub(crate) async fn cancels<C: Streams>() {
    let mut writer = to_the_peer::<C>().await;

    // Before it started.
    {
        let write = pin!(writer.write(items::<C>(0..3)));
        let (result, left) = write.cancel();
        assert_eq!(result, Cancelled);
        assert_eq!(left.remaining(), 3);
        expect::<C>(left.into_vec(), 0..3, "what was not sent").await;
    }

    // In flight.
    {
        let mut write = pin!(writer.write(items::<C>(0..3)));
        waits(write.as_mut(), "the write").await;
        let (result, left) = write.as_mut().cancel();
        assert_eq!(result, Cancelled);
        expect::<C>(left.into_vec(), 0..3, "what was not sent").await;
    }

    // When the reader is done.
    {
        let mut write = pin!(writer.write(items::<C>(0..3)));
        waits(write.as_mut(), "the write").await;
        let (got, _) = C::read_stream(3).await;
        expect::<C>(got, 0..3, "what the peer took").await;
        let (result, left) = write.as_mut().cancel();
        assert_eq!(result, Complete(3));
        assert!(left.into_vec().is_empty());
    }

    // When the reader has taken some. The rest can be sent later.
    if counted::<C>() {
        let left = {
            let mut write = pin!(writer.write(items::<C>(3..8)));
            waits(write.as_mut(), "the write").await;
            let (got, _) = C::read_stream(2).await;
            expect::<C>(got, 3..5, "what the peer took").await;
            let (result, left) = write.as_mut().cancel();
            assert_eq!(result, Complete(2));
            assert_eq!(left.remaining(), 3);
            left
        };
        let ((result, left), (got, _)) = join!(writer.write_buf(left), C::read_stream(3));
        assert_eq!(result, Complete(3));
        assert_eq!(left.remaining(), 0);
        expect::<C>(got, 5..8, "what was left").await;
    }

    // A write that is dropped in flight is cancelled.
    {
        let mut write = pin!(writer.write(items::<C>(90..93)));
        waits(write.as_mut(), "the write").await;
    }
    let ((result, _), (got, _)) = join!(writer.write(items::<C>(8..10)), C::read_stream(5));
    assert_eq!(result, Complete(2));
    expect::<C>(got, 8..10, "written after the dropped write").await;

    // When the reader has gone.
    {
        let mut write = pin!(writer.write(items::<C>(10..12)));
        waits(write.as_mut(), "the write").await;
        C::drop_stream_reader().await;
        let (result, left) = write.as_mut().cancel();
        assert_eq!(result, Dropped);
        expect::<C>(left.into_vec(), 10..12, "what came back").await;
    }
    assert!(writer.write_one(C::make(12)).await.is_some());
}
