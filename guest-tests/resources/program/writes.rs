//! This guest writes tokens, the host reads them.

use guest_support::check::in_flight;

use super::{balance, numbers, tokens, turns};
use crate::bindings::test::resources::{channels, vault::Token};
use crate::bindings::wit_stream;
use crate::runtime::{StreamResult, StreamWriter, spawn_local};

/// The writable end of a stream that the host reads when told.
async fn opened() -> StreamWriter<Token> {
    let (writer, reader) = wit_stream::new();
    channels::receive(reader).await;
    writer
}

pub async fn received_and_dropped() {
    let mut writer = opened().await;
    let mut write = Box::pin(writer.write(tokens(1..4)));
    in_flight(&mut write).await;
    assert_eq!(channels::accept(8).await, [1, 2, 3]);
    balance(3, 3);
    let (result, rest) = write.await;
    assert_eq!(
        (result, rest.into_vec().len()),
        (StreamResult::Complete(3), 0)
    );
    drop(writer);
    assert!(channels::accept(8).await.is_empty());
}

pub async fn received_and_handed_back() {
    let mut writer = opened().await;
    spawn_local(async move {
        assert!(writer.write_all(tokens(1..4)).await.is_empty());
    });
    let mut back = Vec::new();
    loop {
        let part = channels::accept_back(2).await;
        if part.is_empty() {
            break;
        }
        back.extend(part);
    }
    assert_eq!(numbers(&back), [1, 2, 3]);
    balance(3, 0);
    drop(back);
    balance(3, 3);
}

pub async fn unread_when_the_reader_goes() {
    let mut writer = opened().await;
    let mut write = Box::pin(writer.write(tokens(1..4)));
    in_flight(&mut write).await;
    channels::refuse();
    let (result, rest) = write.await;
    let rest = rest.into_vec();
    assert_eq!(
        (result, numbers(&rest)),
        (StreamResult::Dropped, vec![1, 2, 3])
    );
    balance(3, 0);
    // One more, to nobody.
    drop(rest);
    let back = writer.write_one(Token::new(4)).await;
    assert_eq!(back.expect("nobody reads").number(), 4);
    balance(4, 4);
}

pub async fn cancelled() {
    let mut writer = opened().await;
    let mut write = Box::pin(writer.write(tokens(1..4)));
    in_flight(&mut write).await;
    let (result, back) = write.as_mut().cancel();
    drop(write);
    let back = back.into_vec();
    assert_eq!(
        (result, numbers(&back)),
        (StreamResult::Cancelled, vec![1, 2, 3])
    );
    balance(3, 0);
    drop(back);
    balance(3, 3);
    drop(writer);
    assert!(channels::accept(8).await.is_empty());
}

pub async fn dropped_in_flight() {
    let mut writer = opened().await;
    let mut write = Box::pin(writer.write(tokens(1..4)));
    in_flight(&mut write).await;
    drop(write);
    turns().await;
    balance(3, 3);
    // The stream goes on.
    spawn_local(async move {
        assert!(writer.write_one(Token::new(4)).await.is_none());
    });
    assert_eq!(channels::accept(8).await, [4]);
    assert!(channels::accept(8).await.is_empty());
    balance(4, 4);
}

pub async fn batch_taken_in_part() {
    let mut writer = opened().await;
    let mut write = Box::pin(writer.write(tokens(1..6)));
    in_flight(&mut write).await;
    let taken = channels::accept_back(2).await;
    assert_eq!(numbers(&taken), [1, 2]);
    let (result, rest) = write.as_mut().cancel();
    drop(write);
    let rest = rest.into_vec();
    assert_eq!(
        (result, numbers(&rest)),
        (StreamResult::Complete(2), vec![3, 4, 5])
    );
    balance(5, 0);
    drop(taken);
    balance(5, 2);
    drop(rest);
    balance(5, 5);
    drop(writer);
    assert!(channels::accept(8).await.is_empty());
}

pub async fn batch_dropped_when_taken_in_part() {
    let mut writer = opened().await;
    let mut write = Box::pin(writer.write(tokens(1..6)));
    in_flight(&mut write).await;
    assert_eq!(channels::accept(2).await, [1, 2]);
    drop(write);
    turns().await;
    balance(5, 5);
    drop(writer);
    assert!(channels::accept(8).await.is_empty());
}

pub async fn batch_taken_in_part_when_the_reader_goes() {
    let mut writer = opened().await;
    let mut write = Box::pin(writer.write_all(tokens(1..6)));
    in_flight(&mut write).await;
    assert_eq!(channels::accept(2).await, [1, 2]);
    channels::refuse();
    let rest = write.await;
    assert_eq!(numbers(&rest), [3, 4, 5]);
    balance(5, 2);
    drop(rest);
    balance(5, 5);
}

pub async fn handed_to_and_fro() {
    let (mut writer, reader) = wit_stream::new();
    let reader = channels::pass_stream(reader).await;
    channels::receive(reader).await;
    spawn_local(async move {
        assert!(writer.write_all(tokens(1..4)).await.is_empty());
    });
    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.extend(channels::accept(1).await);
    }
    assert_eq!(seen, [1, 2, 3]);
    assert!(channels::accept(1).await.is_empty());
    balance(3, 3);
}
