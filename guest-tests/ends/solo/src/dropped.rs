//! Ends and operations that are dropped, and what the other end sees.

use guest_support::check::{at_once, in_flight, turns};
use wit_async::StreamResult;

use crate::bindings::{wit_future, wit_stream};

pub async fn dropped_unused() {
    let (writer, reader) = wit_stream::new::<u8>();
    drop(writer);
    drop(reader);
    let (writer, reader) = wit_stream::new::<u8>();
    drop(reader);
    drop(writer);
    let (_writer, _reader) = wit_stream::new::<u32>();
    let (writer, reader) = wit_future::new::<u32>(|| 0);
    drop(reader);
    drop(writer);
}

pub async fn operations_never_polled() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    drop(reader.read(Vec::with_capacity(4)));
    drop(reader.next());
    drop(writer.write(vec![1, 2]));
    drop(writer.write_one(3));
    let mut write = Box::pin(writer.write(vec![4]));
    in_flight(&mut write).await;
    assert_eq!(
        at_once(&mut Box::pin(reader.next())).await,
        Some(4),
        "nothing was sent before"
    );
    assert_eq!(write.await.0, StreamResult::Complete(1));
}

pub async fn operations_dropped_in_flight() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    for _ in 0..3 {
        let mut read = Box::pin(reader.read(Vec::with_capacity(4)));
        in_flight(&mut read).await;
        drop(read);
        let mut next = Box::pin(reader.next());
        in_flight(&mut next).await;
        drop(next);
    }
    let writing = wit_async::spawn_local(async move {
        assert!(
            writer.write_all(vec![1, 2, 3]).await.is_empty(),
            "the reader is there"
        );
        writer
    });
    for n in 1..=3 {
        assert_eq!(reader.next().await, Some(n), "a dropped read loses nothing");
    }
    let mut writer = writing.await.expect("nobody cancels the writing task");
    let mut write = Box::pin(writer.write(vec![4, 5]));
    in_flight(&mut write).await;
    drop(write);
    drop(writer);
    assert_eq!(reader.next().await, None, "a dropped write sends nothing");
}

pub async fn read_after_end() {
    for items in [vec![], vec![1, 2]] {
        let (mut writer, mut reader) = wit_stream::new::<u8>();
        let count = items.len();
        wit_async::spawn_local(async move { writer.write_all(items).await });
        for _ in 0..count {
            assert!(reader.next().await.is_some());
        }
        for _ in 0..5 {
            assert_eq!(reader.next().await, None);
            let (result, buffer) = reader.read(Vec::with_capacity(4)).await;
            assert_eq!((result, buffer), (StreamResult::Dropped, vec![]));
            assert_eq!(reader.read(Vec::new()).await.0, StreamResult::Dropped);
            turns(1).await;
        }
        assert_eq!(reader.collect().await, []);
    }
}

pub async fn write_after_reader_gone() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    drop(reader);
    for _ in 0..5 {
        assert_eq!(writer.write_one(1).await, Some(1));
        assert_eq!(writer.write_all(vec![1, 2]).await, [1, 2]);
        let (result, buffer) = writer.write(vec![1, 2, 3]).await;
        assert_eq!(result, StreamResult::Dropped);
        assert_eq!(buffer.into_vec(), [1, 2, 3]);
        assert_eq!(writer.write(vec![]).await.0, StreamResult::Dropped);
        turns(1).await;
    }
}

pub async fn writer_gone_during_read() {
    let (writer, mut reader) = wit_stream::new::<u8>();
    let mut read = Box::pin(reader.read(Vec::with_capacity(4)));
    in_flight(&mut read).await;
    drop(writer);
    assert_eq!(read.await, (StreamResult::Dropped, vec![]));
    assert_eq!(reader.next().await, None);
    assert_eq!(reader.next().await, None);
}

pub async fn reader_gone_during_write() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let mut write = Box::pin(writer.write(vec![1, 2]));
    in_flight(&mut write).await;
    drop(reader);
    let (result, buffer) = write.await;
    assert_eq!(
        (result, buffer.into_vec()),
        (StreamResult::Dropped, vec![1, 2])
    );
    assert_eq!(writer.write_one(3).await, Some(3));
    assert_eq!(writer.write_one(3).await, Some(3));
}

pub async fn reader_gone_after_part() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut write = Box::pin(writer.write(vec![1, 2, 3]));
    in_flight(&mut write).await;
    assert_eq!(at_once(&mut Box::pin(reader.next())).await, Some(1));
    drop(reader);
    let (result, buffer) = write.await;
    assert_eq!(
        (result, buffer.into_vec()),
        (StreamResult::Complete(1), vec![2, 3])
    );
    assert_eq!(writer.write_all(vec![2, 3]).await, [2, 3]);
    assert_eq!(writer.write_all(vec![2, 3]).await, [2, 3]);
}
