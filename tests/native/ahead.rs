//! Adapters that read ahead: who gets what was read, and how often the host is asked.

use crate::begun::install;
use crate::host::{self, Code, Log, Outcome, pause, poll_once, stream};
use crate::kept::{drops_a_read, texts};
use futures::io::{AsyncBufRead, AsyncRead};
use futures::{AsyncBufReadExt, AsyncReadExt, Stream, StreamExt, TryStreamExt};
use std::pin::Pin;

/// How often a stream was read.
fn reads(host: &host::Host) -> usize {
    let calls = host.calls();
    let reads = calls.iter().filter(|call| call.contains("stream.read"));
    reads.count()
}

#[test]
fn numbers_are_read_ahead_and_the_host_is_asked_once() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    peer.write(0..100);
    let task = host.start(async move {
        let mut numbers = reader.into_stream();
        for n in 0..100 {
            assert_eq!(numbers.next().await, Some(n));
        }
        assert_eq!(numbers.next().await, None);
    });
    assert!(task.is_waiting());
    // Another one for the end.
    assert_eq!(reads(&host), 2);
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_owns_something_is_read_ahead_on_request() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<String>();
    let (buffered, mut buffered_peer) = host.incoming_stream::<String>();
    let all = ["a", "b", "c", "d", "e"];
    peer.write(texts(all));
    buffered_peer.write(texts(all));
    let task = host.start(async move {
        assert_eq!(reader.into_stream().take(5).collect::<Vec<_>>().await, all);
        assert_eq!(reads(&host::host()), 5);
        assert_eq!(buffered.buffered(3).take(5).collect::<Vec<_>>().await, all);
        assert_eq!(reads(&host::host()), 2);
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn an_adapter_that_reads_nothing_ahead_reads_one() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let (units, mut unit_peer) = host.incoming_stream::<()>();
    assert_eq!(peer.write([1, 2]), Outcome::Blocked);
    assert_eq!(unit_peer.write([(); 3]), Outcome::Blocked);
    let task = host.start(async move {
        let mut numbers = reader.buffered(0);
        assert_eq!(numbers.next().await, Some(1));
        assert_eq!(numbers.size_hint(), (0, None));
        let mut units = units.into_stream();
        assert_eq!(units.next().await, Some(()));
        assert_eq!(units.size_hint(), (0, None));
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.settle(), Some(Outcome::Dropped(1)));
    assert_eq!(unit_peer.settle(), Some(Outcome::Dropped(1)));
}

#[test]
#[cfg_attr(miri, ignore = "reads a mebibyte")]
fn so_much_is_read_ahead_and_no_more() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let (all, mut all_peer) = host.incoming_stream::<u32>();
    peer.write([0; 4000]);
    all_peer.write(vec![0; 1 << 19]);
    let task = host.start(async move {
        let mut numbers = reader.into_stream();
        assert_eq!(numbers.next().await, Some(0));
        assert_eq!(numbers.size_hint().0, 2047, "8 KiB");
        // More than there is memory.
        let mut all = all.buffered(usize::MAX);
        assert_eq!(all.next().await, Some(0));
        assert_eq!(all.size_hint().0, (1 << 18) - 1, "1 MiB");
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_was_read_ahead_is_there_for_the_reader() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    peer.write(0..5);
    let task = host.start(async move {
        let mut numbers = reader.into_stream();
        assert_eq!(numbers.next().await, Some(0));
        let mut reader = numbers.into_inner().expect("it has not ended");
        assert_eq!(reader.next().await, Some(1));
        // And again.
        let mut numbers = reader.buffered(2);
        assert_eq!(numbers.next().await, Some(2));
        let mut reader = numbers.into_inner().expect("it has not ended");
        for n in 3..6 {
            assert_eq!(reader.next().await, Some(n));
        }
        assert_eq!(reader.next().await, None);
    });
    assert!(task.is_waiting());
    assert_eq!(peer.settle(), Some(Outcome::Completed(5)));
    assert_eq!(peer.write([5]), Outcome::Completed(1));
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn it_comes_before_what_a_dropped_read_left_there() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        let mut read = reader.read(Vec::with_capacity(5));
        assert!(poll_once(&mut read).await.is_pending());
        drop(read);
        pause().await;
        // Two of those that are kept, one of which goes back.
        let mut numbers = reader.buffered(2);
        assert_eq!(numbers.next().await, Some(0));
        let reader = numbers.into_inner().expect("it has not ended");
        assert_eq!(reader.collect().await, [1, 2, 3, 4]);
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write(0..5), Outcome::Completed(5));
    assert!(task.step());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn it_comes_before_the_end_that_came_with_it() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        let mut numbers = reader.into_stream();
        assert_eq!(numbers.next().await, Some(0));
        assert_eq!(numbers.size_hint(), (2, None));
        let mut reader = numbers.into_inner().expect("there is more");
        for n in [Some(1), Some(2), None, None] {
            assert_eq!(reader.next().await, n);
        }
    });
    assert!(task.is_waiting());
    // The end is told together with the items.
    assert_eq!(peer.write(0..3), Outcome::Completed(3));
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(reads(&host), 1);
}

#[test]
fn where_the_reader_goes_it_arrives_first() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let mut numbers = reader.into_stream();
            assert_eq!(numbers.next().await, Some(0));
            let reader = numbers.into_inner().expect("it has not ended");
            shelf.note(host::lift_stream(reader));
        }
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write(0..3), Outcome::Completed(3));
    // With the end, after which an end may not be handed away.
    drop(peer);
    assert!(task.step());
    let mut receiver = shelf.take().pop().expect("it was handed away");
    assert_eq!(receiver.read(5), Outcome::Blocked);
    while task.step() {}
    assert_eq!(receiver.settle(), Some(Outcome::Dropped(2)));
    assert_eq!(receiver.received(), [1, 2]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_reader_that_got_the_end_ahead_is_handed_away() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let mut numbers = reader.into_stream();
            assert_eq!(numbers.next().await, Some(0));
            let mut reader = numbers.into_inner().expect("there is more");
            assert_eq!(reader.next().await, Some(1));
            // Nothing is left, and nobody has said that this is the end.
            shelf.note(host::lift_stream(reader));
        }
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write(0..2), Outcome::Completed(2));
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
    let mut receiver = shelf.take().pop().expect("it was handed away");
    assert_eq!(receiver.read(1), Outcome::Dropped(0));
}

#[test]
fn an_adapter_takes_over_what_a_dropped_read_got() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        drops_a_read(&mut reader).await;
        let mut numbers = reader.into_stream();
        assert_eq!(numbers.next().await, Some(1));
        assert_eq!(numbers.next().await, Some(2));
        assert_eq!(numbers.next().await, None);
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write([1]), Outcome::Completed(1));
    assert!(task.step());
    assert_eq!(peer.write([2]), Outcome::Completed(1));
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn both_ends_in_one_component_read_ahead() {
    let host = install();
    let task = host.start(async {
        let (mut writer, reader) = stream::<String>();
        let (sent, received) = futures::join!(
            async move { writer.write_all(texts(["a", "b", "c"])).await },
            reader.buffered(2).collect::<Vec<_>>(),
        );
        assert_eq!((sent.len(), received), (0, texts(["a", "b", "c"])));
    });
    assert_eq!(task.settle(), Code::Exit);
}

// --- bytes

#[test]
#[cfg_attr(miri, ignore = "reads three windows")]
fn bytes_are_read_across_windows() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u8>();
    peer.write((0..20_000).map(|n: u32| n as u8));
    let task = host.start(async move {
        let mut bytes = reader.into_async_read();
        let mut first = [0; 10_000];
        bytes
            .read_exact(&mut first)
            .await
            .expect("there are so many");
        let mut rest = Vec::new();
        bytes.read_to_end(&mut rest).await.expect("it never fails");
        let all = first.into_iter().chain(rest);
        assert!(all.eq((0..20_000).map(|n: u32| n as u8)));
        assert_eq!(bytes.read(&mut first).await.expect("the end lasts"), 0);
        assert!(bytes.into_inner().is_none());
    });
    assert!(task.is_waiting());
    // 8 KiB each; the last one waits for the end.
    assert_eq!(reads(&host), 4);
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_byte_read_that_is_dropped_loses_nothing() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u8>();
    let task = host.start(async move {
        let mut bytes = reader.into_async_read();
        let mut byte = [0];
        assert!(poll_once(&mut bytes.read(&mut byte)).await.is_pending());
        pause().await;
        // A longer one goes on with what there is.
        let mut three = [0; 3];
        assert_eq!(bytes.read(&mut three).await.expect("it never fails"), 2);
        assert_eq!(three, *b"ab\0");
        assert!(poll_once(&mut bytes.read(&mut byte)).await.is_pending());
        let mut reader = bytes.into_inner().expect("it has not ended");
        assert_eq!(reader.next().await, Some(b'c'));
    });
    assert!(task.is_waiting());
    assert_eq!(peer.write(*b"ab"), Outcome::Completed(2));
    assert!(task.step());
    peer.write(*b"c");
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn bytes_that_were_not_read_are_there_for_the_reader() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u8>();
    peer.write(*b"magic, then more");
    let task = host.start(async move {
        let mut bytes = reader.into_async_read();
        let mut magic = [0; 5];
        bytes
            .read_exact(&mut magic)
            .await
            .expect("there are so many");
        let reader = bytes.into_inner().expect("it has not ended");
        assert_eq!(reader.collect().await, b", then more");
    });
    assert!(task.is_waiting());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn bytes_are_read_in_lines() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u8>();
    let task = host.start(async move {
        let lines = reader.into_async_read().lines();
        let lines: Vec<String> = lines.try_collect().await.expect("it is text");
        assert_eq!(lines, ["one", "two", "", "four"]);
    });
    assert!(task.is_waiting());
    peer.write(*b"one\nt");
    assert!(task.step());
    peer.write(*b"wo\n\nfour");
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn bytes_are_looked_at_and_taken_in_parts() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<u8>();
    peer.write(*b"abc");
    let task = host.start(async move {
        let mut bytes = reader.into_async_read();
        assert_eq!(bytes.fill_buf().await.expect("it never fails"), b"abc");
        bytes.consume_unpin(2);
        assert_eq!(bytes.fill_buf().await.expect("it never fails"), b"c");
        // No more than there is.
        Pin::new(&mut bytes).consume(usize::MAX);
        // Into no room nothing is read, and nobody waits.
        let mut none = [0; 0];
        assert_eq!(bytes.read(&mut none).await.expect("it never fails"), 0);
        assert!(poll_once(&mut bytes.fill_buf()).await.is_pending());
        let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut bytes).poll_read(cx, &mut [0]).is_pending());
    });
    assert_eq!(task.settle(), Code::Exit);
}
