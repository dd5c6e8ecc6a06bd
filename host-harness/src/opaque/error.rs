//! What can be wrong with a box.

use std::fmt;

/// Why a box could not be made, looked into or released.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The value is of another type.
    WrongType {
        /// The type that was asked for.
        asked: &'static str,
        /// The type of the value.
        found: &'static str,
    },
    /// The last handle of the box was dropped, or the host released it.
    Released,
    /// The handle is one that was lent: only an owner releases a box.
    Lent,
    /// The reference wraps nothing of the host: it is null, or a value of a guest.
    Empty,
    /// The reference wraps something of the host that was not put into a box.
    Foreign,
    /// Somebody has access that this one is not compatible with.
    Busy(Access),
    /// The collector's heap or the table of the store is full.
    NoRoom,
    /// What wasmtime says.
    Store(wasmtime::Error),
}

/// Which access was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// With others who look.
    Shared,
    /// With nobody else.
    Exclusive,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::WrongType { asked, found } => {
                write!(f, "asked a box for a `{asked}`, but it holds a `{found}`")
            }
            Error::Released => f.write_str("the box was released: its last handle was dropped"),
            Error::Lent => f.write_str("a box that is only lent cannot be released"),
            Error::Empty => f.write_str("the reference in the box wraps nothing of the host"),
            Error::Foreign => f.write_str(
                "the reference in the box wraps a value that `opaque::put` has not put there",
            ),
            Error::Busy(Access::Shared) => {
                f.write_str("asked to share a value that somebody has exclusively")
            }
            Error::Busy(Access::Exclusive) => {
                f.write_str("asked for a value exclusively that somebody has already")
            }
            Error::NoRoom => {
                f.write_str("no room for another box in the collector's heap or the table")
            }
            Error::Store(error) => write!(f, "the store refused: {error:#}"),
        }
    }
}

impl std::error::Error for Error {}
