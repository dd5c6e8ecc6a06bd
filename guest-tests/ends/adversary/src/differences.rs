//! Short programs, each about one promise.

use std::future::IntoFuture;
use std::pin::pin;

use futures::future::join;
use guest_support::check::{in_flight, turns};
use wit_async::{FutureReader, StreamReader, StreamResult};

use crate::bindings::{wit_future, wit_stream};
use crate::words;

/// The reader has never left the component: nobody but this function had the outer one.
pub async fn stream_comes_back_unread() {
    let (mut outer, outer_reader) = wit_stream::new::<StreamReader<String>>();
    let (mut writer, reader) = wit_stream::new();
    drop(outer_reader);
    let reader = outer.write_one(reader).await.expect("nobody reads");
    let write = writer.write_all(words(0, 3));
    let mut reader = reader;
    let received = join(reader.read(Vec::with_capacity(3)), write).await;
    assert_eq!(received, ((StreamResult::Complete(3), words(0, 3)), vec![]));
}

/// The same for a future.
pub async fn future_comes_back_unread() {
    let (mut outer, outer_reader) = wit_stream::new::<FutureReader<String>>();
    let (writer, reader) = wit_future::new(String::new);
    drop(outer_reader);
    let reader = outer.write_one(reader).await.expect("nobody reads");
    let (value, written) = join(reader.into_future(), writer.write("value".to_owned())).await;
    assert_eq!(value, "value");
    written.expect("it was read");
}

/// The same where a future carries the stream.
pub async fn stream_comes_back_from_future() {
    let (outer, outer_reader) = wit_future::new::<StreamReader<String>>(|| unreachable!());
    let (mut writer, reader) = wit_stream::new();
    drop(outer_reader);
    let unsent = outer.write(reader).await.expect_err("nobody reads");
    let (received, unsent) = join(unsent.value.collect(), async move {
        writer.write_all(words(0, 3)).await
    })
    .await;
    assert_eq!((received, unsent), (words(0, 3), vec![]));
}

/// What had arrived comes from the `cancel` of the next read.
pub async fn next_read_cancelled_unpolled() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    in_flight(&mut Box::pin(reader.next())).await;
    assert_eq!(writer.write_one(1).await, None);
    turns(3).await;
    let next = pin!(reader.read(Vec::with_capacity(1)));
    assert_eq!(next.cancel(), (StreamResult::Complete(1), vec![1]));

    let (writer, mut reader) = wit_future::new(|| 0_u32);
    in_flight(&mut (&mut reader).into_future()).await;
    writer.write(2).await.expect("somebody reads");
    turns(3).await;
    let next = pin!((&mut reader).into_future());
    assert_eq!(next.cancel(), Some(2));
}
