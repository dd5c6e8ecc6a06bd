//! Payloads, and their canonical form in this process.
//!
//! As the canonical ABI has it, but with pointers as wide as this process has
//! them: a string is a pointer and a length.

use std::alloc::Layout;
use std::cell::Cell;

/// A payload on the host's side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    Unit,
    Byte(u8),
    Word(u32),
    Text(String),
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
    /// A record that holds one byte in the ABI, always 0, and nothing in Rust.
    Nothing,
}

/// How a string is passed.
#[repr(C)]
pub struct Text {
    pub start: *mut u8,
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
}

impl Type {
    pub fn layout(self) -> Layout {
        match self {
            Type::Unit => Layout::new::<()>(),
            Type::Byte | Type::Nothing => Layout::new::<u8>(),
            Type::Word => Layout::new::<u32>(),
            Type::Text => Layout::new::<Text>(),
        }
    }

    /// Whether both ends may be used in one instance (canonical-abi.md §5.4).
    pub fn is_number(self) -> bool {
        matches!(self, Type::Unit | Type::Byte | Type::Word)
    }

    /// Reads a value out of guest memory. Lists in it are copied.
    ///
    /// # Safety
    ///
    /// `from` holds a lowered value of this type.
    pub unsafe fn load(self, from: *const u8) -> Value {
        // SAFETY: as promised by the caller.
        unsafe {
            match self {
                Type::Unit => Value::Unit,
                Type::Nothing => {
                    assert_eq!(*from, 0, "a lowered `Nothing` is a zero");
                    Value::Unit
                }
                Type::Byte => Value::Byte(*from),
                Type::Word => Value::Word(*from.cast()),
                Type::Text => {
                    let text = &*from.cast::<Text>();
                    let bytes = std::slice::from_raw_parts(text.start, text.length);
                    Value::Text(String::from_utf8(bytes.to_vec()).expect("a string is UTF-8"))
                }
            }
        }
    }

    /// Writes a value into guest memory. Lists in it get memory of their own,
    /// which the guest owns.
    ///
    /// # Safety
    ///
    /// `to` is valid for this type's layout.
    pub unsafe fn store(self, value: Value, to: *mut u8) {
        // SAFETY: as promised by the caller.
        unsafe {
            match (self, value) {
                (Type::Unit, Value::Unit) => {}
                (Type::Nothing, Value::Unit) => to.write(0),
                (Type::Byte, Value::Byte(byte)) => to.write(byte),
                (Type::Word, Value::Word(word)) => to.cast::<u32>().write(word),
                (Type::Text, Value::Text(text)) => to.cast::<Text>().write(Text::lower(text)),
                (ty, value) => panic!("{value:?} was sent as {ty:?}"),
            }
        }
    }
}

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

    pub fn check(&self, at: &str) {
        assert!(self.0 != at, "a {at:?} panics as it was told to");
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
