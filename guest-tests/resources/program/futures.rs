//! Tokens in futures, both ways.

use std::future::IntoFuture;

use guest_support::check::in_flight;

use super::{balance, blocking_turns, turns};
use crate::bindings::test::resources::{channels, vault, vault::Token};
use crate::bindings::wit_future;
use crate::runtime::FutureWriteCancel;

fn never() -> Token {
    unreachable!("it is written")
}

pub async fn read_and_dropped() {
    let reader = channels::promise().await;
    channels::fulfil(1);
    let token = reader.await;
    assert_eq!(token.number(), 1);
    balance(1, 0);
    drop(token);
    balance(1, 1);
    // One that waits, and is handed back.
    let mut read = Box::pin(channels::promise().await.into_future());
    in_flight(&mut read).await;
    channels::fulfil(2);
    assert_eq!(vault::take(true, read.await).await, 2);
    balance(2, 2);
}

pub async fn unread_when_the_reader_goes() {
    let reader = channels::promise().await;
    channels::fulfil(1);
    turns().await;
    balance(1, 0);
    drop(reader);
    turns().await;
    balance(1, 1);
    drop(channels::promise().await);
    turns().await;
    channels::fulfil(2);
    balance(2, 2);
}

pub async fn read_cancelled() {
    let mut read = Box::pin(channels::promise().await.into_future());
    in_flight(&mut read).await;
    let reader = read.as_mut().cancel().expect_err("nothing was written");
    channels::fulfil(1);
    assert_eq!(reader.await.number(), 1);
    balance(1, 1);
    // One that has it already.
    let mut read = Box::pin(channels::promise().await.into_future());
    in_flight(&mut read).await;
    channels::fulfil(2);
    blocking_turns();
    let token = read.as_mut().cancel().expect("it was written");
    assert_eq!(token.number(), 2);
    balance(2, 1);
    drop(token);
    balance(2, 2);
}

pub async fn read_dropped_when_it_had_it() {
    let mut read = Box::pin(channels::promise().await.into_future());
    in_flight(&mut read).await;
    channels::fulfil(1);
    blocking_turns();
    balance(1, 0);
    drop(read);
    turns().await;
    balance(1, 1);
}

pub async fn read_dropped() {
    let mut read = Box::pin(channels::promise().await.into_future());
    in_flight(&mut read).await;
    drop(read);
    turns().await;
    channels::fulfil(1);
    turns().await;
    balance(1, 1);
}

pub async fn written_and_taken() {
    let (writer, reader) = wit_future::new(never);
    channels::expect(reader).await;
    let mut write = Box::pin(writer.write(Token::new(1)));
    in_flight(&mut write).await;
    assert_eq!(channels::expected().await, 1);
    balance(1, 1);
    write.await.expect("it was read");

    let (writer, reader) = wit_future::new(never);
    channels::expect(reader).await;
    let mut back = Box::pin(channels::expected_back());
    in_flight(&mut back).await;
    writer.write(Token::new(2)).await.expect("it is read");
    let token = back.await;
    assert_eq!(token.number(), 2);
    balance(2, 1);
    drop(token);
    balance(2, 2);
}

pub async fn written_when_the_reader_goes() {
    let (writer, reader) = wit_future::new(never);
    channels::expect(reader).await;
    let mut write = Box::pin(writer.write(Token::new(1)));
    in_flight(&mut write).await;
    channels::refuse_expected().await;
    let back = write.await.expect_err("nobody reads").value;
    assert_eq!(back.number(), 1);
    balance(1, 0);
    drop(back);
    balance(1, 1);
}

pub async fn write_cancelled() {
    let (writer, reader) = wit_future::new(never);
    channels::expect(reader).await;
    let mut write = Box::pin(writer.write(Token::new(1)));
    in_flight(&mut write).await;
    let FutureWriteCancel::Cancelled(token, writer) = write.as_mut().cancel() else {
        panic!("nobody has read");
    };
    drop(write);
    balance(1, 0);
    drop(token);
    balance(1, 1);
    let mut write = Box::pin(writer.write(Token::new(2)));
    in_flight(&mut write).await;
    assert_eq!(channels::expected().await, 2);
    write.await.expect("it was read");
    balance(2, 2);
}

pub async fn write_dropped() {
    let (writer, reader) = wit_future::new(|| Token::new(9));
    channels::expect(reader).await;
    let mut write = Box::pin(writer.write(Token::new(1)));
    in_flight(&mut write).await;
    drop(write);
    // The default is written in its place.
    assert_eq!(channels::expected().await, 9);
    turns().await;
    balance(2, 2);
}

pub async fn writer_dropped() {
    let (writer, reader) = wit_future::new(|| Token::new(9));
    channels::expect(reader).await;
    drop(writer);
    assert_eq!(channels::expected().await, 9);
    turns().await;
    balance(1, 1);
    // Nobody reads the default.
    let (writer, reader) = wit_future::new(|| Token::new(8));
    channels::expect(reader).await;
    drop(writer);
    turns().await;
    channels::refuse_expected().await;
    turns().await;
    balance(2, 2);
}

pub async fn handed_to_and_fro() {
    let reader = channels::promise().await;
    channels::fulfil(1);
    let reader = channels::pass_future(reader).await;
    assert_eq!(reader.await.number(), 1);
    // The host reads what the host writes.
    let reader = channels::promise().await;
    channels::fulfil(2);
    channels::expect(reader).await;
    assert_eq!(channels::expected().await, 2);
    balance(2, 2);
    // The host refuses what the host writes.
    let reader = channels::promise().await;
    channels::fulfil(3);
    channels::expect(reader).await;
    balance(3, 2);
    channels::refuse_expected().await;
    turns().await;
    balance(3, 3);
}
