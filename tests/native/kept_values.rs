//! Futures that are awaited by reference: the value that a dropped read gets is there for
//! the next one.

use crate::begun::{install, live};
use crate::host::resource::{Token, tokens_alive};
use crate::host::{self, Code, Installed, Log, Outcome, future, panic_message, pause, poll_once};
use crate::kept::cancels;
use std::cell::RefCell;
use std::future::{Future, IntoFuture};
use std::mem;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::rc::Rc;
use wit_async::{FutureReader, block_on, yield_async};

/// Begins to await the value by reference, and drops that.
async fn drops_a_read<T: 'static>(reader: &mut FutureReader<T>) {
    let mut read = pin!(reader.into_future());
    assert!(poll_once(&mut read).await.is_pending());
}

fn hello() -> String {
    "hello".to_owned()
}

#[test]
fn a_value_that_arrives_when_the_read_was_dropped_is_there_for_the_next() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_future::<String>();
    let task = host.start(async move {
        drops_a_read(&mut reader).await;
        live(|live| assert_eq!((live.operations, live.orphans), (1, 0)));
        drops_a_read(&mut reader).await;
        pause().await;
        host::host().calls();
        assert_eq!((&mut reader).await, "hello");
        assert_eq!(host::host().calls(), [""; 0]);
    });
    assert!(task.is_waiting());
    assert_eq!(peer.send(hello()), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(cancels(&host), [""; 0]);
}

#[test]
fn a_read_that_owns_the_end_takes_over_what_one_by_reference_began() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_future::<String>();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            drops_a_read(&mut reader).await;
            log.note(reader.await);
        }
    });
    assert!(task.is_waiting());
    peer.send(hello());
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["hello"]);
    let reads = host.calls();
    let reads = reads.iter().filter(|call| call.starts_with("future.read"));
    assert_eq!(reads.count(), 1);
}

#[test]
fn what_a_read_got_that_was_dropped_before_it_was_polled_again_is_there() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_future::<String>();
    let task = host.start(async move {
        {
            let mut read = pin!((&mut reader).into_future());
            assert!(poll_once(&mut read).await.is_pending());
            pause().await;
        }
        assert_eq!((&mut reader).await, "hello");
    });
    peer.send(hello());
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_value_that_nobody_has_looked_at_goes_with_the_end() {
    let host = install();
    let (writer, mut reader) = future::<Token>(|| unreachable!("it is written"));
    let task = host.start(async move {
        drops_a_read(&mut reader).await;
        writer.write(Token::new(7)).await.expect("it is read");
        let before = tokens_alive();
        drop(reader);
        assert_eq!(tokens_alive(), before - 1);
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn an_end_that_goes_while_a_dropped_read_is_in_flight_cancels_it() {
    let host = install();
    let (mut reader, _peer) = host.incoming_future::<u32>();
    let task = host.start(async move {
        drops_a_read(&mut reader).await;
    });
    assert!(task.has_exited());
    assert_eq!(
        host.calls(),
        [
            "future.read 1: blocked",
            "waitable-set.new: 2",
            "waitable.join 1 2",
            "waitable.join 1 0",
            "future.cancel-read 1: cancelled",
            "future.drop-readable 1",
            "waitable-set.drop 2",
        ]
    );
}

#[test]
fn a_cancel_gives_the_value_that_has_arrived_or_leaves_the_end() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_future::<String>();
    let task = host.start(async move {
        drops_a_read(&mut reader).await;
        {
            // Of the read before it.
            let mut read = pin!((&mut reader).into_future());
            assert!(poll_once(&mut read).await.is_pending());
            assert_eq!(read.cancel(), None);
        }
        {
            let mut read = pin!((&mut reader).into_future());
            assert_eq!(read.as_mut().cancel(), None, "it has not begun");
        }
        drops_a_read(&mut reader).await;
        {
            let mut read = pin!((&mut reader).into_future());
            assert!(poll_once(&mut read).await.is_pending());
            pause().await;
            assert_eq!(read.cancel().as_deref(), Some("hello"));
        }
        let message = panic_message(AssertUnwindSafe(|| {
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            let _ = pin!((&mut reader).into_future()).poll(&mut cx);
        }));
        assert_eq!(
            message,
            "`FutureRead` on handle 1 has no value: it was read already"
        );
    });
    assert!(task.is_waiting());
    assert_eq!(peer.send(hello()), Outcome::Completed(1));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_cancel_of_a_read_that_was_not_polled_gives_it_as_well() {
    for owned in [false, true] {
        let host = install();
        let (mut reader, mut peer) = host.incoming_future::<String>();
        let task = host.start(async move {
            drops_a_read(&mut reader).await;
            pause().await;
            let value = match owned {
                true => pin!(reader.into_future()).cancel().ok(),
                false => pin!((&mut reader).into_future()).cancel(),
            };
            assert_eq!(value.as_deref(), Some("hello"));
        });
        assert!(task.is_waiting());
        assert_eq!(peer.send(hello()), Outcome::Completed(1));
        assert_eq!(task.settle(), Code::Exit);
    }
}

#[test]
fn a_read_that_nobody_awaits_keeps_no_task_and_begins_again_in_the_next() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_future::<String>();
    let log = Log::new();
    let kept = Rc::new(RefCell::new(None));
    let task = host.start({
        let kept = Rc::clone(&kept);
        async move {
            drops_a_read(&mut reader).await;
            *kept.borrow_mut() = Some(reader);
        }
    });
    // Where it is, the host lowers the value: it was cancelled.
    assert!(task.has_exited());
    assert_eq!(cancels(&host), ["future.cancel-read 1: cancelled"]);
    let reader = kept.take().expect("it was put there");
    let task = host.start({
        let log = log.clone();
        async move { log.note(reader.await) }
    });
    assert!(task.is_waiting());
    peer.send(hello());
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["hello"]);
}

#[test]
fn a_value_that_is_kept_is_passed_on_when_the_end_is_handed_away() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_future::<String>();
    let task = host.start(async move {
        drops_a_read(&mut reader).await;
        pause().await;
        let mut peer = host::host().outgoing_future(reader);
        assert_eq!(peer.receive(), Outcome::Blocked);
        while peer.settle().is_none() {
            yield_async().await;
        }
        assert_eq!(peer.received(), ["hello"]);
    });
    peer.send(hello());
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_read_in_flight_is_cancelled_when_the_end_is_handed_away() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_future::<String>();
    let passed = Rc::new(RefCell::new(None));
    let task = host.start({
        let passed = Rc::clone(&passed);
        async move {
            drops_a_read(&mut reader).await;
            *passed.borrow_mut() = Some(host::host().outgoing_future(reader));
        }
    });
    assert!(task.has_exited());
    assert_eq!(cancels(&host), ["future.cancel-read 1: cancelled"]);
    let mut passed = passed.take().expect("it was put there");
    assert_eq!(peer.send(hello()), Outcome::Blocked);
    assert_eq!(passed.receive(), Outcome::Completed(1));
    assert_eq!(passed.received(), ["hello"]);
}

#[test]
fn synchronous_code_hands_it_away_or_drops_it_while_a_dropped_read_is_in_flight() {
    for is_dropped in [false, true] {
        let host = install();
        let (mut reader, mut peer) = host.incoming_future::<String>();
        let (sender, receiver) = futures::channel::oneshot::channel();
        let left = Rc::new(RefCell::new(None));
        let task = host.start({
            let left = Rc::clone(&left);
            async move {
                drops_a_read(&mut reader).await;
                *left.borrow_mut() = Some(reader);
                receiver.await.expect("it is sent");
            }
        });
        assert!(task.is_waiting());
        let reader: FutureReader<String> = left.take().expect("it was put there");
        let passed = host.call_sync(|| match is_dropped {
            true => {
                drop(reader);
                None
            }
            false => Some(host.outgoing_future(reader)),
        });
        sender.send(()).expect("it is awaited");
        match passed {
            None => assert_eq!(task.settle(), Code::Exit),
            Some(mut passed) => {
                assert_eq!(passed.receive(), Outcome::Blocked);
                task.settle();
                peer.send(hello());
                assert_eq!(task.settle(), Code::Exit);
                assert!(passed.settle().is_some());
                assert_eq!(passed.received(), ["hello"]);
            }
        }
    }
}

#[test]
fn pairs_that_meet_here_keep_as_well() {
    let host = install();
    let (writer, mut reader) = future::<String>(|| unreachable!("it is written"));
    let task = host.start(async move {
        drops_a_read(&mut reader).await;
        writer.write(hello()).await.expect("it is read");
        assert_eq!((&mut reader).await, "hello");
    });
    assert_eq!(task.settle(), Code::Exit);
}

fn leaks_a_read(host: &Installed, is_written: bool) -> Vec<String> {
    let (mut reader, mut peer) = host.incoming_future::<String>();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let mut read = (&mut reader).into_future();
            assert!(poll_once(&mut read).await.is_pending());
            mem::forget(read);
            if is_written {
                pause().await;
                let message = panic_message(AssertUnwindSafe(|| {
                    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
                    let _ = pin!((&mut reader).into_future()).poll(&mut cx);
                }));
                log.note(message);
            } else {
                log.note((&mut reader).await);
            }
        }
    });
    assert!(task.is_waiting());
    peer.send(hello());
    assert_eq!(task.settle(), Code::Exit);
    log.take()
}

#[test]
#[cfg_attr(miri, ignore = "leaks on purpose")]
fn what_a_leaked_read_got_is_lost_and_said() {
    let host = install();
    host.leaks_on_purpose();
    assert_eq!(
        leaks_a_read(&host, true),
        ["`FutureRead` on handle 1 has no value: a read that was leaked got it"]
    );
}

#[test]
#[cfg_attr(miri, ignore = "leaks on purpose")]
fn a_leaked_read_is_cancelled_by_the_next() {
    let host = install();
    host.leaks_on_purpose();
    assert_eq!(leaks_a_read(&host, false), ["hello"]);
}

#[test]
fn an_end_whose_value_was_read_is_not_handed_away() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_future::<u32>();
    peer.send(7);
    host.call_sync(|| {
        assert_eq!(block_on(async { (&mut reader).await }), 7);
        let message = panic_message(AssertUnwindSafe(|| {
            reader.take_handle();
        }));
        assert_eq!(
            message,
            "`FutureReader::take_handle` on handle 1: its value was read already"
        );
    });
}

#[test]
fn behind_one_by_reference_a_read_that_owns_the_end_may_be_left_alone() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_future::<String>();
    let (sender, receiver) = futures::channel::oneshot::channel();
    let left = Rc::new(RefCell::new(None));
    let task = host.start({
        let left = Rc::clone(&left);
        async move {
            drop((&mut reader).into_future());
            let mut read = reader.into_future();
            assert!(poll_once(&mut read).await.is_pending());
            *left.borrow_mut() = Some(read);
            receiver.await.expect("it is sent");
        }
    });
    peer.send(hello());
    host.call_sync(|| drop(left.take()));
    sender.send(()).expect("it is awaited");
    assert_eq!(task.settle(), Code::Exit);
}
