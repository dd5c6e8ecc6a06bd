//! Readable ends inside of what is written: they are handed away with it, or stay here.

use crate::host::{self, Code, Installed, Log, NestedFuture, Wire, future, poll_once, stream};
use futures::future::join;
use std::future::IntoFuture;
use std::pin::Pin;
use wit_async::rt::async_support::{AbiBuffer, StreamReader, StreamVtable};
use wit_async::{StreamResult, StreamWriter, spawn_local, yield_async};

fn texts(count: u32) -> Vec<String> {
    (0..count).map(|n| format!("item {n}")).collect()
}

/// Both ends of a stream, of which two texts are being written.
fn being_written() -> StreamReader<String> {
    let (mut writer, reader) = stream::<String>();
    spawn_local(async move { assert_eq!(writer.write_all(texts(2)).await, [""; 0]) });
    reader
}

#[test]
fn streams_inside_of_items_stay_here() {
    let host = host::install();
    let task = host.start(async {
        let inner = being_written();
        // The inner write waits when its reader is lowered.
        yield_async().await;
        let (mut writer, mut reader) = stream::<StreamReader<String>>();
        let write = writer.write_all(vec![inner, being_written()]);
        let (rest, (first, second)) = join(write, async {
            let first = reader.next().await.expect("it is written");
            (first, reader.next().await.expect("it is written"))
        })
        .await;
        assert!(rest.is_empty());
        assert_eq!(
            join(first.collect(), second.collect()).await,
            (texts(2), texts(2))
        );
        let (writer, reader) = future(|| unreachable!("it is written"));
        let (sent, inner) = join(writer.write(being_written()), reader.into_future()).await;
        sent.expect("it was read");
        assert_eq!(inner.collect().await, texts(2));
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn streams_inside_of_items_come_back_with_them() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, reader) = stream::<StreamReader<String>>();
        // As many as are lowered at once, and one alone.
        let mut write = writer.write(vec![being_written()]);
        assert!(poll_once(&mut write).await.is_pending());
        let (_, buffer) = Pin::new(&mut write).cancel();
        drop(write);
        let inner = buffer.into_vec().pop().expect("it was not sent");
        let mut write = Box::pin(writer.write_one(inner));
        assert!(poll_once(&mut write).await.is_pending());
        drop(reader);
        let inner = write.await.expect("nobody reads");
        let (writer, reader) = future(|| unreachable!("it is written"));
        let mut write = writer.write(inner);
        assert!(poll_once(&mut write).await.is_pending());
        drop(reader);
        let inner = write.await.expect_err("nobody reads").value;
        assert_eq!(inner.collect().await, texts(2));
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn streams_inside_of_items_come_back_from_a_reader_that_had_gone() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, reader) = stream::<StreamReader<String>>();
        drop(reader);
        let inner = being_written();
        let inner = writer.write_one(inner).await.expect("nobody reads");
        let inner = writer.write_all(vec![inner]).await.pop();
        let (writer, reader) = future(|| unreachable!("it is written"));
        drop(reader);
        let write = writer.write(inner.expect("nobody reads"));
        let inner = write.await.expect_err("nobody reads").value;
        assert_eq!(inner.collect().await, texts(2));
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn streams_inside_of_items_are_handed_away_with_them() {
    let host = host::install();
    let log = Log::new();
    let writes = |host: &Installed| {
        let calls = host.calls();
        let writes = calls.iter().filter(|call| call.contains("stream.write "));
        writes.count()
    };
    for alone in [false, true] {
        let before = writes(&host);
        let task = host.start({
            let log = log.clone();
            async move {
                let (mut writer, reader) = stream::<StreamReader<String>>();
                let (mut inner_writer, inner) = stream::<String>();
                let inner_writes = async move { inner_writer.write_all(texts(2)).await };
                let writes = async move {
                    match alone {
                        true => writer.write_one(inner).await,
                        false => writer.write_all(vec![inner]).await.pop(),
                    }
                };
                let mut both = Box::pin(join(inner_writes, async { drop(writes.await) }));
                assert!(poll_once(&mut both).await.is_pending());
                log.note(host::host().outgoing_stream(reader));
                assert_eq!(both.await.0, texts(2));
            }
        });
        while task.step() {}
        assert!(task.is_waiting());
        // The inner one is written at the host, as the outer one is.
        assert_eq!(writes(&host) - before, 2, "{:#?}", host.calls());
        drop(log.take());
        assert_eq!(task.settle(), Code::Exit);
    }
}

/// A pair of which the first of two items was read, that item, and the rest.
async fn first_is_read<T: Wire>(
    items: Vec<T>,
) -> (
    StreamWriter<T>,
    StreamReader<T>,
    T,
    AbiBuffer<&'static StreamVtable<T>>,
) {
    let (mut writer, mut reader) = stream::<T>();
    let mut write = writer.write(items);
    assert!(poll_once(&mut write).await.is_pending());
    let first = reader.next().await.expect("it is written");
    let (result, rest) = write.await;
    assert_eq!(result, StreamResult::Complete(1));
    (writer, reader, first, rest)
}

#[test]
fn streams_that_were_read_stay_when_the_rest_is_handed_away() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let items = vec![being_written(), stream().1];
            let (mut writer, reader, inner, rest) = first_is_read(items).await;
            log.note(host::host().outgoing_stream(reader));
            let mut write = writer.write_buf(rest);
            assert!(poll_once(&mut write).await.is_pending());
            assert_eq!(inner.collect().await, texts(2));
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    drop(log.take());
}

#[test]
fn a_stream_that_waits_in_another_one_stays_when_the_rest_is_handed_away() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let items = vec![being_written(), stream().1];
            let (mut writer, reader, inner, rest) = first_is_read(items).await;
            let (mut other_writer, mut other_reader) = stream::<StreamReader<String>>();
            let mut other_write = Box::pin(other_writer.write_one(inner));
            assert!(poll_once(&mut other_write).await.is_pending());
            log.note(host::host().outgoing_stream(reader));
            let mut write = writer.write_buf(rest);
            assert!(poll_once(&mut write).await.is_pending());
            let inner = other_reader.next().await.expect("it is written");
            assert!(other_write.await.is_none());
            assert_eq!(inner.collect().await, texts(2));
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    drop(log.take());
}

/// Both ends of a future of which a text is being written, ready to be sent.
fn being_fulfilled() -> NestedFuture {
    let (writer, reader) = future(|| unreachable!("it is written"));
    spawn_local(async move {
        // Nobody reads the one that is handed away.
        let _ = writer.write("a text".to_owned()).await;
    });
    let serial = host::last_serial();
    NestedFuture { reader, serial }
}

#[test]
fn futures_that_were_read_stay_when_the_rest_is_handed_away() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let items = vec![being_fulfilled(), being_fulfilled()];
            let (mut writer, reader, inner, rest) = first_is_read(items).await;
            log.note(host::lift_stream(reader));
            let mut write = writer.write_buf(rest);
            assert!(poll_once(&mut write).await.is_pending());
            assert_eq!(inner.reader.await, "a text");
        }
    });
    task.settle();
    drop(log.take());
    assert_eq!(task.settle(), Code::Exit);
}
