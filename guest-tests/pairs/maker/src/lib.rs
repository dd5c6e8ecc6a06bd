//! Exports that make both ends, and return one or keep both.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/pairs",
        world: "maker-guest",
        generate_all,
    });
}

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;

use bindings::exports::test::pairs::maker::Guest;
use bindings::{wit_future, wit_stream};
use guest_support::check::in_flight;
use wit_async::{FutureReader, FutureWriter, StreamReader, StreamWriter, spawn_local};

guest_support::guest!();
bindings::export!(Maker with_types_in bindings);

type Write = Pin<Box<dyn Future<Output = ()>>>;

/// What is kept from one call to the next.
#[derive(Default)]
struct Kept {
    write: Option<Write>,
    stream: Option<StreamReader<String>>,
    value: Option<FutureReader<String>>,
    writer: Option<StreamWriter<String>>,
    value_writer: Option<FutureWriter<String>>,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

fn keep(f: impl FnOnce(&mut Kept)) {
    KEPT.with_borrow_mut(f);
}

fn take<T>(field: impl FnOnce(&mut Kept) -> &mut Option<T>) -> T {
    KEPT.with_borrow_mut(|kept| field(kept).take())
        .expect("it is kept")
}

fn words() -> Vec<String> {
    ["a", "b", "c"].map(str::to_owned).to_vec()
}

fn value() -> (FutureWriter<String>, FutureReader<String>) {
    wit_future::new(|| "default".to_owned())
}

async fn begun(write: impl Future<Output = ()> + 'static) -> Write {
    let mut write: Write = Box::pin(write);
    in_flight(&mut write).await;
    write
}

async fn stream_begun() -> (Write, StreamReader<String>) {
    let (mut writer, reader) = wit_stream::new();
    let write = begun(async move {
        assert!(writer.write_all(words()).await.is_empty());
    })
    .await;
    (write, reader)
}

async fn value_begun() -> (Write, FutureReader<String>) {
    let (writer, reader) = value();
    let write = begun(async move {
        let sent = writer.write("value".to_owned()).await;
        sent.expect("it was read");
    })
    .await;
    (write, reader)
}

struct Maker;

impl Guest for Maker {
    async fn stream_during_write() -> StreamReader<String> {
        let (write, reader) = stream_begun().await;
        spawn_local(write);
        reader
    }

    async fn value_during_write() -> FutureReader<String> {
        let (write, reader) = value_begun().await;
        spawn_local(write);
        reader
    }

    fn ended_stream() -> StreamReader<String> {
        wit_stream::new().1
    }

    fn default_value() -> FutureReader<String> {
        value().1
    }

    async fn begin_stream() {
        let (write, reader) = stream_begun().await;
        keep(|kept| (kept.write, kept.stream) = (Some(write), Some(reader)));
    }

    async fn begin_value() {
        let (write, reader) = value_begun().await;
        keep(|kept| (kept.write, kept.value) = (Some(write), Some(reader)));
    }

    fn end_stream() -> StreamReader<String> {
        drop(take(|kept| &mut kept.write));
        take(|kept| &mut kept.stream)
    }

    fn end_value() -> FutureReader<String> {
        drop(take(|kept| &mut kept.write));
        take(|kept| &mut kept.value)
    }

    fn make() {
        let (writer, reader) = wit_stream::new();
        keep(|kept| (kept.writer, kept.stream) = (Some(writer), Some(reader)));
        let (writer, reader) = value();
        keep(|kept| (kept.value_writer, kept.value) = (Some(writer), Some(reader)));
    }

    async fn writes() -> u32 {
        let mut writer = take(|kept| &mut kept.writer);
        let rest = writer.write_all(words()).await;
        u32::try_from(rest.len()).expect("three at most")
    }

    async fn reads() -> Vec<String> {
        take(|kept| &mut kept.stream).collect().await
    }

    async fn writes_value() {
        let writer = take(|kept| &mut kept.value_writer);
        let sent = writer.write("value".to_owned()).await;
        sent.expect("it was read");
    }

    async fn reads_value() -> String {
        take(|kept| &mut kept.value).await
    }
}
