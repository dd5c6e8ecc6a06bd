//! Streams of streams, whose inner ends are in this component as well.

use futures::future::{join, join3};
use guest_support::check::{in_flight, turns};
use wit_async::{StreamResult, spawn_local};

use crate::bindings::test::pairs::peer;
use crate::bindings::wit_stream;
use crate::handed::writes;
use crate::program::words;

pub async fn stream_of_streams_handed_away() {
    let (mut outer, reader) = wit_stream::new();
    let (writer, inner) = wit_stream::new();
    let (late, unwritten) = wit_stream::new();
    // Both wait here.
    let mut write = Box::pin(writes(writer, 1));
    in_flight(&mut write).await;
    let mut outer_write = Box::pin(async move { outer.write_all(vec![inner, unwritten]).await });
    in_flight(&mut outer_write).await;
    // Both start again with the host.
    let writes = join3(outer_write, write, writes(late, 1));
    let (collected, (rest, (), ())) = join(peer::collect_streams(reader), writes).await;
    assert!(rest.is_empty());
    assert_eq!(collected, [words(), words()]);
}

pub async fn stream_of_streams_comes_back() {
    let (mut outer, mut reader) = wit_stream::new();
    let (writer, inner) = wit_stream::new();
    let write = spawn_local(writes(writer, 1));
    turns(1).await;

    // By a cancel.
    let mut outer_write = Box::pin(outer.write(vec![inner]));
    in_flight(&mut outer_write).await;
    let (result, buffer) = outer_write.as_mut().cancel();
    assert_eq!(result, StreamResult::Cancelled);
    drop(outer_write);
    let mut inner = buffer.into_vec().pop().expect("it was not sent");
    assert_eq!(inner.next().await.as_deref(), Some("a"));

    // Through the outer stream, and into another one, whose reader goes.
    let (rest, inner) = join(outer.write_one(inner), reader.next()).await;
    assert!(rest.is_none());
    let (mut other, other_reader) = wit_stream::new();
    let mut other_write = Box::pin(other.write_one(inner.expect("it was written")));
    in_flight(&mut other_write).await;
    // Nothing of it is known to the one that it came through.
    drop(reader);
    drop(other_reader);
    let mut inner = other_write.await.expect("nobody reads");
    assert_eq!(inner.next().await.as_deref(), Some("b"));
    assert_eq!(inner.next().await.as_deref(), Some("c"));
    assert_eq!(write.await, Some(()), "nobody cancels it");
    assert_eq!(inner.next().await, None);
}
