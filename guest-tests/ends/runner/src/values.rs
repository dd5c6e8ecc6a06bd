//! Futures to and from the peer.

use futures::future::join;
use guest_support::check::{in_flight, turns};

use crate::bindings::test::ends::relay;
use crate::bindings::wit_future;

fn never() -> String {
    unreachable!("the value is written")
}

pub async fn future_of_peer() {
    for wait in [false, true] {
        assert_eq!(relay::value("text".into(), wait).await.await, "text");
        drop(relay::value("unread".into(), wait).await);
    }
    let mut read = Box::pin(relay::value("later".into(), true).await.into_future());
    in_flight(&mut read).await;
    assert_eq!(read.await, "later");
}

pub async fn future_to_peer() {
    // The peer reads first.
    let (writer, reader) = wit_future::new(never);
    let mut reading = Box::pin(relay::read_value(reader));
    in_flight(&mut reading).await;
    turns(3).await;
    writer.write("text".into()).await.expect("the peer reads");
    assert_eq!(reading.await, "text");
    // The write is first.
    let (writer, reader) = wit_future::new(never);
    let mut write = Box::pin(writer.write("other".into()));
    in_flight(&mut write).await;
    let (written, text) = join(write, relay::read_value(reader)).await;
    written.expect("the peer reads");
    assert_eq!(text, "other");
}

pub async fn future_value_comes_back() {
    let (writer, reader) = wit_future::new(never);
    relay::drop_value(reader, false).await;
    let error = writer
        .write("back".into())
        .await
        .expect_err("the reader is gone");
    assert_eq!(error.value, "back");
}

pub async fn future_value_comes_back_in_flight() {
    let (writer, reader) = wit_future::new(never);
    let mut dropping = Box::pin(relay::drop_value(reader, true));
    in_flight(&mut dropping).await;
    let mut write = Box::pin(writer.write("back".into()));
    in_flight(&mut write).await;
    let (written, ()) = join(write, dropping).await;
    assert_eq!(written.expect_err("the reader is gone").value, "back");
}

pub async fn future_default_to_peer() {
    let (writer, reader) = wit_future::new(|| "default".to_owned());
    drop(writer);
    assert_eq!(relay::read_value(reader).await, "default");

    let (writer, reader) = wit_future::new(|| "default".to_owned());
    let mut reading = Box::pin(relay::read_value(reader));
    in_flight(&mut reading).await;
    drop(writer);
    assert_eq!(reading.await, "default");
}

pub async fn future_default_nobody_reads() {
    for wait in [false, true] {
        let (writer, reader) = wit_future::new(|| "default".to_owned());
        relay::drop_value(reader, wait).await;
        drop(writer);

        let (writer, reader) = wit_future::new(|| "default".to_owned());
        drop(writer);
        relay::drop_value(reader, wait).await;
    }
}

pub async fn future_passed() {
    let value = relay::value("text".into(), true).await;
    assert_eq!(relay::pass_value(value).await.await, "text");

    let (writer, reader) = wit_future::new(never);
    let reader = relay::pass_value(reader).await;
    let (written, text) = join(writer.write("mine".into()), relay::read_value(reader)).await;
    written.expect("the peer reads");
    assert_eq!(text, "mine");
}
