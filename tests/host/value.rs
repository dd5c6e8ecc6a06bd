//! Payloads, and their canonical form in this process.
//!
//! As the canonical ABI has it, but with pointers as wide as this process has
//! them: a string is a pointer and a length.

use super::channel::Held;
use super::fault::{self, Site};
use super::resource::Rep;
use super::table::Table;
use std::alloc::Layout;
use std::cell::{Cell, RefCell};

/// A payload on the host's side.
#[derive(Debug)]
pub enum Value {
    Unit,
    Byte(u8),
    Word(u32),
    Text(String),
    /// Lists in a list.
    Lists(Vec<String>),
    /// An `own` handle, at home nowhere.
    Token(Rep),
    /// The readable end of a stream or a future, at home nowhere.
    Reader(Held),
}

impl Value {
    /// What tells a value from the others of its kind; 0 where there is nothing
    /// to tell.
    pub fn number(&self) -> u32 {
        match self {
            Value::Unit => 0,
            Value::Byte(byte) => u32::from(*byte),
            Value::Word(word) => *word,
            Value::Text(text) => number_in(text),
            Value::Lists(texts) => texts.first().map_or(0, |text| number_in(text)),
            Value::Token(rep) => rep.0,
            Value::Reader(held) => held.channel().borrow().serial,
        }
    }
}

/// The text of an item, with its number.
pub fn item_text(mut number: u32) -> String {
    // Without `format!`: there are a great many of these.
    let mut digits = [0; 10];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    let mut text = String::with_capacity(16);
    text.push_str("item #");
    text.extend(digits[at..].iter().map(|digit| char::from(*digit)));
    text
}

/// The number in the text of an item; 0 if there is none.
pub fn number_in(text: &str) -> u32 {
    let mark = text.bytes().rposition(|byte| byte == b'#');
    let number = &text[mark.map_or(0, |mark| mark + 1)..];
    number.parse().unwrap_or(0)
}

/// The type of a payload.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Type {
    /// No payload.
    Unit,
    /// `u8`.
    Byte,
    /// `u32`.
    Word,
    /// `string`.
    Text,
    /// `list<string>`.
    Lists,
    /// `own<token>`.
    Token,
    /// `stream<u32>`.
    Reader,
    /// `future<u32>`.
    Awaited,
    /// `stream<string>`.
    Texts,
    /// A record that holds one byte in the ABI, always the same, and nothing in Rust.
    Nothing,
}

/// How a string is passed.
#[repr(C)]
pub struct Text {
    pub start: *mut u8,
    pub length: usize,
}

/// How a list of strings is passed.
#[repr(C)]
pub struct List {
    pub start: *mut Text,
    pub length: usize,
}

impl Text {
    /// Moves `text` into memory of its own.
    pub fn lower(text: String) -> Text {
        let bytes = text.into_bytes().into_boxed_slice();
        let length = bytes.len();
        Text {
            start: Box::into_raw(bytes).cast(),
            length,
        }
    }

    /// Takes the memory over.
    ///
    /// # Safety
    ///
    /// Came from `lower`, and is taken once.
    pub unsafe fn lift(self) -> String {
        // SAFETY: a boxed slice of that length, and the bytes of a string.
        unsafe { String::from_raw_parts(self.start, self.length, self.length) }
    }

    /// A copy of the text.
    ///
    /// # Safety
    ///
    /// Came from `lower`, and was not lifted.
    pub unsafe fn copied(&self) -> String {
        // SAFETY: as promised by the caller.
        let bytes = unsafe { std::slice::from_raw_parts(self.start, self.length) };
        String::from_utf8(bytes.to_vec()).expect("a string is UTF-8")
    }
}

impl List {
    /// Moves `texts` into memory of their own.
    pub fn lower(texts: Vec<String>) -> List {
        let texts: Box<[Text]> = texts.into_iter().map(Text::lower).collect();
        let length = texts.len();
        List {
            start: Box::into_raw(texts).cast(),
            length,
        }
    }

    /// Takes the memory over.
    ///
    /// # Safety
    ///
    /// Came from `lower`, and is taken once.
    pub unsafe fn lift(self) -> Vec<String> {
        // SAFETY: a boxed slice of that length, of texts that came from `lower`.
        unsafe {
            let texts = Vec::from_raw_parts(self.start, self.length, self.length);
            texts.into_iter().map(|text| text.lift()).collect()
        }
    }

    /// A copy of the texts.
    ///
    /// # Safety
    ///
    /// Came from `lower`, and was not lifted.
    unsafe fn copied(&self) -> Vec<String> {
        // SAFETY: as promised by the caller.
        unsafe {
            let texts = std::slice::from_raw_parts(self.start, self.length);
            texts.iter().map(|text| text.copied()).collect()
        }
    }
}

impl Type {
    pub fn layout(self) -> Layout {
        match self {
            Type::Unit => Layout::new::<()>(),
            Type::Byte | Type::Nothing => Layout::new::<u8>(),
            Type::Word | Type::Token | Type::Reader | Type::Awaited | Type::Texts => {
                Layout::new::<u32>()
            }
            Type::Text => Layout::new::<Text>(),
            Type::Lists => Layout::new::<List>(),
        }
    }

    /// Whether both ends may be used in one instance (canonical-abi.md §5.4).
    pub fn is_number(self) -> bool {
        matches!(self, Type::Unit | Type::Byte | Type::Word)
    }

    /// Reads a value out of guest memory. Lists in it are copied, handles leave
    /// the table.
    ///
    /// # Safety
    ///
    /// `from` holds a lowered value of this type.
    pub unsafe fn load(self, from: *const u8, table: &RefCell<Table>) -> Value {
        // SAFETY: as promised by the caller.
        unsafe {
            match self {
                Type::Unit => Value::Unit,
                Type::Nothing => {
                    assert_eq!(*from, NOTHING, "a `Nothing` was lowered there");
                    Value::Unit
                }
                Type::Byte => Value::Byte(*from),
                Type::Word => Value::Word(*from.cast()),
                Type::Text => Value::Text((*from.cast::<Text>()).copied()),
                Type::Lists => Value::Lists((*from.cast::<List>()).copied()),
                Type::Token => Value::Token(table.borrow_mut().take_resource(*from.cast())),
                Type::Reader | Type::Awaited | Type::Texts => {
                    let (is_future, ty) = self.end().expect("it is one");
                    let held = table
                        .borrow_mut()
                        .take_readable(*from.cast(), is_future, ty);
                    Value::Reader(held)
                }
            }
        }
    }

    /// Of a readable end: whether of a future, and its payload.
    pub fn end(self) -> Option<(bool, Type)> {
        match self {
            Type::Reader => Some((false, Type::Word)),
            Type::Texts => Some((false, Type::Text)),
            Type::Awaited => Some((true, Type::Text)),
            _ => None,
        }
    }

    /// Writes a value into guest memory. Lists in it get memory of their own,
    /// which the guest owns; handles enter the table.
    ///
    /// # Safety
    ///
    /// `to` is valid for this type's layout.
    pub unsafe fn store(self, value: Value, to: *mut u8, table: &RefCell<Table>) {
        // SAFETY: as promised by the caller.
        unsafe {
            match (self, value) {
                (Type::Unit, Value::Unit) => {}
                (Type::Nothing, Value::Unit) => to.write(NOTHING),
                (Type::Byte, Value::Byte(byte)) => to.write(byte),
                (Type::Word, Value::Word(word)) => to.cast::<u32>().write(word),
                (Type::Text, Value::Text(text)) => to.cast::<Text>().write(Text::lower(text)),
                (Type::Lists, Value::Lists(texts)) => to.cast::<List>().write(List::lower(texts)),
                (Type::Token, Value::Token(rep)) => {
                    to.cast::<u32>().write(table.borrow_mut().add_resource(rep));
                }
                (Type::Reader | Type::Awaited | Type::Texts, Value::Reader(held)) => {
                    to.cast::<u32>().write(table.borrow_mut().add_end(held));
                }
                (ty, value) => panic!("{value:?} was sent as {ty:?}"),
            }
        }
    }
}

/// The byte that a [`Nothing`] is in the ABI: one that is nowhere by chance.
pub const NOTHING: u8 = 0xa5;

/// Nothing in Rust, a byte in the ABI: a record of zero-sized parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nothing;

/// A string that panics when it is lowered or lifted, if that is its text:
/// `lower!` or `lift!`. It is dropped then, as a half-moved value is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fussy(pub String);

impl Fussy {
    pub fn new(text: &str) -> Fussy {
        Fussy(text.to_owned())
    }

    /// The text, which is dropped by somebody else.
    pub fn into_text(mut self) -> String {
        let text = std::mem::take(&mut self.0);
        std::mem::forget(self);
        text
    }

    pub fn check(&self, at: &str) {
        assert!(self.0 != at, "a {at:?} panics as it was told to");
    }
}

impl Drop for Fussy {
    fn drop(&mut self) {
        fault::at(Site::Drop);
    }
}

thread_local! {
    static DEFAULT_PANICS: Cell<bool> = const { Cell::new(false) };
}

/// From now on [`fussy_default`] panics.
pub fn fussy_default_panics() {
    DEFAULT_PANICS.set(true);
}

/// The default value of a future of fussy values.
pub fn fussy_default() -> Fussy {
    assert!(!DEFAULT_PANICS.get(), "no default today");
    Fussy::new("default")
}
