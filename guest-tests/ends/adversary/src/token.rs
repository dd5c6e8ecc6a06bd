//! An item whose destructor is a piece of the program.

use std::cell::{Cell, RefCell};

use wit_async::{FutureReader, StreamReader};

use crate::Adversary;
use crate::bindings::exports::test::ends::adversary_payloads::{Guest, GuestToken, Token};

thread_local! {
    static DROPPED: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    static MADE: Cell<u32> = const { Cell::new(0) };
}

/// What is behind a [`Token`].
pub struct Inside {
    name: u32,
    act: Cell<Option<Box<dyn FnOnce()>>>,
}

impl GuestToken for Inside {}

impl Drop for Inside {
    fn drop(&mut self) {
        DROPPED.with_borrow_mut(|dropped| dropped.push(self.name));
        if let Some(act) = self.act.take() {
            act();
        }
    }
}

/// A token that does nothing.
pub fn token(name: u32) -> Token {
    acting(name, || {})
}

/// A token that does `act` when it is dropped.
pub fn acting(name: u32, act: impl FnOnce() + 'static) -> Token {
    MADE.set(MADE.get() + 1);
    Token::new(Inside {
        name,
        act: Cell::new(Some(Box::new(act))),
    })
}

/// The names of those that were dropped since the last call, in order.
pub fn dropped() -> Vec<u32> {
    DROPPED.take()
}

/// The same, without an order.
pub fn dropped_set() -> Vec<u32> {
    let mut dropped = dropped();
    dropped.sort_unstable();
    dropped
}

/// The name of a token.
pub fn name(token: &Token) -> u32 {
    token.get::<Inside>().name
}

impl Guest for Adversary {
    type Token = Inside;

    fn drop_tokens(_: StreamReader<Token>, _: FutureReader<Token>) {}

    fn drop_ends(
        _: StreamReader<StreamReader<String>>,
        _: StreamReader<FutureReader<String>>,
        _: FutureReader<StreamReader<String>>,
    ) {
    }
}
