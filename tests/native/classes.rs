//! The classes of payloads that bindings have tables for, and that each of them comes
//! through the slots of its tables as it was: numbers, lists, lists of lists, resources,
//! ends of streams and futures, nothing at all, nothing in Rust alone, and one whose slots
//! panic when they are told to.

pub use crate::host::resource::Token;
pub use crate::host::{Fussy, Nested, NestedFuture, Nothing};

use crate::host::resource::tokens_alive;
use crate::host::{
    self, Buffer, Channel, Code, Held, Installed, Object, Outcome, Rules, Side, Wire, future,
    last_serial, stream,
};
use std::rc::Rc;
use wit_async::{FutureReader, StreamReader};

/// A class of payload: how a value is made, and whether it is the one that was made last.
pub trait Class: Wire {
    fn make() -> Self;
    fn is_it(&self) -> bool;
}

macro_rules! classes {
    ($($payload:ty: $make:expr, $is_it:expr;)*) => {
        $(impl Class for $payload {
            fn make() -> Self {
                $make
            }

            fn is_it(&self) -> bool {
                let is_it: fn(&$payload) -> bool = $is_it;
                is_it(self)
            }
        })*

        /// Calls a generic function for each class.
        macro_rules! each_class {
            ($each:ident) => {
                $($each::<$payload>();)*
            };
        }
        pub(crate) use each_class;
    };
}

fn texts() -> Vec<String> {
    ["one", "", "three"].map(str::to_owned).into()
}

classes! {
    u8: 200, |byte| *byte == 200;
    u32: 7, |number| *number == 7;
    String: "text".to_owned(), |text| text == "text";
    Vec<String>: texts(), |lists| *lists == texts();
    Token: Token::new(7), |token| token.number() == 7;
    Nested: nested(), |nested| nested.serial == last_serial();
    NestedFuture: nested_future(), |nested| nested.serial == last_serial();
    (): (), |()| true;
    Nothing: Nothing, |_| true;
    Fussy: Fussy::new("text"), |fussy| fussy.0 == "text";
}

fn nested() -> Nested {
    let (_, reader) = stream::<u32>();
    let serial = last_serial();
    Nested { reader, serial }
}

/// Its default waits for a reader, or for its end.
fn nested_future() -> NestedFuture {
    let (_, reader) = future(|| "text".to_owned());
    let serial = last_serial();
    NestedFuture { reader, serial }
}

/// A host that gives back what it reads.
struct Echo {
    host: Installed,
    from: Held,
    to: Held,
}

impl Echo {
    /// The readable end at `handle` is the host's from now on. What it reads is to be had at
    /// the other handle.
    fn new<T: Wire>(host: Installed, is_future: bool, handle: u32) -> (Echo, u32) {
        let channel = Channel::shared(is_future, T::TYPE, Rules::STRICT);
        let readable = Object::End(Rc::clone(&channel), Side::Readable);
        let (from, back) = {
            let mut table = host.table().borrow_mut();
            let from = table.take_readable(handle, is_future, T::TYPE);
            (from, table.add(readable))
        };
        let to = Held::new(channel, Side::Writable);
        (Echo { host, from, to }, back)
    }

    /// Reads one item, and writes it.
    fn echo(&self) {
        let receive = Buffer::Receive(Vec::new());
        let read = {
            let mut channel = self.from.channel().borrow_mut();
            channel.start(Side::Readable, receive, 1)
        };
        let (Outcome::Completed(1), Some(Buffer::Receive(values))) = read else {
            panic!("{:?}: nothing is written", read.0);
        };
        let mut channel = self.to.channel().borrow_mut();
        channel.start(Side::Writable, Buffer::Send(values.into()), 1);
    }
}

#[test]
fn each_class_goes_through_streams() {
    fn each<T: Class>() {
        let host = host::install();
        let (mut writer, reader) = stream::<T>();
        let (echo, back) = Echo::new::<T>(host, false, reader.take_handle());
        let task = echo.host.start(async move {
            assert!(writer.write_one(T::make()).await.is_none());
            let item = StreamReader::new(back, T::STREAM).next().await;
            assert!(item.expect("it comes back").is_it());
        });
        assert!(task.is_waiting());
        echo.echo();
        assert_eq!(task.settle(), Code::Exit);
    }
    each_class!(each);
    assert_eq!(tokens_alive(), 0);
}

/// Receives what comes back.
async fn received<T: Class>(back: u32) {
    // SAFETY: the handle is that of a future of this type.
    let reader = unsafe { FutureReader::<T>::new(back, T::FUTURE) };
    assert!(reader.await.is_it());
}

#[test]
fn each_class_goes_through_futures() {
    fn each<T: Class>() {
        let host = host::install();
        let (writer, reader) = future::<T>(|| unreachable!("it is written"));
        let (echo, back) = Echo::new::<T>(host, true, reader.take_handle());
        let task = echo.host.start(async move {
            assert!(writer.write(T::make()).await.is_ok());
            received::<T>(back).await;
        });
        assert!(task.is_waiting());
        echo.echo();
        assert_eq!(task.settle(), Code::Exit);
    }
    each_class!(each);
    assert_eq!(tokens_alive(), 0);
}

#[test]
fn each_class_is_a_default() {
    fn each<T: Class>() {
        let host = host::install();
        let (writer, reader) = future::<T>(T::make);
        let (echo, back) = Echo::new::<T>(host, true, reader.take_handle());
        let task = echo.host.start(async move {
            drop(writer);
            received::<T>(back).await;
        });
        assert!(task.is_waiting());
        echo.echo();
        assert_eq!(task.settle(), Code::Exit);
    }
    each_class!(each);
    assert_eq!(tokens_alive(), 0);
}
