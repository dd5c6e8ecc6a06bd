//! Operations that one task starts and another one finishes or drops.

use std::cell::RefCell;
use std::pin::Pin;

use guest_support::check::in_flight;
use wit_async::{StreamReader, StreamWriter};

use crate::bindings::wit_stream;

type Read = Pin<Box<dyn Future<Output = Option<u8>>>>;
type Write = Pin<Box<dyn Future<Output = Vec<u8>>>>;

thread_local! {
    static READ: RefCell<Option<Read>> = const { RefCell::new(None) };
    static WRITER: RefCell<Option<StreamWriter<u8>>> = const { RefCell::new(None) };
    static WRITE: RefCell<Option<Write>> = const { RefCell::new(None) };
}

pub async fn start_read(mut items: StreamReader<u8>) {
    let mut read: Read = Box::pin(async move { items.next().await });
    in_flight(&mut read).await;
    READ.set(Some(read));
}

fn take_read() -> Read {
    READ.take().expect("a read is in flight")
}

pub async fn finish_read() -> Option<u8> {
    take_read().await
}

pub fn drop_read() {
    drop(take_read());
}

pub fn take_writable() -> StreamReader<u8> {
    let (writer, reader) = wit_stream::new();
    WRITER.set(Some(writer));
    reader
}

pub async fn start_write(bytes: Vec<u8>) {
    let mut writer = WRITER.take().expect("`take-writable` was called before");
    let mut write: Write = Box::pin(async move { writer.write_all(bytes).await });
    in_flight(&mut write).await;
    WRITE.set(Some(write));
}

fn take_write() -> Write {
    WRITE.take().expect("a write is in flight")
}

pub async fn finish_write() -> Vec<u8> {
    take_write().await
}

pub fn drop_write() {
    drop(take_write());
}
