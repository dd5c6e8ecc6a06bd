//! Operations that are used after they have finished, and error contexts.

use guest_support::check::{at_once, in_flight, poll_once};
use wit_async::StreamResult;
use wit_async::rt::async_support::ErrorContext;

use crate::bindings::{wit_future, wit_stream};

pub async fn error_contexts() {
    let error = ErrorContext::new("disk on fire");
    // The host may keep the message or lose it, but makes nothing up.
    let message = error.debug_message();
    assert!(
        message == "disk on fire" || message.is_empty(),
        "found {message:?}"
    );
    assert_eq!(error.to_string(), message);
    assert!(format!("{error:?}").contains(&message));
    for n in 0..100 {
        drop(ErrorContext::new(&n.to_string()));
    }
}

fn never() -> u32 {
    unreachable!("the value is written")
}

/// Whoever polls or cancels twice is told which call it was, and on which handle.
fn expect_panic(call: &str, handle: u32, what: &str) {
    guest_support::expect_trap(&format!(
        "`{call}` on handle {handle} was {what} after it finished"
    ));
}

pub async fn stream_read_polled_after_finish() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut write = Box::pin(writer.write(vec![1]));
    in_flight(&mut write).await;
    let handle = reader.handle();
    let mut read = Box::pin(reader.read(Vec::with_capacity(1)));
    assert_eq!(at_once(&mut read).await.0, StreamResult::Complete(1));
    expect_panic("StreamReader::read", handle, "polled");
    let _ = poll_once(&mut read).await;
}

pub async fn stream_next_polled_after_finish() {
    let (writer, mut reader) = wit_stream::new::<u8>();
    drop(writer);
    let handle = reader.handle();
    let mut next = Box::pin(reader.next());
    assert_eq!(at_once(&mut next).await, None);
    expect_panic("StreamReader::next", handle, "polled");
    let _ = poll_once(&mut next).await;
}

pub async fn stream_write_one_polled_after_finish() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    drop(reader);
    let handle = writer.handle();
    let mut write = Box::pin(writer.write_one(1));
    assert_eq!(at_once(&mut write).await, Some(1));
    expect_panic("StreamWriter::write_one", handle, "polled");
    let _ = poll_once(&mut write).await;
}

pub async fn stream_write_polled_after_finish() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    drop(reader);
    let handle = writer.handle();
    let mut write = Box::pin(writer.write(vec![1]));
    assert_eq!(at_once(&mut write).await.0, StreamResult::Dropped);
    expect_panic("StreamWriter::write", handle, "polled");
    let _ = poll_once(&mut write).await;
}

pub async fn future_read_polled_after_finish() {
    let (writer, reader) = wit_future::new(never);
    let mut write = Box::pin(writer.write(1));
    in_flight(&mut write).await;
    let mut read = Box::pin(reader.into_future());
    assert_eq!(at_once(&mut read).await, 1);
    guest_support::expect_trap("`FutureRead` on handle ");
    let _ = poll_once(&mut read).await;
}

pub async fn future_write_polled_after_finish() {
    let (writer, reader) = wit_future::new(never);
    drop(reader);
    let mut write = Box::pin(writer.write(1));
    assert!(at_once(&mut write).await.is_err());
    guest_support::expect_trap("`FutureWrite` on handle ");
    let _ = poll_once(&mut write).await;
}

pub async fn stream_read_cancelled_after_finish() {
    let (writer, mut reader) = wit_stream::new::<u8>();
    drop(writer);
    let handle = reader.handle();
    let mut read = Box::pin(reader.read(Vec::with_capacity(1)));
    assert_eq!(at_once(&mut read).await.0, StreamResult::Dropped);
    expect_panic("StreamReader::read", handle, "cancelled");
    let _ = read.as_mut().cancel();
}
