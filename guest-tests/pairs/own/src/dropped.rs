//! Ends and operations that go, and what the other end sees.

use std::future::IntoFuture;

use futures::future::join;
use guest_support::check::{in_flight, keeps_memory, turns};
use wit_async::{FutureWriteCancel, StreamResult};

use crate::bindings::{wit_future, wit_stream};
use crate::program::words;

fn value() -> String {
    "value".to_owned()
}

pub async fn reader_dropped_during_write() {
    let (mut writer, reader) = wit_stream::new();
    let mut write = Box::pin(writer.write_all(words()));
    in_flight(&mut write).await;
    drop(reader);
    assert_eq!(write.await, words());
    assert_eq!(writer.write_all(words()).await, words());

    let (writer, reader) = wit_future::new(value);
    let mut write = Box::pin(writer.write("other".to_owned()));
    in_flight(&mut write).await;
    drop(reader);
    assert_eq!(write.await.expect_err("nobody reads").value, "other");
}

pub async fn writer_dropped_during_read() {
    let (writer, mut reader) = wit_stream::new::<String>();
    let mut read = Box::pin(reader.next());
    in_flight(&mut read).await;
    drop(writer);
    assert_eq!(read.await, None);
    assert_eq!(reader.next().await, None);

    let (mut writer, mut reader) = wit_stream::new();
    let mut write = Box::pin(writer.write_all(words()));
    in_flight(&mut write).await;
    assert_eq!(reader.next().await.as_deref(), Some("a"));
    drop(write);
    drop(writer);
    assert_eq!(reader.next().await, None);
}

pub async fn operations_cancelled() {
    let (mut writer, mut reader) = wit_stream::new();
    let mut write = Box::pin(writer.write(words()));
    in_flight(&mut write).await;
    let (result, buffer) = write.as_mut().cancel();
    drop(write);
    assert_eq!(
        (result, buffer.into_vec()),
        (StreamResult::Cancelled, words())
    );
    let mut read = Box::pin(reader.read(Vec::with_capacity(1)));
    in_flight(&mut read).await;
    assert_eq!(read.as_mut().cancel().0, StreamResult::Cancelled);
    drop(read);

    // After they have met, the one that waited still has its result.
    let mut write = Box::pin(writer.write(words()));
    in_flight(&mut write).await;
    assert_eq!(reader.next().await.as_deref(), Some("a"));
    let (result, rest) = write.as_mut().cancel();
    drop(write);
    assert_eq!(
        (result, rest.into_vec()),
        (StreamResult::Complete(1), words()[1..].to_vec())
    );
    let mut read = Box::pin(reader.read(Vec::with_capacity(5)));
    in_flight(&mut read).await;
    assert!(writer.write_all(words()).await.is_empty());
    let (result, items) = read.as_mut().cancel();
    assert_eq!((result, items), (StreamResult::Complete(3), words()));

    let (writer, reader) = wit_future::new(|| unreachable!("it is written"));
    let mut read = Box::pin(reader.into_future());
    in_flight(&mut read).await;
    let reader = read.as_mut().cancel().expect_err("nothing was written");
    let mut write = Box::pin(writer.write(value()));
    in_flight(&mut write).await;
    let FutureWriteCancel::Cancelled(value, writer) = write.as_mut().cancel() else {
        panic!("nobody has read");
    };
    let (sent, read) = join(writer.write(value), reader.into_future()).await;
    sent.expect("it was read");
    assert_eq!(read, "value");
}

pub async fn operations_dropped_in_flight() {
    let (mut writer, mut reader) = wit_stream::new();
    for _ in 0..3 {
        in_flight(&mut Box::pin(writer.write_all(words()))).await;
        turns(1).await;
    }
    // The reader keeps what a read gets that was dropped.
    in_flight(&mut Box::pin(reader.next())).await;
    assert_eq!(writer.write_one("kept".to_owned()).await, None);
    assert_eq!(reader.next().await.as_deref(), Some("kept"));
    in_flight(&mut Box::pin(reader.next())).await;
    let (rest, word) = join(writer.write_one("word".to_owned()), reader.next()).await;
    assert_eq!((rest, word.as_deref()), (None, Some("word")));

    let (writer, reader) = wit_future::new(value);
    in_flight(&mut Box::pin(writer.write("other".to_owned()))).await;
    assert_eq!(reader.await, "value", "the default is written then");
    let (writer, reader) = wit_future::new(value);
    in_flight(&mut Box::pin(reader.into_future())).await;
    let error = writer.write("other".to_owned()).await;
    assert_eq!(error.expect_err("the reader is gone").value, "other");
}

pub async fn nothing_meets() {
    let (mut writer, mut reader) = wit_stream::new();
    // Waits for a reader.
    let mut write = Box::pin(writer.write(Vec::new()));
    in_flight(&mut write).await;
    let mut read = Box::pin(reader.next());
    in_flight(&mut read).await;
    assert_eq!(write.await.0, StreamResult::Complete(0));
    let (rest, word) = join(writer.write_one("word".to_owned()), read).await;
    assert_eq!((rest, word.as_deref()), (None, Some("word")));
    // Waits for a writer.
    let mut read = Box::pin(reader.read(Vec::new()));
    in_flight(&mut read).await;
    let mut write = Box::pin(writer.write_all(words()));
    in_flight(&mut write).await;
    assert_eq!(read.await.0, StreamResult::Complete(0));
    let (rest, items) = join(write, reader.read(Vec::with_capacity(9))).await;
    assert_eq!(
        (rest, items),
        (Vec::new(), (StreamResult::Complete(3), words()))
    );
}

pub async fn items_are_freed() {
    const SIZE: usize = 100_000;
    let text = || "x".repeat(SIZE);
    keeps_memory(SIZE, || async {
        let (mut writer, mut reader) = wit_stream::new();
        let (rest, item) = join(writer.write_one(text()), reader.next()).await;
        assert_eq!((rest, item.map(|item| item.len())), (None, Some(SIZE)));
        // One that waits, and goes.
        in_flight(&mut Box::pin(writer.write_one(text()))).await;
        let (writer, reader) = wit_future::new(|| unreachable!("it is written"));
        let (sent, value) = join(writer.write(text()), reader.into_future()).await;
        sent.expect("it was read");
        assert_eq!(value.len(), SIZE);
    })
    .await;
}
