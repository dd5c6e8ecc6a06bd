//! Reads and writes of streams.

use guest_support::check::{in_flight, leaves_nothing};
use wit_async::StreamResult;

use crate::bindings::wit_stream;

pub async fn reads_cancelled() {
    let (_writer, mut reader) = wit_stream::new::<u8>();
    leaves_nothing(async || {
        let mut read = Box::pin(reader.read(Vec::with_capacity(16)));
        in_flight(&mut read).await;
        assert_eq!(read.as_mut().cancel().0, StreamResult::Cancelled);
    })
    .await;
}

pub async fn reads_dropped() {
    let (_writer, mut reader) = wit_stream::new::<u8>();
    leaves_nothing(async || {
        in_flight(&mut Box::pin(reader.next())).await;
    })
    .await;
}

pub async fn reads_dropped_with_their_stream() {
    leaves_nothing(async || {
        let (_writer, mut reader) = wit_stream::new::<u8>();
        in_flight(&mut Box::pin(reader.next())).await;
    })
    .await;
}

pub async fn writes_cancelled() {
    let (mut writer, _reader) = wit_stream::new::<u8>();
    leaves_nothing(async || {
        let mut write = Box::pin(writer.write(vec![1, 2, 3]));
        in_flight(&mut write).await;
        let (result, buffer) = write.as_mut().cancel();
        assert_eq!((result, buffer.remaining()), (StreamResult::Cancelled, 3));
    })
    .await;
}

pub async fn writes_dropped() {
    let (mut writer, _reader) = wit_stream::new::<u8>();
    leaves_nothing(async || {
        in_flight(&mut Box::pin(writer.write_all(vec![1, 2, 3]))).await;
    })
    .await;
}

pub async fn writes_from_a_buffer_dropped() {
    let (mut writer, _reader) = wit_stream::new::<u8>();
    let mut buffer = writer.buffer(vec![1, 2, 3]);
    leaves_nothing(async || {
        in_flight(&mut Box::pin(writer.write_from(&mut buffer))).await;
        assert_eq!(buffer.remaining(), 3);
    })
    .await;
}

pub async fn cancelled_together() {
    let (_writer, mut reader) = wit_stream::new::<u8>();
    let (mut writer, _reader) = wit_stream::new::<u8>();
    leaves_nothing(async || {
        let mut read = Box::pin(reader.next());
        in_flight(&mut read).await;
        let mut write = Box::pin(writer.write_one(1));
        in_flight(&mut write).await;
        wit_async::cancel((read, write)).await;
    })
    .await;
}
