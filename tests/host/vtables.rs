//! Tables as generated bindings have them, with slots that go to the installed
//! host and layouts of this process.

use super::channel::Side;
use super::fault::{self, Site};
use super::resource::Token;
use super::trap::{After, slot};
use super::value::{Fussy, List, NOTHING, Nothing, Text, Type, Value};
use wit_async::rt::async_support::{
    FutureReader, FutureVtable, FutureWriter, StreamReader, StreamVtable, StreamWriter, future_new,
    stream_new,
};

/// A stream in a stream, and what tells it from others.
pub struct Nested {
    pub reader: StreamReader<u32>,
    pub serial: u32,
}

/// A future of texts in what is sent, and what tells it from others.
pub struct NestedFuture {
    pub reader: FutureReader<String>,
    pub serial: u32,
}

/// A payload that the tests use.
pub trait Wire: Sized + 'static {
    const TYPE: Type;
    const STREAM: &'static StreamVtable<Self>;
    const FUTURE: &'static FutureVtable<Self>;

    fn into_value(self) -> Value;
    fn from_value(value: Value) -> Self;
}

/// `wit_stream::new`
pub fn stream<T: Wire>() -> (StreamWriter<T>, StreamReader<T>) {
    // SAFETY: the table describes streams of this host.
    unsafe { stream_new(T::STREAM) }
}

/// `wit_future::new`
pub fn future<T: Wire>(default: fn() -> T) -> (FutureWriter<T>, FutureReader<T>) {
    // SAFETY: the table describes futures of this host.
    unsafe { future_new(default, T::FUTURE) }
}

macro_rules! wire {
    (
        $payload:ty, $ty:expr,
        value: $into:expr, $from:expr,
        lower: $lower:expr, lift: $lift:expr, dealloc: $dealloc:expr,
        stream: $stream_lower:expr, $stream_lift:expr, $stream_dealloc:expr
    ) => {
        impl Wire for $payload {
            const TYPE: Type = $ty;
            const STREAM: &'static StreamVtable<Self> = {
                static VTABLE: StreamVtable<$payload> = StreamVtable {
                    layout: layout::<$payload>(),
                    lower: $stream_lower,
                    dealloc_lists: $stream_dealloc,
                    lift: $stream_lift,
                    start_write: stream_write::<$payload>,
                    start_read: stream_read::<$payload>,
                    cancel_write: cancel_write::<$payload, false>,
                    cancel_read: cancel_read::<$payload, false>,
                    drop_writable: drop_writable::<$payload, false>,
                    drop_readable: drop_readable::<$payload, false>,
                    new: new::<$payload, false>,
                };
                &VTABLE
            };
            const FUTURE: &'static FutureVtable<Self> = {
                static VTABLE: FutureVtable<$payload> = FutureVtable {
                    layout: layout::<$payload>(),
                    lower: {
                        const LOWER: unsafe fn($payload, *mut u8) = $lower;
                        // SAFETY: the contract of the slot is that of the other one.
                        |value, to| fault::of_future(|| unsafe { LOWER(value, to) })
                    },
                    dealloc_lists: $dealloc,
                    lift: {
                        const LIFT: unsafe fn(*mut u8) -> $payload = $lift;
                        // SAFETY: the contract of the slot is that of the other one.
                        |from| fault::of_future(|| unsafe { LIFT(from) })
                    },
                    start_write: future_write::<$payload>,
                    start_read: future_read::<$payload>,
                    cancel_write: cancel_write::<$payload, true>,
                    cancel_read: cancel_read::<$payload, true>,
                    drop_writable: drop_writable::<$payload, true>,
                    drop_readable: drop_readable::<$payload, true>,
                    new: new::<$payload, true>,
                };
                &VTABLE
            };

            fn into_value(self) -> Value {
                $into(self)
            }

            fn from_value(value: Value) -> Self {
                $from(value)
            }
        }
    };
}

const fn layout<T>() -> std::alloc::Layout
where
    T: Canonical,
{
    T::LAYOUT
}

/// The layout in the ABI, for constants.
pub trait Canonical {
    const LAYOUT: std::alloc::Layout;
}

macro_rules! canonical {
    ($($payload:ty => $abi:ty),*) => {
        $(impl Canonical for $payload {
            const LAYOUT: std::alloc::Layout = std::alloc::Layout::new::<$abi>();
        })*
    };
}

canonical!(
    () => (), u8 => u8, u32 => u32, String => Text, Nothing => u8, Fussy => Text,
    Vec<String> => List, Token => u32, Nested => u32,
    NestedFuture => u32,
    StreamReader<String> => u32
);

macro_rules! variant {
    ($name:ident, $inner:ty) => {
        |value| match value {
            Value::$name(value) => value,
            other => panic!("{other:?} arrived where {:?} is sent", stringify!($name)),
        }
    };
}

wire!(
    (), Type::Unit,
    value: |()| Value::Unit, |_| (),
    lower: |(), _| {}, lift: |_| {}, dealloc: |_| {},
    stream: None, None, None
);

wire!(
    u8, Type::Byte,
    value: Value::Byte, variant!(Byte, u8),
    // SAFETY: the contract of the slots.
    lower: |value, to| unsafe { to.write(value) },
    // SAFETY: the contract of the slots.
    lift: |from| unsafe { from.read() },
    dealloc: |_| {},
    stream: None, None, None
);

wire!(
    u32, Type::Word,
    value: Value::Word, variant!(Word, u32),
    // SAFETY: the contract of the slots.
    lower: |value, to| unsafe { to.cast::<u32>().write(value) },
    // SAFETY: the contract of the slots.
    lift: |from| unsafe { from.cast::<u32>().read() },
    dealloc: |_| {},
    stream: None, None, None
);

wire!(
    String, Type::Text,
    value: Value::Text, variant!(Text, String),
    lower: lower_text, lift: lift_text, dealloc: dealloc_text,
    stream: Some(lower_text), Some(lift_text), Some(dealloc_text)
);

wire!(
    Nothing, Type::Nothing,
    value: |_| Value::Unit, |_| Nothing,
    lower: lower_nothing, lift: lift_nothing, dealloc: |_| {},
    stream: Some(lower_nothing), Some(lift_nothing), None
);

wire!(
    Fussy, Type::Text,
    value: |fussy: Fussy| Value::Text(fussy.0.clone()),
    |value| match value {
        Value::Text(text) => Fussy(text),
        other => panic!("{other:?} arrived where a text is sent"),
    },
    lower: lower_fussy, lift: lift_fussy, dealloc: dealloc_fussy,
    stream: Some(lower_fussy), Some(lift_fussy), Some(dealloc_fussy)
);

wire!(
    Vec<String>, Type::Lists,
    value: Value::Lists, variant!(Lists, Vec<String>),
    lower: lower_list, lift: lift_list, dealloc: dealloc_list,
    stream: Some(lower_list), Some(lift_list), Some(dealloc_list)
);

wire!(
    Token, Type::Token,
    value: |_| panic!("a peer without an instance has no handles"),
    |_| panic!("a peer without an instance has no handles"),
    lower: lower_token, lift: lift_token, dealloc: |_| {},
    stream: Some(lower_token), Some(lift_token), None
);

wire!(
    Nested, Type::Reader,
    value: |_| panic!("a peer without an instance has no handles"),
    |_| panic!("a peer without an instance has no handles"),
    lower: lower_reader, lift: lift_reader, dealloc: |_| {},
    stream: Some(lower_reader), Some(lift_reader), None
);

wire!(
    NestedFuture, Type::Awaited,
    value: |_| panic!("a peer without an instance has no handles"),
    |_| panic!("a peer without an instance has no handles"),
    lower: lower_awaited, lift: lift_awaited, dealloc: |_| {},
    stream: Some(lower_awaited), Some(lift_awaited), None
);

wire!(
    StreamReader<String>, Type::Texts,
    value: |_| panic!("a peer without an instance has no handles"),
    |_| panic!("a peer without an instance has no handles"),
    lower: lower_texts, lift: lift_texts, dealloc: |_| {},
    stream: Some(lower_texts), Some(lift_texts), None
);

unsafe fn lower_list(texts: Vec<String>, to: *mut u8) {
    // SAFETY: the contract of the slot.
    unsafe { to.cast::<List>().write(List::lower(texts)) }
}

unsafe fn lift_list(from: *mut u8) -> Vec<String> {
    // SAFETY: the contract of the slot.
    unsafe { from.cast::<List>().read().lift() }
}

unsafe fn dealloc_list(at: *mut u8) {
    // SAFETY: the contract of the slot.
    drop(unsafe { lift_list(at) });
}

unsafe fn lower_token(token: Token, to: *mut u8) {
    fault::at(Site::Lower);
    // SAFETY: the contract of the slot.
    unsafe { to.cast::<u32>().write(token.take_handle()) }
}

unsafe fn lift_token(from: *mut u8) -> Token {
    // SAFETY: the contract of the slot.
    let token = Token::from_handle(unsafe { from.cast::<u32>().read() });
    fault::at(Site::Lift);
    token
}

unsafe fn lower_reader(nested: Nested, to: *mut u8) {
    fault::at(Site::Lower);
    let handle = nested.reader.take_handle();
    super::goes_on_with(nested.serial, handle);
    // SAFETY: the contract of the slot.
    unsafe { to.cast::<u32>().write(handle) }
}

unsafe fn lift_reader(from: *mut u8) -> Nested {
    // SAFETY: the contract of the slot.
    let handle = unsafe { from.cast::<u32>().read() };
    let nested = Nested {
        serial: super::host().serial(handle),
        reader: StreamReader::new(handle, u32::STREAM),
    };
    fault::at(Site::Lift);
    nested
}

unsafe fn lower_awaited(nested: NestedFuture, to: *mut u8) {
    fault::at(Site::Lower);
    let handle = nested.reader.take_handle();
    super::goes_on_with(nested.serial, handle);
    // SAFETY: the contract of the slot.
    unsafe { to.cast::<u32>().write(handle) }
}

unsafe fn lift_awaited(from: *mut u8) -> NestedFuture {
    // SAFETY: the contract of the slot.
    let handle = unsafe { from.cast::<u32>().read() };
    let nested = NestedFuture {
        serial: super::host().serial(handle),
        // SAFETY: the handle is that of a future of this type.
        reader: unsafe { FutureReader::new(handle, String::FUTURE) },
    };
    fault::at(Site::Lift);
    nested
}

unsafe fn lower_texts(texts: StreamReader<String>, to: *mut u8) {
    // SAFETY: the contract of the slot.
    unsafe { to.cast::<u32>().write(texts.take_handle()) }
}

unsafe fn lift_texts(from: *mut u8) -> StreamReader<String> {
    // SAFETY: the contract of the slot.
    let handle = unsafe { from.cast::<u32>().read() };
    StreamReader::new(handle, String::STREAM)
}

unsafe fn lower_text(text: String, to: *mut u8) {
    // SAFETY: the contract of the slot.
    unsafe { to.cast::<Text>().write(Text::lower(text)) }
}

unsafe fn lift_text(from: *mut u8) -> String {
    // SAFETY: the contract of the slot.
    unsafe { from.cast::<Text>().read().lift() }
}

unsafe fn dealloc_text(at: *mut u8) {
    // SAFETY: the contract of the slot.
    drop(unsafe { lift_text(at) });
}

unsafe fn lower_nothing(_: Nothing, to: *mut u8) {
    // SAFETY: the contract of the slot.
    unsafe { to.write(NOTHING) }
}

unsafe fn lift_nothing(from: *mut u8) -> Nothing {
    // SAFETY: the contract of the slot.
    assert_eq!(unsafe { from.read() }, NOTHING);
    Nothing
}

unsafe fn lower_fussy(fussy: Fussy, to: *mut u8) {
    fussy.check("lower!");
    fault::at(Site::Lower);
    // SAFETY: the contract of the slot.
    unsafe { lower_text(fussy.into_text(), to) }
}

unsafe fn dealloc_fussy(at: *mut u8) {
    // SAFETY: the contract of the slot.
    unsafe { dealloc_text(at) };
    fault::at(Site::Dealloc);
}

unsafe fn lift_fussy(from: *mut u8) -> Fussy {
    // SAFETY: the contract of the slot.
    let fussy = Fussy(unsafe { lift_text(from) });
    fussy.check("lift!");
    fault::at(Site::Lift);
    fussy
}

unsafe extern "C" fn new<T: Wire, const FUTURE: bool>() -> u64 {
    slot(After::One, |host| host.new_channel(FUTURE, T::TYPE))
}

unsafe extern "C" fn stream_write<T: Wire>(stream: u32, from: *const u8, items: usize) -> u32 {
    slot(After::Blocked, |host| {
        host.copy(
            false,
            T::TYPE,
            Side::Writable,
            stream,
            from.cast_mut(),
            items,
        )
    })
}

unsafe extern "C" fn stream_read<T: Wire>(stream: u32, to: *mut u8, items: usize) -> u32 {
    slot(After::Blocked, |host| {
        host.copy(false, T::TYPE, Side::Readable, stream, to, items)
    })
}

unsafe extern "C" fn future_write<T: Wire>(future: u32, from: *const u8) -> u32 {
    slot(After::Dropped, |host| {
        host.copy(true, T::TYPE, Side::Writable, future, from.cast_mut(), 1)
    })
}

unsafe extern "C" fn future_read<T: Wire>(future: u32, to: *mut u8) -> u32 {
    slot(After::Blocked, |host| {
        host.copy(true, T::TYPE, Side::Readable, future, to, 1)
    })
}

unsafe extern "C" fn cancel_write<T: Wire, const FUTURE: bool>(end: u32) -> u32 {
    slot(After::Cancelled, |host| {
        host.cancel_copy_of(FUTURE, T::TYPE, Side::Writable, end)
    })
}

unsafe extern "C" fn cancel_read<T: Wire, const FUTURE: bool>(end: u32) -> u32 {
    slot(After::Cancelled, |host| {
        host.cancel_copy_of(FUTURE, T::TYPE, Side::Readable, end)
    })
}

unsafe extern "C" fn drop_writable<T: Wire, const FUTURE: bool>(end: u32) {
    slot(After::One, |host| {
        host.drop_end_of(FUTURE, T::TYPE, Side::Writable, end)
    });
}

unsafe extern "C" fn drop_readable<T: Wire, const FUTURE: bool>(end: u32) {
    slot(After::One, |host| {
        host.drop_end_of(FUTURE, T::TYPE, Side::Readable, end)
    });
}
