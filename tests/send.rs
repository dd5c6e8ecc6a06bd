//! Operations and calls may be sent to another thread where their payloads may:
//! futures that hold them across an await are `Send` then, which combinators and
//! executors of the ecosystem ask for.

#![cfg(feature = "async")]

use wit_async::{FutureReader, FutureWriter, StreamReader, StreamWriter};

fn is_send<T: Send>(_: T) {}

#[test]
fn operations_are_send() {
    // Never called: that it compiles is the test.
    fn operations(
        mut reader: StreamReader<String>,
        mut writer: StreamWriter<String>,
        awaited: FutureReader<String>,
        promise: FutureWriter<String>,
    ) {
        is_send(reader.read(Vec::new()));
        is_send(reader.next());
        is_send(reader.collect());
        is_send(writer.write(Vec::new()));
        is_send(writer.write_all(Vec::new()));
        is_send(writer.write_one(String::new()));
        is_send(IntoFuture::into_future(awaited));
        is_send(promise.write(String::new()));
    }
    let _compiles = operations;
}
