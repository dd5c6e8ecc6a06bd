//! Readable ends that were handed away and came back: which pair they are of is not
//! known any more, and the host does not let a read and a write meet.

use std::future::IntoFuture;

use futures::future::join;
use guest_support::check::in_flight;
use guest_support::expect_trap;

use crate::bindings::test::pairs::peer;
use crate::bindings::{wit_future, wit_stream};
use crate::handed::writes;
use crate::program::words;

const MESSAGE: &str =
    "cannot read from and write to intra-component future/stream with non-numeric payload";

pub async fn stream_after_round_trip() {
    let (mut writer, reader) = wit_stream::new();
    let mut reader = peer::pass(reader).await;
    let mut write = Box::pin(writer.write_all(words()));
    in_flight(&mut write).await;
    expect_trap(MESSAGE);
    reader.next().await;
}

pub async fn stream_after_round_trip_read_first() {
    let (mut writer, reader) = wit_stream::new();
    let mut reader = peer::pass(reader).await;
    let mut read = Box::pin(reader.next());
    in_flight(&mut read).await;
    expect_trap(MESSAGE);
    writer.write_all(words()).await;
}

pub async fn future_after_round_trip() {
    let (writer, reader) = wit_future::new(|| unreachable!("it is written"));
    let reader = peer::pass_value(reader).await;
    let mut read = Box::pin(reader.into_future());
    in_flight(&mut read).await;
    expect_trap(MESSAGE);
    let _ = writer.write("value".to_owned()).await;
}

pub async fn stream_in_item_that_came_back() {
    let (mut outer, reader) = wit_stream::new();
    let (mut writer, inner) = wit_stream::new();
    // Of another component, as far as is known here.
    let _reader = peer::pass_streams(reader).await;
    let mut offer = Box::pin(outer.write(vec![inner]));
    in_flight(&mut offer).await;
    let (_, buffer) = offer.as_mut().cancel();
    let mut inner = buffer.into_vec().pop().expect("it was not read");
    let mut write = Box::pin(writer.write_all(words()));
    in_flight(&mut write).await;
    expect_trap(MESSAGE);
    inner.next().await;
}

pub async fn stream_after_round_trip_unused() {
    let (writer, reader) = wit_stream::new();
    let reader = peer::pass(reader).await;
    let mut write = Box::pin(writes(writer, 1));
    in_flight(&mut write).await;
    let (collected, ()) = join(peer::collect(reader), write).await;
    assert_eq!(collected, words());

    let (mut writer, reader) = wit_stream::new();
    let reader = peer::pass(reader).await;
    let mut write = Box::pin(writer.write_all(words()));
    in_flight(&mut write).await;
    drop(reader);
    assert_eq!(write.await, words());
}
