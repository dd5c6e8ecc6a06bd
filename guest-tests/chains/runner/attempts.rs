//! Handles that are used once too often.

use std::mem::forget;

use guest_support::{expect_trap, ledger};

use super::books::{assert_books, assert_closed};
use super::numbers::{WHAT, arrives};
use crate::bindings::test::chains::flows;
use crate::bindings::test::chains::numbers::{self as peer, Number};
use crate::bindings::wit_stream;

const GONE: &str = "unknown handle index";
const LENT: &str = "cannot remove owned resource while borrowed";

/// The same handle once more, which generated code has no way to make.
fn again(number: &Number) -> Number {
    // SAFETY: the handle is in the table of this instance now. That it is used once too often
    // is for the host to notice, no memory of this guest depends on it.
    unsafe { Number::from_handle(number.handle()) }
}

pub fn dropped_twice() {
    let number = Number::new(1.0);
    let other = again(&number);
    drop(number);
    assert_closed(WHAT);
    assert_books(WHAT, 1, 0);
    expect_trap(GONE);
    drop(other);
}

pub fn given_and_dropped() {
    let number = Number::new(1.0);
    let other = again(&number);
    peer::keep(number);
    assert_eq!(ledger::alive("number 0"), 1);
    expect_trap(GONE);
    drop(other);
}

pub fn given_twice() {
    let number = Number::new(1.0);
    let other = again(&number);
    peer::keep(number);
    assert_eq!(ledger::alive("number 0"), 1);
    expect_trap(GONE);
    peer::keep(other);
}

pub async fn dropped_while_lent() {
    let number = Number::new(1.0);
    let other = again(&number);
    let mut adding = Box::pin(Number::add_never(&number, &number));
    arrives(&mut adding).await;
    assert_books(WHAT, 1, 1);
    expect_trap(LENT);
    drop(other);
}

pub async fn given_while_lent() {
    let number = Number::new(1.0);
    let other = again(&number);
    let mut adding = Box::pin(Number::add_never(&number, &number));
    arrives(&mut adding).await;
    assert_books(WHAT, 1, 1);
    expect_trap(LENT);
    peer::keep(other);
}

pub async fn streamed_and_dropped() {
    let number = Number::new(1.0);
    let other = again(&number);
    let (mut writer, reader) = wit_stream::new();
    let (found, back) = futures::join!(flows::collect(reader, 1), writer.write_one(number));
    assert_eq!((found.as_slice(), back.is_none()), ([1.0].as_slice(), true));
    assert_books(WHAT, 1, 0);
    // By now the index may be another thing's, but that is no number.
    expect_trap(&format!("index {}", other.handle()));
    drop(other);
    // Not reached, and the end of the stream is not what traps.
    forget(writer);
}
