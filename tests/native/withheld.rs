//! What is withheld has not started; and where nothing is withheld.

use crate::fair::{Count, PER_TURN, reads, ready_items, turns};
use crate::host::foreign::Executor;
use crate::host::imports::{Import, Shout, Until};
use crate::host::{self, Code, Installed, Log, Outcome, Peer, future, poll_once, stream};
use futures::future::join;
use std::cell::RefCell;
use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use wit_async::rt::async_support::{StreamReader, Subtask as _};
use wit_async::{FutureWriteCancel, StreamResult, block_on, spawn_local};
use wit_async::{UnitStreamOps, yield_async};

// --- what is withheld has not started

/// Runs `f` in a task, in a turn in which nothing can start any more.
fn when_spent<F: Future<Output = ()> + 'static>(host: &Installed, f: F) {
    let (mut reader, peer) = ready_items(host, PER_TURN + 1);
    let done = Count::default();
    let task = host.start({
        let done = done.clone();
        async move {
            let _peer = peer;
            for _ in 0..PER_TURN {
                assert!(reader.next().await.is_some());
            }
            let mut next = Box::pin(reader.next());
            assert!(poll_once(&mut next).await.is_pending());
            host::host().calls();
            f.await;
            done.add();
        }
    });
    assert_eq!(done.get(), 1, "all of it is done in one turn");
    task.settle();
    assert!(task.has_exited());
}

#[test]
fn a_withheld_read_is_cancelled_without_the_host() {
    let host = host::install();
    let (mut reader, mut peer) = ready_items(&host, 1);
    when_spent(&host, async move {
        let mut read = reader.read(Vec::with_capacity(4));
        assert!(poll_once(&mut read).await.is_pending());
        let (result, buffer) = Pin::new(&mut read).cancel();
        assert_eq!((result, buffer.capacity()), (StreamResult::Cancelled, 4));
        assert_eq!(host::host().calls(), [""; 0]);
        drop(read);
    });
    assert_eq!(peer.settle(), Some(Outcome::Dropped(0)));
}

/// A write in a pair whose reader goes to a peer, which reads one item.
async fn told_to_begin_at_the_host(
    peers: &Log<Peer<String>>,
) -> impl Future<Output = (StreamResult, usize)> + Unpin {
    let (mut writer, reader) = stream::<String>();
    let mut write = Box::pin(async move {
        let (result, rest) = writer.write(vec!["text".to_owned()]).await;
        (result, rest.remaining())
    });
    // Both ends are here: the host is not told.
    assert!(poll_once(&mut write).await.is_pending());
    let mut peer = host::lift_stream(reader);
    assert_eq!(peer.read(1), Outcome::Blocked);
    peers.note(peer);
    write
}

#[test]
fn a_write_that_is_to_begin_at_the_host_is_withheld() {
    let host = host::install();
    let (mut items, _items_peer) = ready_items(&host, PER_TURN + 1);
    let (peers, done) = (Log::new(), Count::default());
    let task = host.start({
        let (peers, done) = (peers.clone(), done.clone());
        async move {
            let mut write = told_to_begin_at_the_host(&peers).await;
            for _ in 0..PER_TURN {
                assert!(items.next().await.is_some());
            }
            host::host().calls();
            assert!(poll_once(&mut write).await.is_pending());
            assert_eq!(host::host().calls(), [""; 0]);
            done.add();
            assert_eq!(write.await, (StreamResult::Complete(1), 0));
        }
    });
    assert_eq!(done.get(), 1, "all of it is done in one turn");
    assert_eq!(task.settle(), Code::Exit);
    let mut peer = peers.take().pop().expect("it was handed away");
    assert_eq!(peer.settle(), Some(Outcome::Dropped(1)));
    assert_eq!(peer.received(), ["text"]);
    assert!(host.most_in_a_turn() <= PER_TURN);
}

#[test]
fn a_write_that_begins_at_the_host_counts() {
    let host = host::install();
    let (mut items, _items_peer) = ready_items(&host, PER_TURN + 1);
    let (peers, done) = (Log::new(), Count::default());
    let task = host.start({
        let (peers, done) = (peers.clone(), done.clone());
        async move {
            let write = told_to_begin_at_the_host(&peers).await;
            assert_eq!(write.await, (StreamResult::Complete(1), 0));
            for _ in 0..PER_TURN {
                assert!(items.next().await.is_some());
                done.add();
            }
        }
    });
    assert_eq!(done.get(), PER_TURN - 1);
    assert_eq!(task.settle(), Code::Exit);
    assert!(host.most_in_a_turn() <= PER_TURN);
}

#[test]
fn a_withheld_write_gives_its_values_back() {
    let host = host::install();
    let (mut writer, reader) = stream::<String>();
    let mut peer = host.outgoing_stream(reader);
    assert_eq!(peer.read(4), Outcome::Blocked);
    when_spent(&host, async move {
        let values = vec!["one".to_owned(), "two".to_owned()];
        let mut write = writer.write(values.clone());
        assert!(poll_once(&mut write).await.is_pending());
        let (result, rest) = Pin::new(&mut write).cancel();
        assert_eq!(result, StreamResult::Cancelled);
        assert_eq!(rest.into_vec(), values);
        drop(write);
    });
    assert_eq!(peer.settle(), Some(Outcome::Dropped(0)));
}

#[test]
fn a_withheld_write_of_a_future_gives_back_value_and_end() {
    let host = host::install();
    let (writer, reader) = future::<u32>(|| 0);
    let mut peer = host.outgoing_future(reader);
    assert_eq!(peer.receive(), Outcome::Blocked);
    when_spent(&host, async move {
        let mut write = writer.write(5);
        assert!(poll_once(&mut write).await.is_pending());
        let FutureWriteCancel::Cancelled(5, writer) = Pin::new(&mut write).cancel() else {
            panic!("it did not start");
        };
        let mut again = writer.write(6);
        assert!(poll_once(&mut again).await.is_pending());
        // What is written in the background is not withheld, for nobody polls it.
        drop(again);
    });
    peer.settle();
    assert_eq!(peer.received(), [0]);
}

#[test]
fn a_withheld_call_that_is_dropped_is_not_made() {
    let host = host::install();
    let import = Import::new(Until::Returned);
    when_spent(&host, {
        let import = import.clone();
        async move {
            let mut shout = Shout(import.clone());
            let mut call = Box::pin(shout.call("hey".to_owned()));
            assert!(poll_once(&mut call).await.is_pending());
            drop(call);
            assert_eq!(host::host().calls(), [""; 0]);
        }
    });
    assert_eq!(import.freed.take(), [""; 0]);
}

#[test]
fn what_is_in_flight_is_not_withheld() {
    let host = host::install();
    let (mut reader, mut writes) = host.incoming_stream::<u32>();
    let (busy, _peer) = ready_items(&host, 1000);
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let mut next = Box::pin(reader.next());
            assert!(poll_once(&mut next).await.is_pending());
            let mut busy = Box::pin(reads(busy, Count::default()));
            assert!(poll_once(&mut busy).await.is_pending());
            // Nothing is left of this turn. The other end writes, the host tells it in the
            // next one, and all of that is used up before it is looked at.
            assert_eq!(writes.write([9]), Outcome::Completed(1));
            yield_async().await;
            assert!(poll_once(&mut busy).await.is_pending());
            log.note(poll_once(&mut next).await);
        }
    });
    assert!(task.step());
    assert_eq!(log.take(), [Poll::Ready(Some(9))]);
    assert!(task.has_exited());
}

// --- where nobody would poll again

/// How many reads are ready when each is polled once.
fn polled_once(reader: &mut StreamReader<u32>, count: u32) -> u32 {
    let mut cx = Context::from_waker(Waker::noop());
    let mut ready = 0;
    for _ in 0..count {
        ready += u32::from(pin!(reader.next()).poll(&mut cx).is_ready());
    }
    ready
}

#[test]
fn outside_of_a_task_nothing_is_withheld() {
    let host = host::install();
    let (mut reader, _peer) = ready_items(&host, 1000);
    assert_eq!(polled_once(&mut reader, 1000), 1000);
}

#[test]
fn in_a_task_of_other_bindings_nothing_is_withheld() {
    let host = host::install();
    for version in [1, 2, 3] {
        let (mut reader, _peer) = ready_items(&host, 1000);
        let executor = Executor::new(version);
        let polled = executor.enter(|| polled_once(&mut reader, 1000));
        assert_eq!(polled, 1000);
    }
}

#[test]
fn in_synchronous_code_nothing_is_withheld_whatever_the_task_did_that_is_blocked() {
    let host = host::install();
    let (mut reader, _peer) = ready_items(&host, 1000);
    when_spent(&host, async move {
        let host = host::host();
        let polled = host.call_lowered(|| host.call_sync(|| polled_once(&mut reader, 500)));
        assert_eq!(polled, 500);
    });
}

#[test]
fn who_does_not_make_the_task_poll_is_not_made_to_wait() {
    let host = host::install();
    let (mut reader, _peer) = ready_items(&host, 1000);
    let count = Count::default();
    let task = host.start({
        let count = count.clone();
        async move {
            for _ in 0..1000 {
                // An executor of another crate, which polls until it is done.
                let mut next = pin!(reader.next());
                let mut polls = 0..3;
                let item = polls.find_map(|_| {
                    let cx = &mut Context::from_waker(Waker::noop());
                    match next.as_mut().poll(cx) {
                        Poll::Ready(item) => Some(item),
                        Poll::Pending => None,
                    }
                });
                assert!(item.is_some(), "nothing makes it wait");
                count.add();
            }
        }
    });
    assert!(task.has_exited());
    assert_eq!(count.get(), 1000);
}

#[test]
fn defaults_are_written_in_the_background_however_many_there_are() {
    let host = host::install();
    let mut peers = Vec::new();
    let mut writers = Vec::new();
    for _ in 0..300 {
        let (writer, reader) = future::<u32>(|| 8);
        let mut peer = host.outgoing_future(reader);
        assert_eq!(peer.receive(), Outcome::Blocked);
        peers.push(peer);
        writers.push(writer);
    }
    let task = host.start(async move { drop(writers) });
    assert!(task.has_exited());
    for mut peer in peers {
        peer.settle();
        assert_eq!(peer.received(), [8]);
    }
}

#[test]
fn what_blocks_in_the_background_gives_back_no_more_than_it_took() {
    let host = host::install();
    let (writer, reader) = future::<u32>(|| 8);
    let mut peer = host.outgoing_future(reader);
    let (busy, _peer) = ready_items(&host, 1000);
    let count = Count::default();
    let task = host.start({
        let count = count.clone();
        let mut busy = Box::pin(reads(busy, count));
        async move {
            assert!(poll_once(&mut busy).await.is_pending());
            // Its default is written although nothing is left, and has to wait.
            drop(writer);
            busy.await;
        }
    });
    assert_eq!(count.get(), PER_TURN);
    peer.receive();
    task.cancel();
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.received(), [8]);
}

// --- in the middle of other code

#[test]
fn block_on_yields_to_the_host_in_the_same_place() {
    let host = host::install();
    let (mut reader, _peer) = ready_items(&host, 1000);
    let count = Count::default();
    for _ in 0..2 {
        let (host_, count) = (Rc::clone(&host), count.clone());
        host.when_blocked(move || {
            assert_eq!(count.take(), PER_TURN);
            assert!(host_.start(async {}).has_exited(), "another task is called");
        });
    }
    block_on(async {
        for _ in 0..300 {
            assert!(reader.next().await.is_some());
            count.add();
        }
    });
    assert_eq!(count.get(), 300 - 2 * PER_TURN);
    let calls = host.calls();
    let yields = calls.iter().filter(|call| *call == "thread.yield");
    assert_eq!(yields.count(), 2);
    drop(reader);
}

#[test]
fn block_on_has_an_allowance_of_its_own_and_the_task_around_it_keeps_what_is_left() {
    let host = host::install();
    let (mut reader, _peer) = ready_items(&host, 1000);
    let (other, _other) = ready_items(&host, 1000);
    let (count, meanwhile) = (Count::default(), Count::default());
    let begun = Rc::new(RefCell::new(None));
    let task = host.start({
        let (count, meanwhile) = (count.clone(), meanwhile.clone());
        let (host, begun) = (Rc::clone(&host), Rc::clone(&begun));
        async move {
            for _ in 0..100 {
                assert!(reader.next().await.is_some());
                count.add();
            }
            // Another task uses up its own while this one is blocked.
            let inner = Rc::clone(&host);
            host.when_blocked(move || {
                *begun.borrow_mut() = Some(inner.start(reads(other, meanwhile)));
            });
            block_on(async {
                for _ in 0..150 {
                    assert!(reader.next().await.is_some());
                }
            });
            reads(reader, count).await;
        }
    });
    assert_eq!((task.code(), count.get()), (Code::Yield, PER_TURN));
    assert_eq!(meanwhile.get(), PER_TURN);
    assert_eq!(task.cancel(), Code::Exit);
    let other = begun.take().expect("it was started");
    assert_eq!(other.cancel(), Code::Exit);
}

#[test]
fn a_synchronous_export_is_not_kept_waiting() {
    let host = host::install();
    let (mut reader, _peer) = ready_items(&host, 1000);
    let read = host.call_sync(|| {
        block_on(async {
            let mut read = 0;
            while read < 1000 && reader.next().await.is_some() {
                read += 1;
            }
            read
        })
    });
    assert_eq!(read, 1000);
    drop(reader);
}

#[test]
fn after_a_panic_in_block_on_the_task_around_it_has_what_it_had_left() {
    let host = host::install();
    let (mut reader, _peer) = ready_items(&host, 1000);
    let (other, _other) = ready_items(&host, 1000);
    let count = Count::default();
    let task = host.start({
        let count = count.clone();
        async move {
            for _ in 0..100 {
                assert!(reader.next().await.is_some());
                count.add();
            }
            let message = host::panic_message(|| {
                block_on(async {
                    let mut busy = Box::pin(reads(other, Count::default()));
                    assert!(poll_once(&mut busy).await.is_pending());
                    panic!("of its own");
                });
            });
            assert_eq!(message, "of its own");
            reads(reader, count).await;
        }
    });
    assert_eq!((task.code(), count.get()), (Code::Yield, PER_TURN));
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn units_that_are_there_are_received_turn_by_turn() {
    let host = host::install();
    let count = Count::default();
    let task = host.start({
        let count = count.clone();
        async move {
            let (mut writer, mut reader) = UnitStreamOps::new();
            let (unsent, ()) = join(writer.write_all(vec![(); 300]), async {
                for _ in 0..300 {
                    assert_eq!(reader.next().await, Some(()));
                    count.add();
                }
            })
            .await;
            assert_eq!(unsent.len(), 0);
        }
    });
    let read = turns(&task, &count);
    assert_eq!(read.iter().sum::<u32>(), 300);
    assert!(read.len() > 2 && read.iter().all(|read| *read <= PER_TURN));
    assert!(task.has_exited());
}

#[test]
fn a_future_that_is_read_is_not_lost_when_its_read_is_withheld() {
    let host = host::install();
    let (reader, mut sender) = host.incoming_future::<String>();
    sender.send("kept".to_owned());
    let log = Log::new();
    when_spent(&host, {
        let log = log.clone();
        async move {
            let mut read = reader.into_future();
            assert!(poll_once(&mut read).await.is_pending());
            let Err(reader) = Pin::new(&mut read).cancel() else {
                panic!("it did not start");
            };
            drop(spawn_local(async move { log.note(reader.await) }));
        }
    });
    assert_eq!(log.take(), ["kept"]);
}

#[test]
fn a_default_that_is_to_begin_at_the_host_is_not_withheld() {
    let host = host::install();
    let (mut items, _items_peer) = ready_items(&host, PER_TURN + 1);
    let peers = Log::new();
    let task = host.start({
        let peers = peers.clone();
        async move {
            let (writer, reader) = future(|| "default".to_owned());
            // It waits here for the reader.
            drop(writer);
            for _ in 0..PER_TURN {
                assert!(items.next().await.is_some());
            }
            // Nothing is left of this turn.
            peers.note(host::host().outgoing_future(reader));
        }
    });
    assert!(task.is_waiting());
    let mut peer = peers.take().pop().expect("it was handed away");
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert_eq!(peer.received(), ["default"]);
    assert_eq!(task.settle(), Code::Exit);
}
