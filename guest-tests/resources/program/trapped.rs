//! A guest that traps while it has resources in every place.

use guest_support::check::in_flight;
use guest_support::expect_trap;

use super::{balance, tokens};
use crate::bindings::test::resources::{channels, vault, vault::Token};
use crate::bindings::{wit_future, wit_stream};

pub async fn trapped_while_holding() {
    let held = tokens(1..4);
    let mut pair = Box::pin(vault::hold(1, Token::new(4)));
    in_flight(&mut pair).await;
    let mut lent = Box::pin(vault::hold_lent(1, &held[0]));
    in_flight(&mut lent).await;
    // One that was returned and not delivered.
    let mut returned = Box::pin(vault::hold(2, Token::new(5)));
    in_flight(&mut returned).await;
    vault::release(2);
    super::blocking_turns();
    // Two that were read and not delivered, one that was not read.
    let mut unread = channels::open().await;
    let mut read = Box::pin(unread.read(Vec::with_capacity(2)));
    in_flight(&mut read).await;
    channels::feed(&[6, 7, 8]);
    super::blocking_turns();
    // Two that are being written, of which one was taken.
    let (mut writer, reader) = wit_stream::new();
    channels::receive(reader).await;
    let mut write = Box::pin(writer.write(tokens(9..11)));
    in_flight(&mut write).await;
    let _taken = channels::accept_back(1).await;
    let _promised = channels::promise().await;
    channels::fulfil(11);
    let (writer, reader) = wit_future::new(|| unreachable!("it is written"));
    channels::expect(reader).await;
    let mut value = Box::pin(writer.write(Token::new(12)));
    in_flight(&mut value).await;
    balance(12, 0);
    expect_trap("in the middle of all of it");
    panic!("in the middle of all of it");
}
