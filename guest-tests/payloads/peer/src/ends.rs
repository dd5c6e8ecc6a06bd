//! The ends that the peer holds for one payload, and what it does with them.

use std::cell::RefCell;

use wit_async::{FutureReader, FutureWriter, StreamReader, StreamResult, StreamWriter};

/// One end of each kind. An end is taken out while an operation uses it.
pub struct Ends<T: 'static> {
    stream_reader: RefCell<Option<StreamReader<T>>>,
    stream_writer: RefCell<Option<StreamWriter<T>>>,
    future_reader: RefCell<Option<FutureReader<T>>>,
    future_writer: RefCell<Option<FutureWriter<T>>>,
}

/// Takes an end, or says what the caller got wrong.
fn take<E>(place: &RefCell<Option<E>>, what: &str) -> E {
    place
        .borrow_mut()
        .take()
        .unwrap_or_else(|| panic!("the peer holds no idle {what}: give it one first"))
}

/// Keeps an end. The one before it must be gone, or a scenario leaks it.
fn keep<E>(place: &RefCell<Option<E>>, end: E, what: &str) {
    let before = place.borrow_mut().replace(end);
    assert!(
        before.is_none(),
        "the peer holds a {what} already: drop it first"
    );
}

impl<T: 'static> Ends<T> {
    pub const fn new() -> Ends<T> {
        Ends {
            stream_reader: RefCell::new(None),
            stream_writer: RefCell::new(None),
            future_reader: RefCell::new(None),
            future_writer: RefCell::new(None),
        }
    }

    pub fn keep_stream(&self, reader: StreamReader<T>) {
        keep(&self.stream_reader, reader, "stream reader");
    }

    pub async fn read_stream(&self, most: u32) -> (Vec<T>, bool) {
        let mut reader = take(&self.stream_reader, "stream reader");
        // A vector of zero-sized items has room without limit: such a read takes
        // all that is offered.
        let (result, items) = reader.read(Vec::with_capacity(most as usize)).await;
        keep(&self.stream_reader, reader, "stream reader");
        (items, result == StreamResult::Dropped)
    }

    pub fn drop_stream_reader(&self) {
        drop(take(&self.stream_reader, "stream reader"));
    }

    pub fn open_stream(
        &self,
        (writer, reader): (StreamWriter<T>, StreamReader<T>),
    ) -> StreamReader<T> {
        keep(&self.stream_writer, writer, "stream writer");
        reader
    }

    pub async fn write_stream(&self, items: Vec<T>) -> (Vec<T>, bool) {
        let mut writer = take(&self.stream_writer, "stream writer");
        let (result, unsent) = writer.write(items).await;
        keep(&self.stream_writer, writer, "stream writer");
        (unsent.into_vec(), result == StreamResult::Dropped)
    }

    pub fn drop_stream_writer(&self) {
        drop(take(&self.stream_writer, "stream writer"));
    }

    pub fn keep_future(&self, reader: FutureReader<T>) {
        keep(&self.future_reader, reader, "future reader");
    }

    pub async fn read_future(&self) -> T {
        take(&self.future_reader, "future reader").await
    }

    pub fn drop_future_reader(&self) {
        drop(take(&self.future_reader, "future reader"));
    }

    pub fn open_future(
        &self,
        (writer, reader): (FutureWriter<T>, FutureReader<T>),
    ) -> FutureReader<T> {
        keep(&self.future_writer, writer, "future writer");
        reader
    }

    pub async fn write_future(&self, value: T) -> Option<T> {
        let writer = take(&self.future_writer, "future writer");
        writer.write(value).await.err().map(|error| error.value)
    }
}
