//! Reading and writing futures.

use guest_support::check::{at_once, in_flight, turns};
use wit_async::FutureWriteCancel;

use crate::bindings::wit_future;

fn never() -> u32 {
    unreachable!("the value is written")
}

pub async fn future_in_both_orders() {
    let (writer, reader) = wit_future::new(never);
    let mut write = Box::pin(writer.write(1));
    in_flight(&mut write).await;
    assert_eq!(at_once(&mut Box::pin(reader.into_future())).await, 1);
    write.await.expect("the value was read");

    let (writer, reader) = wit_future::new(never);
    let mut read = Box::pin(reader.into_future());
    in_flight(&mut read).await;
    at_once(&mut Box::pin(writer.write(2)))
        .await
        .expect("a read is in flight");
    assert_eq!(read.await, 2);
}

pub async fn future_write_cancelled() {
    let (mut writer, reader) = wit_future::new(never);
    for _ in 0..3 {
        let mut write = Box::pin(writer.write(1));
        in_flight(&mut write).await;
        match write.as_mut().cancel() {
            FutureWriteCancel::Cancelled(value, back) => {
                assert_eq!(value, 1);
                writer = back;
            }
            other => panic!("expected value and writer back, found {other:?}"),
        }
    }
    let mut never_polled = Box::pin(writer.write(2));
    match never_polled.as_mut().cancel() {
        FutureWriteCancel::Cancelled(value, back) => {
            assert_eq!(value, 2);
            writer = back;
        }
        other => panic!("expected value and writer back, found {other:?}"),
    }
    let mut write = Box::pin(writer.write(3));
    in_flight(&mut write).await;
    assert_eq!(reader.await, 3);
    write.await.expect("the value was read");
}

pub async fn future_write_cancelled_after_read() {
    let (writer, reader) = wit_future::new(never);
    let mut write = Box::pin(writer.write(1));
    in_flight(&mut write).await;
    assert_eq!(at_once(&mut Box::pin(reader.into_future())).await, 1);
    let result = write.as_mut().cancel();
    assert!(
        matches!(result, FutureWriteCancel::AlreadySent),
        "found {result:?}"
    );
}

pub async fn future_write_reader_gone() {
    let (writer, reader) = wit_future::new(never);
    drop(reader);
    let error = at_once(&mut Box::pin(writer.write(1)))
        .await
        .expect_err("the reader is gone");
    assert_eq!(error.value, 1);

    let (writer, reader) = wit_future::new(never);
    let mut write = Box::pin(writer.write(2));
    in_flight(&mut write).await;
    drop(reader);
    assert_eq!(write.await.expect_err("the reader is gone").value, 2);

    let (writer, reader) = wit_future::new(never);
    let mut write = Box::pin(writer.write(3));
    in_flight(&mut write).await;
    drop(reader);
    let result = write.as_mut().cancel();
    assert!(
        matches!(result, FutureWriteCancel::Dropped(3)),
        "found {result:?}"
    );
}

pub async fn future_read_cancelled() {
    let (writer, mut reader) = wit_future::new(never);
    for _ in 0..3 {
        let mut read = Box::pin(reader.into_future());
        in_flight(&mut read).await;
        reader = read.as_mut().cancel().expect_err("nothing was written");
    }
    let mut read = Box::pin(reader.into_future());
    in_flight(&mut read).await;
    at_once(&mut Box::pin(writer.write(1)))
        .await
        .expect("a read is in flight");
    assert_eq!(read.as_mut().cancel().expect("the value was written"), 1);
}

pub async fn future_read_dropped_in_flight() {
    let (writer, reader) = wit_future::new(never);
    let mut read = Box::pin(reader.into_future());
    in_flight(&mut read).await;
    turns(1).await;
    drop(read);
    assert_eq!(
        writer.write(1).await.expect_err("the reader is gone").value,
        1
    );

    let (writer, reader) = wit_future::new(never);
    drop(reader.into_future());
    assert_eq!(
        writer.write(2).await.expect_err("the reader is gone").value,
        2
    );
}
