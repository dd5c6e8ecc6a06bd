//! Operations with the peer that are given up again and again.

use std::future::IntoFuture;

use guest_support::check::{in_flight, leaves_nothing, turns};
use wit_async::{FutureReader, FutureWriteCancel, FutureWriter, StreamResult, StreamWriter};

use crate::bindings::test::ends::relay;
use crate::bindings::{wit_future, wit_stream};

pub async fn reads_cancelled_again_and_again() {
    let (_writer, bytes) = wit_stream::new::<u8>();
    // Nothing is written, so nothing comes back.
    let mut reader = relay::pump(bytes).await;
    leaves_nothing(async || {
        let mut read = Box::pin(reader.read(Vec::with_capacity(16)));
        in_flight(&mut read).await;
        assert_eq!(read.as_mut().cancel().0, StreamResult::Cancelled);
    })
    .await;
}

pub async fn reads_dropped_again_and_again() {
    let (_writer, bytes) = wit_stream::new::<u8>();
    let mut reader = relay::pump(bytes).await;
    leaves_nothing(async || {
        in_flight(&mut Box::pin(reader.next())).await;
    })
    .await;
}

/// Writes bytes to the peer, which reads no more of them while `round` goes on.
async fn writes(mut round: impl AsyncFnMut(&mut StreamWriter<u8>)) {
    let (mut writer, bytes) = wit_stream::new();
    let pumped = relay::pump(bytes).await;
    // It has a byte to pass on, which nobody takes.
    assert_eq!(writer.write_one(0).await, None);
    turns(10).await;
    leaves_nothing(async || round(&mut writer).await).await;
    drop(writer);
    assert_eq!(pumped.collect().await, [0], "the others were given up");
}

pub async fn writes_cancelled_again_and_again() {
    writes(async |writer| {
        let mut write = Box::pin(writer.write(vec![1, 2, 3]));
        in_flight(&mut write).await;
        let (result, buffer) = write.as_mut().cancel();
        assert_eq!((result, buffer.remaining()), (StreamResult::Cancelled, 3));
    })
    .await;
}

pub async fn writes_dropped_again_and_again() {
    writes(async |writer| {
        in_flight(&mut Box::pin(writer.write_all(vec![1, 2, 3]))).await;
    })
    .await;
}

pub async fn writes_from_a_buffer_dropped_again_and_again() {
    writes(async |writer| {
        let mut buffer = writer.buffer(vec![1, 2, 3]);
        in_flight(&mut Box::pin(writer.write_from(&mut buffer))).await;
        assert_eq!(buffer.remaining(), 3);
    })
    .await;
}

fn value() -> (FutureWriter<String>, FutureReader<String>) {
    wit_future::new(|| "default".to_owned())
}

/// Writes futures to the peer, which holds each for a while and does not read it.
async fn future_writes(mut round: impl AsyncFnMut(FutureWriter<String>)) {
    leaves_nothing(async || {
        let (writer, reader) = value();
        let mut holds = Box::pin(relay::drop_value(reader, true));
        in_flight(&mut holds).await;
        round(writer).await;
        holds.await;
    })
    .await;
}

pub async fn future_writes_cancelled_again_and_again() {
    future_writes(async |writer| {
        let mut write = Box::pin(writer.write("value".to_owned()));
        in_flight(&mut write).await;
        let FutureWriteCancel::Cancelled(value, _) = write.as_mut().cancel() else {
            panic!("nobody has read");
        };
        assert_eq!(value, "value");
    })
    .await;
}

pub async fn future_writes_dropped_again_and_again() {
    future_writes(async |writer| {
        in_flight(&mut Box::pin(writer.write("value".to_owned()))).await;
    })
    .await;
}

pub async fn future_reads_cancelled_again_and_again() {
    leaves_nothing(async || {
        let reader = relay::value("value".to_owned(), true).await;
        let mut read = Box::pin(reader.into_future());
        in_flight(&mut read).await;
        let reader = read.as_mut().cancel().expect_err("nothing was written");
        drop(reader);
        // The peer sees that nobody reads.
        turns(4).await;
    })
    .await;
}

pub async fn future_reads_by_reference_dropped_again_and_again() {
    leaves_nothing(async || {
        let mut reader = relay::value("value".to_owned(), true).await;
        for _ in 0..3 {
            in_flight(&mut Box::pin((&mut reader).into_future())).await;
        }
        assert_eq!((&mut reader).await, "value");
    })
    .await;
}
