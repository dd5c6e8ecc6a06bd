//! Texts.

use std::cell::RefCell;

use guest_support::ledger::Booked;

use super::Leaf;
use crate::bindings::exports::test::chains::texts::{Guest, GuestText, Text, TextBorrow};
use crate::runtime::yield_async;

/// What a text is where it is not wrapped.
pub struct Lines {
    lines: RefCell<Vec<String>>,
    _booked: Booked,
}

impl Lines {
    fn of(lines: Vec<String>) -> Lines {
        Lines {
            lines: RefCell::new(lines),
            _booked: Booked::new("text 0"),
        }
    }
}

impl Guest for Leaf {
    type Text = Lines;
}

impl GuestText for Lines {
    fn new(lines: Vec<String>) -> Lines {
        Lines::of(lines)
    }

    fn append(&self, lines: Vec<String>) -> Vec<String> {
        let mut all = self.lines.borrow_mut();
        all.extend(lines);
        all.clone()
    }

    async fn append_later(&self, lines: Vec<String>) -> Vec<String> {
        yield_async().await;
        self.append(lines)
    }

    fn bytes(&self) -> Vec<u8> {
        self.lines.borrow().concat().into_bytes()
    }

    async fn bytes_later(&self) -> Vec<u8> {
        yield_async().await;
        self.bytes()
    }

    fn of_bytes(lines: Vec<Vec<u8>>) -> Result<Text, u32> {
        let lines = lines.into_iter().zip(0_u32..);
        let lines = lines.map(|(line, index)| String::from_utf8(line).map_err(|_| index));
        Ok(Text::new(Lines::of(lines.collect::<Result<_, _>>()?)))
    }

    async fn of_bytes_later(lines: Vec<Vec<u8>>) -> Result<Text, u32> {
        yield_async().await;
        Self::of_bytes(lines)
    }

    fn join(texts: Vec<TextBorrow<'_>>, between: String) -> Text {
        let texts = texts.iter().map(|text| text.get::<Lines>().lines.borrow());
        let texts: Vec<Vec<String>> = texts.map(|lines| lines.clone()).collect();
        Text::new(Lines::of(texts.join(&between)))
    }

    async fn join_later(texts: Vec<TextBorrow<'_>>, between: String) -> Text {
        yield_async().await;
        Self::join(texts, between)
    }
}
