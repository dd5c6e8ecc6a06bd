//! Reads and writes of futures.

use std::future::IntoFuture;

use guest_support::check::{in_flight, leaves_nothing};
use wit_async::FutureWriteCancel;

use crate::bindings::wit_future;

pub async fn future_reads_cancelled() {
    let (_writer, reader) = wit_future::new(|| 0_u32);
    let mut reader = Some(reader);
    leaves_nothing(async || {
        let end = reader.take().expect("it comes back each time");
        let mut read = Box::pin(end.into_future());
        in_flight(&mut read).await;
        let end = read.as_mut().cancel().expect_err("nothing was written");
        reader = Some(end);
    })
    .await;
}

pub async fn future_reads_dropped() {
    leaves_nothing(async || {
        let (_writer, reader) = wit_future::new(|| 0_u32);
        in_flight(&mut Box::pin(reader.into_future())).await;
    })
    .await;
}

pub async fn future_reads_by_reference_dropped() {
    let (_writer, mut reader) = wit_future::new(|| 0_u32);
    leaves_nothing(async || {
        in_flight(&mut Box::pin((&mut reader).into_future())).await;
    })
    .await;
}

pub async fn future_writes_cancelled() {
    let (writer, _reader) = wit_future::new(|| 0_u32);
    let mut writer = Some(writer);
    leaves_nothing(async || {
        let end = writer.take().expect("it comes back each time");
        let mut write = Box::pin(end.write(1));
        in_flight(&mut write).await;
        let FutureWriteCancel::Cancelled(1, end) = write.as_mut().cancel() else {
            panic!("nobody has read");
        };
        writer = Some(end);
    })
    .await;
}

pub async fn future_writes_dropped() {
    leaves_nothing(async || {
        let (writer, reader) = wit_future::new(|| 7_u32);
        in_flight(&mut Box::pin(writer.write(1))).await;
        assert_eq!(reader.await, 7);
    })
    .await;
}
