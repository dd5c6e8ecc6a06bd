//! Pairs with an operation that was leaked, and what becomes of their ends.

use crate::host::{self, Code, Log, Outcome, future, poll_once, stream};
use crate::texts;
use futures::future::join;
use std::future::IntoFuture;
use std::mem::forget;
use wit_async::rt::async_support::{StreamReader, StreamWriter};

/// A pair with a write of `texts` in flight that was leaked.
async fn written_and_forgotten() -> (StreamWriter<String>, StreamReader<String>) {
    let (mut writer, reader) = stream::<String>();
    let mut write = writer.write(texts());
    assert!(poll_once(&mut write).await.is_pending());
    forget(write);
    (writer, reader)
}

/// A pair with a read in flight that was leaked.
async fn read_and_forgotten() -> (StreamWriter<String>, StreamReader<String>) {
    let (writer, mut reader) = stream::<String>();
    let mut read = reader.read(Vec::with_capacity(2));
    assert!(poll_once(&mut read).await.is_pending());
    forget(read);
    (writer, reader)
}

#[test]
fn a_write_then_its_reader_is_used() {
    let host = host::install();
    host.leaks_on_purpose();
    let task = host.start(async {
        let (mut writer, mut reader) = written_and_forgotten().await;
        assert_eq!(reader.next().await.as_deref(), Some("a"));
        // The next write finds the one before over, and its rest is lost.
        let (back, next) = join(writer.write_one("next".to_owned()), reader.next()).await;
        assert_eq!((back, next.as_deref()), (None, Some("next")));
        // Nobody read this one, and the next takes it back.
        let mut write = writer.write(texts());
        assert!(poll_once(&mut write).await.is_pending());
        forget(write);
        let (back, next) = join(writer.write_one("next".to_owned()), reader.next()).await;
        assert_eq!((back, next.as_deref()), (None, Some("next")));
        let mut write = writer.write(texts());
        assert!(poll_once(&mut write).await.is_pending());
        forget(write);
        drop(writer);
        assert_eq!(reader.next().await, None);
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_write_then_its_reader_goes() {
    let host = host::install();
    host.leaks_on_purpose();
    let task = host.start(async {
        let (mut writer, reader) = written_and_forgotten().await;
        drop(reader);
        assert_eq!(writer.write_all(texts()).await, texts());
        let (writer, reader) = written_and_forgotten().await;
        drop(reader);
        drop(writer);
        let (writer, reader) = written_and_forgotten().await;
        drop(writer);
        drop(reader);
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_write_then_its_reader_is_handed_away() {
    let host = host::install();
    host.leaks_on_purpose();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let (mut writer, reader) = written_and_forgotten().await;
            log.note(host::host().outgoing_stream(reader));
            // Nothing was sent of what was leaked, and nobody starts it again.
            assert_eq!(writer.write_all(texts()).await, [""; 0]);
            let (writer, reader) = written_and_forgotten().await;
            log.note(host::host().outgoing_stream(reader));
            drop(writer);
        }
    });
    assert!(task.is_waiting());
    let mut peers = log.take();
    assert_eq!(peers[0].read(9), Outcome::Completed(3));
    assert_eq!(peers[0].received(), texts());
    assert_eq!(task.settle(), Code::Exit);
    peers.extend(log.take());
    assert_eq!(peers[1].read(9), Outcome::Dropped(0));
}

#[test]
fn a_read_then_its_writer_is_used() {
    let host = host::install();
    host.leaks_on_purpose();
    let task = host.start(async {
        let (mut writer, mut reader) = read_and_forgotten().await;
        // Moved to where nobody looks.
        assert_eq!(writer.write_one("lost".to_owned()).await, None);
        let (back, next) = join(writer.write_one("next".to_owned()), reader.next()).await;
        assert_eq!((back, next.as_deref()), (None, Some("next")));
        // Taken back by the next read.
        let mut read = reader.read(Vec::with_capacity(2));
        assert!(poll_once(&mut read).await.is_pending());
        forget(read);
        let (next, back) = join(reader.next(), writer.write_one("next".to_owned())).await;
        assert_eq!((back, next.as_deref()), (None, Some("next")));
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_read_then_an_end_goes() {
    let host = host::install();
    host.leaks_on_purpose();
    let task = host.start(async {
        let (writer, mut reader) = read_and_forgotten().await;
        drop(writer);
        assert_eq!(reader.next().await, None);
        let (mut writer, reader) = read_and_forgotten().await;
        drop(reader);
        assert_eq!(writer.write_all(texts()).await, texts());
        let (mut writer, reader) = read_and_forgotten().await;
        assert_eq!(writer.write_one("lost".to_owned()).await, None);
        drop((writer, reader));
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_read_then_its_reader_is_handed_away() {
    let host = host::install();
    host.leaks_on_purpose();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let (mut writer, reader) = read_and_forgotten().await;
            log.note(host::host().outgoing_stream(reader));
            assert_eq!(writer.write_all(texts()).await, [""; 0]);
        }
    });
    assert!(task.is_waiting());
    let mut peer = log.take().pop().expect("it was handed away");
    assert_eq!(peer.read(9), Outcome::Completed(3));
    assert_eq!(peer.received(), texts());
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_write_of_a_future() {
    let host = host::install();
    host.leaks_on_purpose();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let mut readers = Vec::new();
            for _ in 0..3 {
                let (writer, reader) = future::<String>(|| unreachable!("nobody drops it"));
                let mut write = writer.write("value".to_owned());
                assert!(poll_once(&mut write).await.is_pending());
                forget(write);
                readers.push(reader);
            }
            let [used, dropped, handed] = readers.try_into().expect("three");
            assert_eq!(used.await, "value");
            drop(dropped);
            log.note(host::host().outgoing_future(handed));
        }
    });
    // The last one is still to be told that nobody will read.
    while task.step() {}
    let mut peer = log.take().pop().expect("it was handed away");
    assert_eq!(peer.receive(), Outcome::Blocked);
}

#[test]
fn a_read_of_a_future() {
    let host = host::install();
    host.leaks_on_purpose();
    let task = host.start(async {
        let mut writers = Vec::new();
        for _ in 0..3 {
            let (writer, reader) = future(|| "default".to_owned());
            let mut read = reader.into_future();
            assert!(poll_once(&mut read).await.is_pending());
            forget(read);
            writers.push(writer);
        }
        let [used, dropped, cancelled] = writers.try_into().expect("three");
        used.write("value".to_owned()).await.expect("it was taken");
        drop(dropped);
        drop(cancelled.write("value".to_owned()));
    });
    assert_eq!(task.settle(), Code::Exit);
}
