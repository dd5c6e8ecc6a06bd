//! Writable ends of futures that are dropped unwritten write their default.

use futures::future::join_all;
use guest_support::check::{in_flight, turns};
use wit_async::{FutureReader, FutureWriteCancel, FutureWriter, block_on, spawn_local};

use crate::bindings::wit_future;

fn pair() -> (FutureWriter<u32>, FutureReader<u32>) {
    wit_future::new(|| 4711)
}

pub async fn future_default() {
    let (writer, reader) = pair();
    drop(writer);
    assert_eq!(reader.await, 4711);

    let (writer, reader) = pair();
    let mut read = Box::pin(reader.into_future());
    in_flight(&mut read).await;
    drop(writer);
    assert_eq!(read.await, 4711);
}

pub async fn future_default_in_spawned_task() {
    let (writer, reader) = pair();
    spawn_local(async move {
        turns(2).await;
        drop(writer);
    });
    assert_eq!(reader.await, 4711);

    let (writer, reader) = pair();
    let mut holding = spawn_local(async move {
        let _writer = writer;
        std::future::pending::<()>().await;
    });
    turns(2).await;
    holding.cancel();
    assert_eq!(reader.await, 4711);
    assert_eq!(holding.await, None);
}

pub async fn future_default_nobody_reads() {
    let (writer, reader) = pair();
    drop(reader);
    drop(writer);

    let (writer, reader) = pair();
    drop(writer);
    drop(reader);

    let (writer, reader) = pair();
    drop(writer);
    turns(3).await;
    drop(reader);

    let (writer, reader) = pair();
    let mut read = Box::pin(reader.into_future());
    in_flight(&mut read).await;
    drop(writer);
    drop(read);
}

pub async fn future_default_ten_thousand() {
    let (writers, readers): (Vec<_>, Vec<_>) = (0..10_000).map(|_| pair()).unzip();
    drop(writers);
    turns(3).await;
    let values = join_all(readers.into_iter().map(FutureReader::into_future)).await;
    assert_eq!(values.len(), 10_000);
    assert!(values.into_iter().all(|value| value == 4711));
}

pub async fn future_write_dropped_in_flight() {
    let (writer, reader) = pair();
    let mut write = Box::pin(writer.write(1));
    in_flight(&mut write).await;
    drop(write);
    assert_eq!(reader.await, 4711, "the value went with the write");
}

pub async fn future_write_never_polled() {
    let (writer, reader) = pair();
    drop(writer.write(1));
    assert_eq!(reader.await, 4711, "the value went with the write");
}

pub async fn future_writer_idle_when_reader_goes() {
    for pause in [0, 3] {
        let (writer, reader) = pair();
        let mut write = Box::pin(writer.write(1));
        in_flight(&mut write).await;
        // The writable end has been waited for, and may go on being watched.
        turns(pause).await;
        let FutureWriteCancel::Cancelled(1, writer) = write.as_mut().cancel() else {
            panic!("nobody has read");
        };
        drop(reader);
        turns(pause).await;
        drop(writer);
        turns(pause).await;
    }
}

pub fn future_default_in_synchronous_export() {
    let (writer, reader) = pair();
    drop(reader);
    drop(writer);

    let (writer, reader) = pair();
    drop(writer);
    assert_eq!(block_on(async { reader.await }), 4711);

    let (writer, reader) = pair();
    drop(writer);
    drop(reader);
}

pub fn future_default_in_block_on() {
    let (writer, reader) = pair();
    block_on(async {
        turns(2).await;
        // In one task with the read, so that the write can be waited for.
        spawn_local(async move {
            drop(writer);
        });
        assert_eq!(reader.await, 4711);
    });
}
