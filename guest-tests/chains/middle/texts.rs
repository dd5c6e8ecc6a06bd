//! Texts that wrap texts.

use guest_support::ledger::Booked;

use super::{Middle, booked};
use crate::bindings::exports::test::chains::texts::{Guest, GuestText, Text, TextBorrow};
use crate::bindings::test::chains::texts as below;

/// What a text is here.
pub struct Wrapped {
    // Before what it wraps: the outermost destructor is noted first.
    _booked: Booked,
    inner: below::Text,
}

impl Wrapped {
    fn of(inner: below::Text) -> Wrapped {
        Wrapped {
            _booked: booked("text"),
            inner,
        }
    }
}

fn wrap(inner: below::Text) -> Text {
    Text::new(Wrapped::of(inner))
}

fn lent<'a>(texts: &'a [TextBorrow<'_>]) -> Vec<&'a below::Text> {
    let lent = texts.iter().map(|text| &text.get::<Wrapped>().inner);
    lent.collect()
}

impl Guest for Middle {
    type Text = Wrapped;
}

impl GuestText for Wrapped {
    fn new(lines: Vec<String>) -> Wrapped {
        Wrapped::of(below::Text::new(&lines))
    }

    fn append(&self, lines: Vec<String>) -> Vec<String> {
        self.inner.append(&lines)
    }

    async fn append_later(&self, lines: Vec<String>) -> Vec<String> {
        self.inner.append_later(lines).await
    }

    fn bytes(&self) -> Vec<u8> {
        self.inner.bytes()
    }

    async fn bytes_later(&self) -> Vec<u8> {
        self.inner.bytes_later().await
    }

    fn of_bytes(lines: Vec<Vec<u8>>) -> Result<Text, u32> {
        below::Text::of_bytes(&lines).map(wrap)
    }

    async fn of_bytes_later(lines: Vec<Vec<u8>>) -> Result<Text, u32> {
        below::Text::of_bytes_later(lines).await.map(wrap)
    }

    fn join(texts: Vec<TextBorrow<'_>>, between: String) -> Text {
        wrap(below::Text::join(&lent(&texts), &between))
    }

    async fn join_later(texts: Vec<TextBorrow<'_>>, between: String) -> Text {
        wrap(below::Text::join_later(lent(&texts), between).await)
    }
}
