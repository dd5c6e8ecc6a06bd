//! The host writes tokens, this guest reads them.

use guest_support::check::in_flight;

use super::{balance, numbers, turns};
use crate::bindings::test::resources::{channels, vault};
use crate::runtime::StreamResult;

pub async fn received_and_dropped() {
    let mut reader = channels::open().await;
    channels::feed(&[1, 2, 3]);
    let (result, tokens) = reader.read(Vec::with_capacity(8)).await;
    assert_eq!(
        (result, numbers(&tokens)),
        (StreamResult::Complete(3), vec![1, 2, 3])
    );
    balance(3, 0);
    drop(tokens);
    balance(3, 3);
    // One that waits.
    let mut read = Box::pin(reader.next());
    in_flight(&mut read).await;
    channels::feed(&[4]);
    let token = read.await.expect("one was written");
    assert_eq!(token.number(), 4);
    balance(4, 3);
    drop(token);
    // To the end.
    channels::feed(&[5, 6]);
    channels::finish();
    assert_eq!(numbers(&reader.collect().await), [5, 6]);
    balance(6, 6);
}

pub async fn received_and_handed_back() {
    let mut reader = channels::open().await;
    channels::feed(&[1, 2]);
    let (_, mut tokens) = reader.read(Vec::with_capacity(2)).await;
    let token = tokens.pop().expect("two were written");
    assert_eq!(vault::take(true, token).await, 2);
    balance(2, 1);
    let tokens = vault::pass_list(true, tokens).await;
    assert_eq!(numbers(&tokens), [1]);
    balance(2, 1);
    drop(tokens);
    balance(2, 2);
}

pub async fn unread_when_the_reader_goes() {
    let reader = channels::open().await;
    channels::feed(&[1, 2, 3]);
    turns().await;
    balance(3, 0);
    drop(reader);
    turns().await;
    balance(3, 3);
    // What is made for nobody.
    channels::feed(&[4]);
    balance(4, 4);
}

pub async fn batch_read_in_part() {
    let mut reader = channels::open().await;
    channels::feed(&[1, 2, 3, 4, 5]);
    let (result, tokens) = reader.read(Vec::with_capacity(2)).await;
    assert_eq!(
        (result, numbers(&tokens)),
        (StreamResult::Complete(2), vec![1, 2])
    );
    balance(5, 0);
    drop(reader);
    turns().await;
    balance(5, 3);
    drop(tokens);
    balance(5, 5);
}

pub async fn read_cancelled() {
    let mut reader = channels::open().await;
    let mut read = Box::pin(reader.read(Vec::with_capacity(2)));
    in_flight(&mut read).await;
    let (result, tokens) = read.as_mut().cancel();
    assert_eq!((result, tokens.len()), (StreamResult::Cancelled, 0));
    drop(read);
    // Written after it: read by the next one.
    channels::feed(&[1]);
    assert_eq!(reader.next().await.map(|token| token.number()), Some(1));
    balance(1, 1);
}

pub async fn read_cancelled_when_it_had_some() {
    let mut reader = channels::open().await;
    let mut read = Box::pin(reader.read(Vec::with_capacity(2)));
    in_flight(&mut read).await;
    channels::feed(&[1, 2, 3]);
    super::blocking_turns();
    let (result, tokens) = read.as_mut().cancel();
    assert_eq!(
        (result, numbers(&tokens)),
        (StreamResult::Complete(2), vec![1, 2])
    );
    drop(read);
    balance(3, 0);
    drop((tokens, reader));
    turns().await;
    balance(3, 3);
}

/// A read that is dropped when it has tokens. What becomes of them, the runtime says.
async fn read_dropped(then_again: bool) -> Vec<u32> {
    let mut reader = channels::open().await;
    let mut read = Box::pin(reader.read(Vec::with_capacity(2)));
    in_flight(&mut read).await;
    channels::feed(&[1, 2, 3]);
    super::blocking_turns();
    drop(read);
    turns().await;
    let mut seen = Vec::new();
    if then_again {
        channels::finish();
        while let Some(token) = reader.next().await {
            seen.push(token.number());
        }
    }
    drop(reader);
    turns().await;
    balance(3, 3);
    seen
}

pub async fn read_dropped_when_it_had_some() {
    assert_eq!(read_dropped(true).await, [1, 2, 3], "each token once");
}

pub async fn read_and_reader_dropped_when_it_had_some() {
    assert!(read_dropped(false).await.is_empty());
}

pub async fn handed_back_unread() {
    let mut reader = channels::open().await;
    channels::feed(&[1, 2, 3, 4]);
    assert_eq!(reader.next().await.map(|token| token.number()), Some(1));
    balance(4, 1);
    // The host reads what the host writes.
    channels::receive(reader).await;
    let mut accepted = Vec::new();
    while accepted.len() < 2 {
        accepted.extend(channels::accept(1).await);
    }
    assert_eq!(accepted, [2, 3]);
    channels::finish();
    assert_eq!(channels::accept(1).await, [4]);
    assert!(channels::accept(1).await.is_empty());
    balance(4, 4);
}

pub async fn refused_in_the_host_is_the_hosts_to_destroy() {
    let reader = channels::open().await;
    channels::receive(reader).await;
    channels::feed(&[1, 2, 3]);
    assert_eq!(channels::accept(1).await, [1]);
    turns().await;
    // By now the next one is on its way from the one end of the host to the other.
    channels::refuse();
    turns().await;
    balance(3, 2);
    assert_eq!(channels::salvage(), 1);
    balance(3, 3);
}

pub async fn handed_to_and_fro() {
    let reader = channels::open().await;
    channels::feed(&[1, 2]);
    let reader = channels::pass_stream(reader).await;
    let mut reader = channels::pass_stream(reader).await;
    assert_eq!(reader.next().await.map(|token| token.number()), Some(1));
    drop(channels::pass_stream(reader).await);
    turns().await;
    balance(2, 2);
}

pub async fn flood_is_the_hosts_to_destroy() {
    let mut reader = channels::flood(vec![1, 2, 3, 4, 5]).await;
    let (_, tokens) = reader.read(Vec::with_capacity(2)).await;
    assert_eq!(numbers(&tokens), [1, 2]);
    drop((tokens, reader));
    turns().await;
    balance(5, 2);
    assert_eq!(channels::salvage(), 3);
    balance(5, 5);
}
