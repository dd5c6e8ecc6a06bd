//! Futures, in both directions.

use std::pin::pin;

use futures::join;
use wit_async::{FutureWriteCancel, FutureWriter};

use crate::class::{DEFAULT, Futures, at_once, read_at_once, waits};

/// The writable end of a future whose readable end the peer holds.
async fn to_the_peer<C: Futures>() -> FutureWriter<C::Item> {
    let (writer, reader) = C::future();
    C::keep_future(reader).await;
    writer
}

pub(crate) async fn read_transfers<C: Futures>() {
    // The peer's write is there first.
    {
        let reader = C::open_future().await;
        let mut write = pin!(C::write_future(C::make(1)));
        waits(write.as_mut(), "the peer's write").await;
        C::check(read_at_once(reader.into_future(), "the read").await, 1).await;
        assert!(write.await.is_none());
    }

    // The read is there first.
    {
        let reader = C::open_future().await;
        let mut read = pin!(reader.into_future());
        waits(read.as_mut(), "the read").await;
        let (value, back) = join!(read, C::write_future(C::make(2)));
        C::check(value, 2).await;
        assert!(back.is_none());
    }

    // A value that is there, and that nobody reads, goes back.
    {
        let reader = C::open_future().await;
        let mut write = pin!(C::write_future(C::make(3)));
        waits(write.as_mut(), "the peer's write").await;
        drop(reader);
        C::check(write.await.expect("nobody read it"), 3).await;
    }
    {
        drop(C::open_future().await);
        let back = C::write_future(C::make(4)).await;
        C::check(back.expect("nobody can read it"), 4).await;
    }
}

pub(crate) async fn write_transfers<C: Futures>() {
    // The peer's read is there first.
    {
        let writer = to_the_peer::<C>().await;
        let mut read = pin!(C::read_future());
        waits(read.as_mut(), "the peer's read").await;
        at_once(writer.write(C::make(1)), "the write")
            .await
            .expect("the peer reads");
        C::check(read.await, 1).await;
    }

    // The write is there first.
    {
        let writer = to_the_peer::<C>().await;
        let mut write = pin!(writer.write(C::make(2)));
        waits(write.as_mut(), "the write").await;
        let (written, value) = join!(write, C::read_future());
        written.expect("the peer reads");
        C::check(value, 2).await;
    }

    // A writable end that goes away unwritten delivers its default.
    {
        let writer = to_the_peer::<C>().await;
        let mut read = pin!(C::read_future());
        waits(read.as_mut(), "the peer's read").await;
        drop(writer);
        C::check(read.await, DEFAULT).await;
    }
    {
        let writer = to_the_peer::<C>().await;
        drop(writer);
        C::check(C::read_future().await, DEFAULT).await;
    }
}

pub(crate) async fn drops<C: Futures>() {
    // Before the write.
    {
        let writer = to_the_peer::<C>().await;
        C::drop_future_reader().await;
        let error = writer.write(C::make(1)).await.expect_err("nobody reads");
        C::check(error.value, 1).await;
    }

    // During the write.
    {
        let writer = to_the_peer::<C>().await;
        let mut write = pin!(writer.write(C::make(2)));
        waits(write.as_mut(), "the write").await;
        C::drop_future_reader().await;
        let error = write.await.expect_err("nobody reads");
        C::check(error.value, 2).await;
    }

    // Between a write that was cancelled and the next one.
    {
        let writer = to_the_peer::<C>().await;
        let mut write = pin!(writer.write(C::make(3)));
        waits(write.as_mut(), "the write").await;
        let FutureWriteCancel::Cancelled(value, writer) = write.as_mut().cancel() else {
            panic!("nobody has read it");
        };
        C::drop_future_reader().await;
        wit_async::yield_async().await;
        let error = writer.write(value).await.expect_err("nobody reads");
        C::check(error.value, 3).await;
    }

    // Both ends here.
    {
        let (writer, reader) = C::future();
        drop(reader);
        let error = writer.write(C::make(4)).await.expect_err("nobody reads");
        C::check(error.value, 4).await;
    }

    // Nobody reads and nobody writes, in either order.
    {
        let writer = to_the_peer::<C>().await;
        C::drop_future_reader().await;
        drop(writer);
        let (writer, reader) = C::future();
        drop(writer);
        drop(reader);
        wit_async::yield_async().await;
    }
}

pub(crate) async fn read_cancels<C: Futures>() {
    // Before it started, and in flight: the readable end comes back.
    {
        let reader = C::open_future().await;
        let read = pin!(reader.into_future());
        let reader = read.cancel().err().expect("it has not started");
        let mut read = pin!(reader.into_future());
        waits(read.as_mut(), "the read").await;
        let reader = read.as_mut().cancel().err().expect("nobody has written");
        let (value, back) = join!(reader.into_future(), C::write_future(C::make(1)));
        C::check(value, 1).await;
        assert!(back.is_none());
    }

    // When the writer is done: the value is there.
    {
        let reader = C::open_future().await;
        let mut read = pin!(reader.into_future());
        waits(read.as_mut(), "the read").await;
        assert!(C::write_future(C::make(2)).await.is_none());
        let Ok(value) = read.as_mut().cancel() else {
            panic!("the peer has written");
        };
        C::check(value, 2).await;
    }

    // A read that is dropped in flight, with the readable end in it.
    {
        let reader = C::open_future().await;
        {
            let mut read = pin!(reader.into_future());
            waits(read.as_mut(), "the read").await;
        }
        let back = C::write_future(C::make(3)).await;
        C::check(back.expect("nobody can read it"), 3).await;
    }

    // A readable end that a cancel gave back can be handed on.
    {
        let (writer, reader) = C::future();
        let mut read = pin!(reader.into_future());
        waits(read.as_mut(), "the read").await;
        C::keep_future(read.as_mut().cancel().err().expect("nobody has written")).await;
        let (written, value) = join!(writer.write(C::make(4)), C::read_future());
        written.expect("the peer reads");
        C::check(value, 4).await;
    }
}

pub(crate) async fn write_cancels<C: Futures>() {
    // Before it started, and in flight: value and writable end come back.
    {
        let writer = to_the_peer::<C>().await;
        let write = pin!(writer.write(C::make(1)));
        let FutureWriteCancel::Cancelled(value, writer) = write.cancel() else {
            panic!("it has not started");
        };
        C::check(value, 1).await;
        let mut write = pin!(writer.write(C::make(2)));
        waits(write.as_mut(), "the write").await;
        let FutureWriteCancel::Cancelled(value, writer) = write.as_mut().cancel() else {
            panic!("nobody has read it");
        };
        C::check(value, 2).await;
        let (written, value) = join!(writer.write(C::make(3)), C::read_future());
        written.expect("the peer reads");
        C::check(value, 3).await;
    }

    // When the reader is done.
    {
        let writer = to_the_peer::<C>().await;
        let mut write = pin!(writer.write(C::make(4)));
        waits(write.as_mut(), "the write").await;
        C::check(C::read_future().await, 4).await;
        assert!(matches!(
            write.as_mut().cancel(),
            FutureWriteCancel::AlreadySent
        ));
    }

    // When the reader has gone.
    {
        let writer = to_the_peer::<C>().await;
        let mut write = pin!(writer.write(C::make(5)));
        waits(write.as_mut(), "the write").await;
        C::drop_future_reader().await;
        let FutureWriteCancel::Dropped(value) = write.as_mut().cancel() else {
            panic!("the peer has dropped the readable end");
        };
        C::check(value, 5).await;
    }

    // A write that is dropped in flight is cancelled: the default takes its place.
    {
        let writer = to_the_peer::<C>().await;
        {
            let mut write = pin!(writer.write(C::make(6)));
            waits(write.as_mut(), "the write").await;
        }
        C::check(C::read_future().await, DEFAULT).await;
    }
}
