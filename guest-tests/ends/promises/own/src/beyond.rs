//! What wit-bindgen 0.63 does not have: futures that are awaited by reference, and writes
//! from a buffer that stays with the caller.

use std::future::IntoFuture;

use futures::future::join;
use guest_support::check::{blocking_turns, in_flight, poll_once, turns};
use wit_async::StreamResult;

use crate::bindings::test::ends::relay;
use crate::bindings::wit_stream;
use crate::program::words;

pub async fn future_by_reference() {
    let mut reader = relay::value("value".to_owned(), true).await;
    for _ in 0..3 {
        let mut read = Box::pin((&mut reader).into_future());
        in_flight(&mut read).await;
        drop(read);
    }
    // It arrives while nobody waits for it.
    turns(20).await;
    assert_eq!((&mut reader).await, "value");
}

pub async fn future_by_reference_goes_along() {
    let mut reader = relay::value("value".to_owned(), true).await;
    let mut read = Box::pin((&mut reader).into_future());
    in_flight(&mut read).await;
    blocking_turns(20);
    drop(read);
    assert_eq!(relay::read_value(reader).await, "value");
}

pub async fn write_from_dropped() {
    let (mut writer, reader) = wit_stream::new();
    let mut buffer = writer.buffer(words(0, 4));
    let mut write = Box::pin(writer.write_from(&mut buffer));
    in_flight(&mut write).await;
    let taken = {
        let mut taking = Box::pin(relay::take_words(reader, 2));
        in_flight(&mut taking).await;
        blocking_turns(10);
        drop(write);
        drop(writer);
        taking.await
    };
    let taken_then_left = [taken.clone(), buffer.into_vec()].concat();
    assert_eq!(taken_then_left, words(0, 4), "{} were taken", taken.len());
}

pub async fn write_from_in_parts() {
    let (mut writer, reader) = wit_stream::new();
    let writes = async move {
        let mut buffer = writer.buffer(words(0, 50));
        while buffer.remaining() > 0 {
            let mut write = Box::pin(writer.write_from(&mut buffer));
            let _ = poll_once(&mut write).await;
            turns(1).await;
        }
    };
    let (collected, ()) = join(relay::collect_words(reader), writes).await;
    assert_eq!(collected, words(0, 50));
}

pub async fn write_from_reader_gone() {
    let (mut writer, reader) = wit_stream::new();
    let mut buffer = writer.buffer(words(0, 4));
    let (taken, result) = join(relay::take_words(reader, 1), writer.write_from(&mut buffer)).await;
    let taken_then_left = [taken, buffer.into_vec()].concat();
    assert_eq!(taken_then_left, words(0, 4));
    assert!(matches!(
        result,
        StreamResult::Complete(_) | StreamResult::Dropped
    ));
}
