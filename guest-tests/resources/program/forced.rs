//! Attempts to have a token destroyed twice, or to give away what is not there: by force,
//! because Rust does not let a guest do so.

use guest_support::check::in_flight;
use guest_support::expect_trap;

use super::{balance, turns};
use crate::bindings::test::resources::channels;
use crate::bindings::test::resources::vault::{self, SlowToken, Token};
use crate::bindings::wit_stream;

const UNKNOWN: &str = "unknown handle index";
const LENT: &str = "cannot remove owned resource while borrowed";

/// A second owner of one token.
fn again(token: &Token) -> Token {
    // SAFETY: a handle is an index, which the host checks at each use. That it does is what is
    // tested here; no memory is reached through it.
    unsafe { Token::from_handle(token.handle()) }
}

pub async fn dropped_twice() {
    let token = Token::new(1);
    let other = again(&token);
    drop(token);
    balance(1, 1);
    expect_trap(UNKNOWN);
    drop(other);
}

pub async fn given_twice_in_one_call() {
    let token = Token::new(1);
    let other = again(&token);
    expect_trap(UNKNOWN);
    Token::merge(false, token, other).await;
}

pub async fn dropped_while_it_is_written() {
    let token = Token::new(1);
    let other = again(&token);
    let (mut writer, reader) = wit_stream::new();
    channels::receive(reader).await;
    let mut write = Box::pin(writer.write_one(token));
    in_flight(&mut write).await;
    drop(other);
    balance(1, 1);
    // The call of the host has the index by now.
    expect_trap("is not a resource");
    channels::accept(1).await;
}

pub async fn given_while_it_is_lent() {
    let token = Token::new(1);
    let other = again(&token);
    let mut lent = Box::pin(vault::hold_lent(1, &token));
    in_flight(&mut lent).await;
    expect_trap(LENT);
    vault::take_now(other);
}

pub async fn dropped_while_it_is_lent() {
    let token = Token::new(1);
    let other = again(&token);
    let mut lent = Box::pin(vault::hold_lent(1, &token));
    in_flight(&mut lent).await;
    expect_trap(LENT);
    drop(other);
}

pub async fn written_while_it_is_lent() {
    let token = Token::new(1);
    let other = again(&token);
    let mut lent = Box::pin(vault::hold_lent(1, &token));
    in_flight(&mut lent).await;
    let (mut writer, reader) = wit_stream::new();
    channels::receive(reader).await;
    let mut write = Box::pin(writer.write_one(other));
    in_flight(&mut write).await;
    turns().await;
    expect_trap(LENT);
    channels::accept(1).await;
}

pub async fn given_and_lent_in_one_call() {
    let token = Token::new(1);
    let other = again(&token);
    expect_trap(UNKNOWN);
    vault::exchange(false, other, &token).await;
}

pub async fn dropped_as_another_type() {
    let token = Token::new(1);
    // SAFETY: as in `again`.
    let slow = unsafe { SlowToken::from_handle(token.handle()) };
    expect_trap("used with the wrong type");
    drop(slow);
}

pub async fn made_up() {
    let _token = Token::new(1);
    // SAFETY: as in `again`.
    let made_up = unsafe { Token::from_handle(4000) };
    expect_trap("unknown handle index 4000");
    drop(made_up);
}
