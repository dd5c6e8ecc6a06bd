//! Cancelling reads and writes of streams.

use guest_support::check::{at_once, in_flight, turns};
use wit_async::StreamResult;

use crate::bindings::wit_stream;

pub async fn read_cancelled_then_read() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    for capacity in [4, 8] {
        let mut read = Box::pin(reader.read(Vec::with_capacity(capacity)));
        in_flight(&mut read).await;
        let (result, buffer) = read.as_mut().cancel();
        assert_eq!((result, buffer.len()), (StreamResult::Cancelled, 0));
        assert!(buffer.capacity() >= capacity, "the buffer comes back");
    }
    let mut never_polled = Box::pin(reader.read(vec![9]));
    let (result, buffer) = never_polled.as_mut().cancel();
    assert_eq!((result, buffer), (StreamResult::Cancelled, vec![9]));
    drop(never_polled);
    wit_async::spawn_local(async move { writer.write_all(vec![1, 2, 3]).await });
    assert_eq!(reader.collect().await, [1, 2, 3]);
}

pub async fn write_cancelled_then_written() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let mut write = Box::pin(writer.write(vec![1, 2, 3]));
    in_flight(&mut write).await;
    let (result, buffer) = write.as_mut().cancel();
    drop(write);
    assert_eq!((result, buffer.remaining()), (StreamResult::Cancelled, 3));
    let mut never_polled = Box::pin(writer.write_buf(buffer));
    let (result, buffer) = never_polled.as_mut().cancel();
    drop(never_polled);
    assert_eq!((result, buffer.remaining()), (StreamResult::Cancelled, 3));
    wit_async::spawn_local(async move {
        let (result, buffer) = writer.write_buf(buffer).await;
        assert_eq!((result, buffer.remaining()), (StreamResult::Complete(3), 0));
    });
    assert_eq!(reader.collect().await, [1, 2, 3]);
}

pub async fn read_cancelled_after_transfer() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut read = Box::pin(reader.read(Vec::with_capacity(8)));
    in_flight(&mut read).await;
    let (result, _) = at_once(&mut Box::pin(writer.write(vec![1, 2]))).await;
    assert_eq!(result, StreamResult::Complete(2));
    let (result, buffer) = read.as_mut().cancel();
    assert_eq!((result, buffer), (StreamResult::Complete(2), vec![1, 2]));
    drop(read);
    // Once more, with the writer gone meanwhile.
    let mut read = Box::pin(reader.read(Vec::with_capacity(8)));
    in_flight(&mut read).await;
    let (result, _) = at_once(&mut Box::pin(writer.write(vec![3]))).await;
    assert_eq!(result, StreamResult::Complete(1));
    drop(writer);
    let (result, buffer) = read.as_mut().cancel();
    assert_eq!((result, buffer), (StreamResult::Complete(1), vec![3]));
    drop(read);
    assert_eq!(reader.next().await, None);
}

pub async fn write_cancelled_after_transfer() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut write = Box::pin(writer.write(vec![1, 2, 3]));
    in_flight(&mut write).await;
    let (result, items) = at_once(&mut Box::pin(reader.read(Vec::with_capacity(2)))).await;
    assert_eq!(result, StreamResult::Complete(items.len()));
    let (result, buffer) = write.as_mut().cancel();
    drop(write);
    assert_eq!(result, StreamResult::Complete(items.len()));
    let mut all = items;
    all.extend(buffer.into_vec());
    assert_eq!(all, [1, 2, 3], "what was not read comes back");
}

pub async fn cancelled_after_delivery() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut read = Box::pin(reader.read(Vec::with_capacity(8)));
    in_flight(&mut read).await;
    at_once(&mut Box::pin(writer.write(vec![1, 2]))).await;
    // The task gets the event, but does not poll the read.
    turns(2).await;
    let (result, items) = read.as_mut().cancel();
    assert_eq!((result, items), (StreamResult::Complete(2), vec![1, 2]));
    drop(read);

    let mut write = Box::pin(writer.write(vec![3, 4]));
    in_flight(&mut write).await;
    assert_eq!(reader.next().await, Some(3));
    turns(2).await;
    let (result, unsent) = write.as_mut().cancel();
    assert_eq!(
        (result, unsent.into_vec()),
        (StreamResult::Complete(1), vec![4])
    );
}

pub async fn result_outlives_the_other_end() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut read = Box::pin(reader.read(Vec::with_capacity(8)));
    in_flight(&mut read).await;
    at_once(&mut Box::pin(writer.write(vec![1, 2]))).await;
    turns(2).await;
    drop(writer);
    // The news that the writer is gone arrives after the result.
    turns(2).await;
    assert_eq!(read.await, (StreamResult::Complete(2), vec![1, 2]));
    assert_eq!(reader.next().await, None);

    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut write = Box::pin(writer.write(vec![3, 4]));
    in_flight(&mut write).await;
    assert_eq!(reader.next().await, Some(3));
    turns(2).await;
    drop(reader);
    turns(2).await;
    let (result, unsent) = write.await;
    assert_eq!(
        (result, unsent.into_vec()),
        (StreamResult::Complete(1), vec![4])
    );
    assert_eq!(writer.write_one(5).await, Some(5));
}
