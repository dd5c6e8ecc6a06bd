//! Readable ends that are handed to another component while a write waits here.

use futures::future::join;
use guest_support::check::{in_flight, turns};
use wit_async::StreamWriter;

use crate::bindings::test::pairs::peer;
use crate::bindings::{wit_future, wit_stream};
use crate::program::words;

/// Writes all words so often, then drops the writable end.
pub async fn writes(mut writer: StreamWriter<String>, times: usize) {
    for _ in 0..times {
        assert!(writer.write_all(words()).await.is_empty());
    }
}

pub async fn stream_handed_away_during_write() {
    let (writer, reader) = wit_stream::new();
    let mut write = Box::pin(writes(writer, 2));
    in_flight(&mut write).await;
    turns(2).await;
    in_flight(&mut write).await;
    let (collected, ()) = join(peer::collect(reader), write).await;
    assert_eq!(collected, [words(), words()].concat());
}

pub async fn stream_handed_away_after_part() {
    let (writer, mut reader) = wit_stream::new();
    let mut write = Box::pin(writes(writer, 1));
    in_flight(&mut write).await;
    assert_eq!(reader.next().await.as_deref(), Some("a"));
    // What is left waits again.
    in_flight(&mut write).await;
    let (collected, ()) = join(peer::collect(reader), write).await;
    assert_eq!(collected, words()[1..]);
}

pub async fn value_handed_away_during_write() {
    let (writer, reader) = wit_future::new(|| unreachable!("it is written"));
    let mut write = Box::pin(writer.write("value".to_owned()));
    in_flight(&mut write).await;
    let (value, sent) = join(peer::read_value(reader), write).await;
    sent.expect("it was read");
    assert_eq!(value, "value");
}

pub async fn default_handed_away() {
    let (writer, reader) = wit_future::new(|| "default".to_owned());
    // Written here, until the reader goes.
    drop(writer);
    assert_eq!(peer::read_value(reader).await, "default");
}
