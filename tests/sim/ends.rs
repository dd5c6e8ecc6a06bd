//! The ends that a program holds, of any payload.

use super::items::Item;
use super::leaks::Carried;
use super::program::{self, Program};
use super::world::world;
use crate::host::fault::{self, Site};
use crate::host::resource::Token;
use crate::host::{Fussy, Nested, NestedFuture, Nothing, future, stream};
use wit_async::{FutureReader, FutureWriter, StreamReader, StreamWriter};

/// What an unwritten future delivers is known by this.
pub const DEFAULT: u32 = 999_999;

/// An end, with what tells its channel from others.
pub enum EndOf<T: Item> {
    Writer(u32, StreamWriter<T>),
    Reader(u32, StreamReader<T>),
    Promise(u32, FutureWriter<T>),
    Awaited(u32, FutureReader<T>),
}

macro_rules! payloads {
    ($($name:ident($payload:ty),)*) => {
        /// An end of any payload.
        pub enum AnyEnd {
            $($name(EndOf<$payload>),)*
        }

        $(impl From<EndOf<$payload>> for AnyEnd {
            fn from(end: EndOf<$payload>) -> AnyEnd {
                AnyEnd::$name(end)
            }
        })*

        impl AnyEnd {
            /// Both ends of a stream, or of a future, of the payload of a code.
            pub fn pair(code: u32, is_future: bool) -> [AnyEnd; 2] {
                match code {
                    $(<$payload>::CODE => pair::<$payload>(is_future).map(AnyEnd::from),)*
                    _ => unreachable!("no payload has the code {code}"),
                }
            }

            /// Passes a value of the payload of a code to the host.
            pub async fn pass(program: &mut Program, code: u32) {
                match code {
                    $(<$payload>::CODE => program.pass::<$payload>().await,)*
                    _ => unreachable!("no payload has the code {code}"),
                }
            }

            /// A readable end that came from elsewhere.
            pub fn received(code: u32, is_future: bool, handle: u32) -> AnyEnd {
                match code {
                    $(<$payload>::CODE => received::<$payload>(is_future, handle).into(),)*
                    _ => unreachable!("no payload has the code {code}"),
                }
            }
        }

        /// Calls a generic function with the end inside.
        macro_rules! with_end {
            ($end:expr, $inner:ident => $body:expr) => {
                match $end {
                    $($crate::sim::ends::AnyEnd::$name($inner) => $body,)*
                }
            };
        }
        pub(super) use with_end;
    };
}

payloads! {
    Word(u32),
    Text(String),
    Lists(Vec<String>),
    Token(Token),
    Nested(Nested),
    Unit(()),
    Nothing(Nothing),
    Fussy(Fussy),
    NestedFuture(NestedFuture),
}

/// How many payloads there are.
pub const PAYLOADS: u32 = 9;

/// Both ends of a stream or of a future.
pub fn pair<T: Item>(is_future: bool) -> [EndOf<T>; 2] {
    if is_future {
        let (writer, reader) = future::<T>(|| {
            fault::at(Site::Default);
            let (value, number, end) = T::make(DEFAULT);
            world().leaks.defaults(Carried::in_item::<T>(number));
            if let Some(end) = &end {
                program::note_unwritten(&world(), end);
            }
            // Not at the end of the scope: a value that is on its way out leaks when a
            // destructor panics.
            drop(end);
            value
        });
        let serial = crate::host::last_serial();
        [
            EndOf::Promise(serial, writer),
            EndOf::Awaited(serial, reader),
        ]
    } else {
        let (writer, reader) = stream::<T>();
        let serial = crate::host::last_serial();
        [EndOf::Writer(serial, writer), EndOf::Reader(serial, reader)]
    }
}

fn received<T: Item>(is_future: bool, handle: u32) -> EndOf<T> {
    let serial = crate::host::serial_of(handle);
    if is_future {
        // SAFETY: the handle came with this type.
        EndOf::Awaited(serial, unsafe { FutureReader::new(handle, T::FUTURE) })
    } else {
        EndOf::Reader(serial, StreamReader::new(handle, T::STREAM))
    }
}

/// A readable end on its way: code of the payload, whether it is a future's, and
/// the handle.
pub type Raw = (u32, bool, u32);

impl AnyEnd {
    /// Whether it may be handed away.
    pub fn is_readable(&self) -> bool {
        with_end!(self, end => matches!(end, EndOf::Reader(..) | EndOf::Awaited(..)))
    }

    /// Gives the handle of a readable end away.
    pub fn hand_away(self) -> Raw {
        with_end!(self, end => end.hand_away())
    }

    /// The channel.
    pub fn serial(&self) -> u32 {
        with_end!(self, end => match end {
            EndOf::Writer(serial, _)
            | EndOf::Reader(serial, _)
            | EndOf::Promise(serial, _)
            | EndOf::Awaited(serial, _) => *serial,
        })
    }

    /// Whether it is the writable end of a future.
    pub fn is_promise(&self) -> bool {
        with_end!(self, end => matches!(end, EndOf::Promise(..)))
    }
}

impl<T: Item> EndOf<T> {
    fn hand_away(self) -> Raw {
        match self {
            EndOf::Reader(serial, reader) => {
                let handle = reader.take_handle();
                crate::host::leaves_with(serial, handle);
                (T::CODE, false, handle)
            }
            EndOf::Awaited(serial, reader) => {
                let handle = reader.take_handle();
                crate::host::leaves_with(serial, handle);
                (T::CODE, true, handle)
            }
            _ => unreachable!("only readable ends are handed away"),
        }
    }
}
