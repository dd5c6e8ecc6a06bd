//! Reads that are dropped in flight, where somebody else has to do with them: another task,
//! one of other bindings, synchronous code.

use crate::begun::{begins, install};
use crate::host::foreign::Executor;
use crate::host::{self, Code, Log, Outcome, pause, poll_once};
use crate::kept::{cancels, drops_a_read, texts};
use futures::channel::oneshot;
use futures::future;
use std::task::Poll;
use wit_async::block_on;

#[test]
fn of_two_reads_that_were_dropped_in_another_task_the_one_in_flight_ends_with_the_first() {
    let host = install();
    let (mut ones, mut one_peer) = host.incoming_stream::<String>();
    let (mut twos, mut two_peer) = host.incoming_stream::<String>();
    let (drop_reads, reads_drop) = oneshot::channel::<()>();
    let (go_on, goes_on) = oneshot::channel::<()>();
    let (first, begun) = begins(&host, async move {
        let reads = Box::pin(future::join(ones.next(), twos.next()));
        drop(future::select(reads, reads_drop).await);
        let _ = goes_on.await;
        assert_eq!(twos.next().await.as_deref(), Some("b"));
        assert_eq!(ones.next().await.as_deref(), Some("a"));
    });
    let second = host.start(begun);
    assert!(first.is_waiting() && second.is_waiting());
    drop(drop_reads);
    assert!(second.step());
    // The later one has its item before the first task takes its turn.
    two_peer.write(texts(["b"]));
    assert!(second.step());
    host.calls();
    assert_eq!(first.settle(), Code::Exit);
    assert_eq!(cancels(&host), ["stream.cancel-read 1: cancelled 0"]);
    drop(go_on);
    assert!(second.step());
    one_peer.write(texts(["a"]));
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn what_is_handed_away_while_a_task_cancels_on_its_way_out_is_passed_on_by_it() {
    let host = install();
    let (mut strings, _string_peer) = host.incoming_stream::<String>();
    let (mut words, mut word_peer) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let (end, ends) = oneshot::channel::<()>();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            drops_a_read(&mut strings).await;
            drops_a_read(&mut words).await;
            shelf.note((strings, words));
            let _ = ends.await;
        }
    });
    assert!(task.is_waiting());
    let (_strings, words) = shelf.take().pop().expect("they were left");
    let receivers = Log::new();
    host.when_blocked({
        let (inner, receivers) = (host.clone(), receivers.clone());
        move || receivers.note(inner.call_sync(|| host::host().outgoing_stream(words)))
    });
    drop(end);
    assert!(task.step());
    let mut receiver = receivers.take().pop().expect("the cancel took its time");
    assert!(task.is_waiting(), "it passes on what comes");
    assert_eq!(receiver.read(2), Outcome::Blocked);
    word_peer.write([7]);
    while task.step() {}
    assert_eq!(receiver.settle(), Some(Outcome::Completed(1)));
    assert_eq!(receiver.received(), [7]);
    drop(receiver);
    word_peer.write([8]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_reader_that_is_handed_away_in_block_on_does_not_keep_it() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let mut receiver = host.call_sync(|| {
        block_on(async {
            drops_a_read(&mut reader).await;
            // What passes the items on is not part of this: nobody reads before it ends.
            host::host().outgoing_stream(reader)
        })
    });
    assert_eq!(receiver.read(3), Outcome::Blocked);
    let task = host.start(async {});
    peer.write([4]);
    while task.step() {}
    assert_eq!(receiver.settle(), Some(Outcome::Completed(1)));
    assert_eq!(receiver.received(), [4]);
    drop(receiver);
    peer.write([5]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_was_in_the_buffer_goes_also_when_dropping_the_read_cancels_it() {
    let host = install();
    let (mut strings, mut peer) = host.incoming_stream::<String>();
    let executor = Executor::new(3);
    let mut future = Box::pin(async move {
        let mut buffer = Vec::with_capacity(4);
        buffer.push("before".to_owned());
        let mut read = strings.read(buffer);
        assert!(poll_once(&mut read).await.is_pending());
        pause().await;
        // The item has come, and the cancel finds it.
        drop(read);
        assert_eq!(strings.next().await.as_deref(), Some("a"));
    });
    assert!(executor.poll(&mut future).is_pending());
    peer.write(texts(["a"]));
    assert!(executor.poll(&mut future).is_ready());
    assert_eq!(cancels(&host), ["stream.cancel-read 1: cancelled 1"]);
}

#[test]
fn who_gives_up_waiting_for_it_in_a_task_of_other_bindings_cancels_it_where_the_task_is_needed() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let executor = Executor::new(3);
    let mut read = Box::pin(reader.next());
    assert!(executor.poll(&mut read).is_pending());
    // Nothing can be cancelled there.
    host.call_sync(|| drop(read));
    assert_eq!(cancels(&host), [""; 0]);
    let mut read = Box::pin(reader.next());
    assert!(executor.poll(&mut read).is_pending());
    assert_eq!(executor.registered(), [1]);
    executor.enter(|| drop(read));
    assert_eq!(cancels(&host), ["stream.cancel-read 1: cancelled 0"]);
    assert_eq!(executor.registered(), [0; 0], "nobody awaits it");
    let mut read = Box::pin(reader.next());
    assert!(executor.poll(&mut read).is_pending());
    peer.write(texts(["a"]));
    assert!(executor.step());
    let Poll::Ready(item) = executor.poll(&mut read) else {
        panic!("the item has come");
    };
    assert_eq!(item.as_deref(), Some("a"));
}
