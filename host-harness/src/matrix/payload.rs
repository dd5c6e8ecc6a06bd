//! Which class the Rust type of a payload belongs to.

/// A payload class: a row of the matrix for each operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Class {
    U8,
    U32,
    S64,
    F64,
    Bool,
    Char,
    String,
    Bytes,
    NestedList,
    Record,
    Tuple,
    Variant,
    Enum,
    Flags,
    Option,
    Result,
    Resource,
    StreamEnd,
    FutureEnd,
    RecordOfEnds,
    ListOfEnds,
    Unit,
    ZeroSized,
}

/// How a type is recognised. Types that a generator named are known by the end
/// of their path, because where the path begins depends on the guest.
enum Pattern {
    Is(&'static str),
    Ends(&'static str),
    Starts(&'static str),
}

use Pattern::{Ends, Is, Starts};

/// Name of the class, how its types are recognised, and one of its types.
type Row = (Class, &'static str, Pattern, &'static str);

const CLASSES: [Row; 23] = [
    (Class::U8, "u8", Is("u8"), "u8"),
    (Class::U32, "u32", Is("u32"), "u32"),
    (Class::S64, "s64", Is("i64"), "i64"),
    (Class::F64, "f64", Is("f64"), "f64"),
    (Class::Bool, "bool", Is("bool"), "bool"),
    (Class::Char, "char", Is("char"), "char"),
    (
        Class::String,
        "string",
        Is("alloc::string::String"),
        "alloc::string::String",
    ),
    (
        Class::Bytes,
        "list<u8>",
        Is("alloc::vec::Vec<u8>"),
        "alloc::vec::Vec<u8>",
    ),
    (
        Class::NestedList,
        "nested list",
        Starts("alloc::vec::Vec<alloc::vec::Vec<"),
        "alloc::vec::Vec<alloc::vec::Vec<alloc::string::String>>",
    ),
    (
        Class::Record,
        "record",
        Ends("::record_peer::Payload"),
        "g::record_peer::Payload",
    ),
    (
        Class::Tuple,
        "tuple",
        Starts("(u8,"),
        "(u8, alloc::string::String, u64)",
    ),
    (
        Class::Variant,
        "variant",
        Ends("::variant_peer::Payload"),
        "g::variant_peer::Payload",
    ),
    (
        Class::Enum,
        "enum",
        Ends("::enum_peer::Payload"),
        "g::enum_peer::Payload",
    ),
    (
        Class::Flags,
        "flags",
        Ends("::flags_peer::Payload"),
        "g::flags_peer::Payload",
    ),
    (
        Class::Option,
        "option",
        Starts("core::option::Option<"),
        "core::option::Option<alloc::string::String>",
    ),
    (
        Class::Result,
        "result",
        Starts("core::result::Result<"),
        "core::result::Result<u32, alloc::string::String>",
    ),
    (
        Class::Resource,
        "own resource",
        Ends("::resource_peer::Token"),
        "g::resource_peer::Token",
    ),
    (
        Class::StreamEnd,
        "stream",
        Starts("wit_async::stream::reader::RawStreamReader<"),
        "wit_async::stream::reader::RawStreamReader<&wit_async::vtable::stream::StreamVtable<u8>>",
    ),
    (
        Class::FutureEnd,
        "future",
        Starts("wit_async::future::reader::RawFutureReader<"),
        "wit_async::future::reader::RawFutureReader<&wit_async::vtable::future::FutureVtable<u32>>",
    ),
    (
        Class::RecordOfEnds,
        "record of ends",
        Ends("::record_of_ends_peer::Payload"),
        "g::record_of_ends_peer::Payload",
    ),
    (
        Class::ListOfEnds,
        "list of ends",
        Starts("alloc::vec::Vec<(wit_async::"),
        "alloc::vec::Vec<(wit_async::stream::reader::RawStreamReader<&x<u8>>, y)>",
    ),
    (Class::Unit, "unit", Is("()"), "()"),
    (
        Class::ZeroSized,
        "zero-sized",
        Ends("::zero_sized_peer::Payload"),
        "g::zero_sized_peer::Payload",
    ),
];

impl Class {
    /// In the order of the table.
    pub const ALL: [Class; CLASSES.len()] = {
        let mut all = [Class::U8; CLASSES.len()];
        let mut index = 0;
        while index < all.len() {
            all[index] = CLASSES[index].0;
            index += 1;
        }
        all
    };

    /// The class of a type, as `core::any::type_name` has it.
    pub fn of(payload: &str) -> Option<Class> {
        let matches = |pattern: &Pattern| match pattern {
            Is(name) => payload == *name,
            Ends(end) => payload.ends_with(end),
            Starts(start) => payload.starts_with(start),
        };
        CLASSES
            .iter()
            .find(|(_, _, pattern, _)| matches(pattern))
            .map(|row| row.0)
    }

    fn row(self) -> &'static Row {
        &CLASSES[self as usize]
    }

    /// What the row is called.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Whether its type takes no room in Rust.
    pub fn is_zero_sized(self) -> bool {
        matches!(self, Class::Unit | Class::ZeroSized)
    }

    /// Whether wasmtime needs the guest's `cabi_realloc` or a handle table to
    /// lower it, and so cannot do that inside a read. Resources of the host are
    /// an exception.
    pub fn is_lowered_later(self) -> bool {
        match self {
            Class::String | Class::Bytes | Class::NestedList => true,
            // These have strings inside.
            Class::Record | Class::Tuple | Class::Variant | Class::Option | Class::Result => true,
            Class::StreamEnd | Class::FutureEnd | Class::RecordOfEnds | Class::ListOfEnds => true,
            _ => false,
        }
    }

    /// A type of the class.
    #[cfg(test)]
    pub fn example(self) -> &'static str {
        self.row().3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_is_told_from_the_others() {
        for (index, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(
                class as usize, index,
                "the order of the enum is that of the table"
            );
            assert_eq!(Class::of(class.example()), Some(class));
        }
        assert_eq!(Class::of("guest::Strange"), None);
        assert_eq!(Class::of("u64"), None);
    }
}
