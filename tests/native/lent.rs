//! Writes from a buffer that stays with the caller.

use crate::begun::install;
use crate::host::{self, Code, Log, Outcome, pause, poll_once, stream};
use crate::kept::texts;
use std::mem;
use std::pin::pin;
use wit_async::StreamResult;

#[test]
fn a_dropped_write_leaves_what_was_not_sent_in_the_buffer() {
    let host = install();
    let (mut writer, reader) = stream::<String>();
    let mut peer = host.outgoing_stream(reader);
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let mut buffer = writer.buffer(texts(["a", "b", "c"]));
            {
                let mut write = pin!(writer.write_from(&mut buffer));
                assert!(poll_once(&mut write).await.is_pending());
                pause().await;
            }
            log.note(buffer.remaining());
            // Again, in order.
            while buffer.remaining() > 0 {
                let result = writer.write_from(&mut buffer).await;
                assert!(matches!(result, StreamResult::Complete(_)), "{result:?}");
            }
            assert_eq!(writer.write_from(&mut buffer).await, StreamResult::Dropped);
        }
    });
    assert!(task.is_waiting());
    assert_eq!(peer.read(1), Outcome::Completed(1));
    assert!(task.step());
    assert_eq!(log.take(), [2], "one was sent before the write was dropped");
    assert_eq!(peer.read(1), Outcome::Completed(1));
    assert_eq!(peer.read(8), Outcome::Completed(1));
    assert_eq!(peer.received(), texts(["a", "b", "c"]));
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_write_that_has_not_begun_leaves_all_and_one_that_is_over_nothing() {
    let host = install();
    let (mut writer, reader) = stream::<u32>();
    let mut peer = host.outgoing_stream(reader);
    assert_eq!(peer.read(8), Outcome::Blocked);
    let task = host.start(async move {
        let mut buffer = writer.buffer(vec![1, 2, 3]);
        drop(writer.write_from(&mut buffer));
        assert_eq!(buffer.remaining(), 3);
        let write = writer.write_from(&mut buffer);
        assert_eq!(write.await, StreamResult::Complete(3));
        assert_eq!(buffer.remaining(), 0);
        assert_eq!(buffer.into_vec(), [0; 0]);
    });
    assert!(task.has_exited());
    assert!(peer.settle().is_some());
    assert_eq!(peer.received(), [1, 2, 3]);
}

#[test]
fn where_it_cannot_be_cancelled_the_values_go_with_the_write() {
    let host = install();
    let (mut writer, reader) = stream::<u32>();
    let mut peer = host.outgoing_stream(reader);
    host.call_sync(|| {
        let mut buffer = writer.buffer(vec![1, 2, 3]);
        {
            let mut write = pin!(writer.write_from(&mut buffer));
            assert!(wit_async::block_on(poll_once(&mut write)).is_pending());
        }
        assert_eq!(buffer.remaining(), 0);
    });
    // It is in flight still.
    assert_eq!(peer.read(2), Outcome::Completed(2));
    assert_eq!(peer.received(), [1, 2]);
    drop(writer);
    let task = host.start(async {});
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
#[cfg_attr(miri, ignore = "leaks on purpose")]
fn a_write_that_is_leaked_leaves_nothing() {
    let host = install();
    host.leaks_on_purpose();
    let (mut writer, reader) = stream::<u32>();
    let _peer = host.outgoing_stream(reader);
    let task = host.start(async move {
        let mut buffer = writer.buffer(vec![1, 2, 3]);
        let mut write = writer.write_from(&mut buffer);
        assert!(poll_once(&mut write).await.is_pending());
        mem::forget(write);
        assert_eq!(buffer.remaining(), 0);
        host::host().calls();
        drop(writer);
        assert_eq!(
            host::host().calls(),
            [
                "waitable.join 2 0",
                "stream.cancel-write 2: cancelled 0",
                "stream.drop-writable 2"
            ]
        );
    });
    assert!(task.has_exited());
}
