//! Turns that end although there is more to do: 128 completions each, however they come.

mod beside;
mod drained;

use crate::host::imports::{Double, Import, Until};
use crate::host::{
    self, Code, Context as TaskContext, Installed, Log, Outcome, Peer, Task, poll_once, stream,
};
use futures::future::join;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use wit_async::rt::async_support::{StreamReader, Subtask as _, TaskCancelOnDrop};
use wit_async::yield_async;
use wit_async::{JoinSet, UnitStreamOps, scope, spawn_local};

/// What one turn completes.
pub const PER_TURN: u32 = 128;

/// A stream with so many items, all of which can be read at once.
pub fn ready_items(host: &Installed, count: u32) -> (StreamReader<u32>, Peer<u32>) {
    let (reader, mut peer) = host.incoming_stream();
    assert_eq!(peer.write(0..count), Outcome::Blocked);
    (reader, peer)
}

/// Counts what is done.
#[derive(Clone, Default)]
pub struct Count(Rc<Cell<u32>>);

impl Count {
    pub fn add(&self) {
        self.0.set(self.0.get() + 1);
    }

    pub fn get(&self) -> u32 {
        self.0.get()
    }

    /// What was done since the last time.
    pub fn take(&self) -> u32 {
        self.0.take()
    }
}

/// Reads until the stream ends, and counts.
pub async fn reads_all(mut reader: StreamReader<u32>, count: Count) {
    while reader.next().await.is_some() {
        count.add();
    }
}

/// Reads without end, and counts.
pub async fn reads(mut reader: StreamReader<u32>, count: Count) {
    loop {
        assert!(reader.next().await.is_some(), "it is long enough");
        count.add();
    }
}

/// Steps until nothing is there for the task; what was counted in each turn, the first
/// included.
pub fn turns(task: &Task, count: &Count) -> Vec<u32> {
    let mut turns = vec![count.take()];
    while task.step() {
        turns.push(count.take());
    }
    turns
}

// --- what is ready at once

#[test]
fn a_thousand_ready_reads_take_eight_turns_and_others_get_theirs_between() {
    let host = host::install();
    let (mut reader, _peer) = ready_items(&host, 1000);
    let count = Count::default();
    let task = host.start({
        let count = count.clone();
        async move {
            for number in 0..1000 {
                assert_eq!(reader.next().await, Some(number));
                count.add();
            }
        }
    });
    let mut turns = 1;
    while task.code() == Code::Yield {
        assert_eq!(count.get(), turns * PER_TURN);
        assert!(host.start(async {}).has_exited(), "another task is called");
        assert!(task.step());
        turns += 1;
    }
    assert!(task.has_exited());
    assert_eq!((count.get(), turns), (1000, 1000_u32.div_ceil(PER_TURN)));
}

#[test]
fn a_busy_task_calls_nothing_but_what_it_does() {
    let host = host::install();
    let (reader, _peer) = ready_items(&host, 2 * PER_TURN);
    let count = Count::default();
    let task = host.start({
        let count = count.clone();
        async move {
            let _reads = join(reads(reader, count), std::future::pending::<()>()).await;
        }
    });
    assert_eq!(host.calls(), ["stream.read 1 x1: completed 1"; 128]);
    task.step();
    assert_eq!(host.calls(), ["stream.read 1 x1: completed 1"; 128]);
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn turns_stay_bounded_however_often_something_was_withheld() {
    const READERS: usize = 1000;
    // Each is withheld once in nearly each turn: together more often than one turn withholds.
    const ITEMS: usize = 20;
    let host = host::install();
    let task = host.start(async {
        let pairs = (0..READERS).map(|_| {
            let (mut writer, mut reader) = UnitStreamOps::new();
            async move {
                let reads = async {
                    for _ in 0..ITEMS {
                        assert_eq!(reader.next().await, Some(()));
                    }
                };
                join(writer.write_all(vec![(); ITEMS]), reads).await;
            }
        });
        // Each is polled in each turn.
        let mut pairs: Vec<_> = pairs.map(Box::pin).collect();
        poll_fn(|cx| {
            pairs.retain_mut(|pair| pair.as_mut().poll(cx).is_pending());
            match pairs.is_empty() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(host.most_in_a_turn(), PER_TURN);
}

#[test]
fn a_task_that_was_busy_once_asks_for_events_no_more_often_than_others() {
    let host = host::install();
    let (mut reader, _peer) = ready_items(&host, PER_TURN + 1);
    let (mut numbers, mut number_peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        assert!(numbers.next().await.is_some());
        for _ in 0..=PER_TURN {
            assert!(reader.next().await.is_some());
        }
        for _ in 0..2 {
            assert!(numbers.next().await.is_some());
        }
    });
    let mut brings = |number| {
        number_peer.write([number]);
        host.calls();
        assert!(task.step());
        let calls = host.calls();
        assert!(matches!(task.settle(), Code::Wait(_) | Code::Exit));
        calls
    };
    // The turn ends because it has used up what it may complete.
    assert!(brings(1).contains(&"stream.read 1 x1: completed 1".to_owned()));
    // From now on the host brings each event, and the task asks for none.
    for number in [2, 3] {
        let calls = brings(number);
        let asks = |call: &String| call.starts_with("waitable-set.poll");
        assert!(!calls.iter().any(asks), "{calls:#?}");
    }
}

/// A task that never returns by itself, cancelled after its first turn.
fn is_cancelled_in_the_next_callback(host: &Installed, endless: impl Future + 'static) {
    let context = TaskContext::that_returns();
    let log = Log::new();
    let task = host.start_in(Rc::clone(&context), {
        let log = log.clone();
        async move {
            let _guard = TaskCancelOnDrop::new();
            let _noted = host::NotesDrop(log, "a local of the root");
            endless.await;
            unreachable!("it does not end");
        }
    });
    assert_eq!((task.code(), log.take()), (Code::Yield, vec![]));
    assert_eq!(task.cancel(), Code::Exit);
    assert_eq!(log.take(), ["a local of the root"]);
    assert!(context.is_resolved());
}

#[test]
fn a_cancel_request_interrupts_reads_that_do_not_end() {
    let host = host::install();
    let (reader, _peer) = ready_items(&host, 1000);
    is_cancelled_in_the_next_callback(&host, reads(reader, Count::default()));
}

#[test]
fn a_cancel_request_interrupts_reads_after_the_end() {
    let host = host::install();
    let (mut reader, peer) = host.incoming_stream::<u32>();
    drop(peer);
    is_cancelled_in_the_next_callback(&host, async move { while reader.next().await.is_none() {} });
}

#[test]
fn a_cancel_request_interrupts_writes_that_do_not_end() {
    let host = host::install();
    let (mut writer, reader) = stream::<u32>();
    let mut peer = host.outgoing_stream(reader);
    assert_eq!(peer.read(1000), Outcome::Blocked);
    is_cancelled_in_the_next_callback(&host, async move {
        while writer.write_one(7).await.is_none() {}
    });
    peer.settle();
    assert_eq!(peer.received(), [7; PER_TURN as usize]);
}

#[test]
fn a_cancel_request_interrupts_calls_that_do_not_end() {
    let host = host::install();
    let import = Import::new(Until::Returned);
    is_cancelled_in_the_next_callback(&host, async move {
        while Double(import.clone()).call(1).await == 2 {}
    });
    let calls = host.calls();
    let returned = calls.iter().filter(|call| *call == "import: Returned");
    assert_eq!(returned.count(), PER_TURN as usize);
}

#[test]
fn a_cancel_request_interrupts_a_pair_that_does_not_end() {
    let host = host::install();
    let count = Count::default();
    let read = count.clone();
    is_cancelled_in_the_next_callback(&host, async move {
        let (mut writer, mut reader) = stream::<String>();
        join(
            async { while writer.write_one("item".to_owned()).await.is_none() {} },
            async {
                while reader.next().await.is_some() {
                    read.add();
                }
            },
        )
        .await;
    });
    // Of two operations that meet one completes at once and one by an event: 65 reads, and
    // the writes before the last one was told.
    assert_eq!(count.get(), PER_TURN / 2 + 1);
}

#[test]
fn writes_calls_futures_and_units_share_one_allowance() {
    let host = host::install();
    let import = Import::new(Until::Returned);
    let (mut writer, reader) = stream::<u32>();
    let mut peer = host.outgoing_stream(reader);
    assert_eq!(peer.read(1000), Outcome::Blocked);
    let (mut reader, _other) = ready_items(&host, 1000);
    let count = Count::default();
    let task = host.start({
        let (host, count) = (Rc::clone(&host), count.clone());
        async move {
            loop {
                assert_eq!(writer.write_one(1).await, None);
                count.add();
                assert_eq!(Double(import.clone()).call(1).await, 2);
                count.add();
                assert!(reader.next().await.is_some());
                count.add();
                let (incoming, mut sender) = host.incoming_future::<u32>();
                sender.send(5);
                assert_eq!(incoming.await, 5);
                count.add();
            }
        }
    });
    assert_eq!((task.code(), count.get()), (Code::Yield, PER_TURN));
    assert!(task.step());
    assert_eq!((task.code(), count.get()), (Code::Yield, 2 * PER_TURN));
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn events_and_what_is_ready_at_once_add_up() {
    let host = host::install();
    let (mut events, mut writes) = host.incoming_stream::<u32>();
    let (mut ready, _peer) = ready_items(&host, 1000);
    let count = Count::default();
    let task = host.start({
        let count = count.clone();
        async move {
            loop {
                let mut next = Box::pin(events.next());
                assert!(poll_once(&mut next).await.is_pending());
                if writes.write([1]) == Outcome::Blocked {
                    // Nothing is left of this turn: the read has not started.
                    break;
                }
                // Its event is taken now.
                yield_async().await;
                assert_eq!(next.await, Some(1));
                count.add();
                assert!(ready.next().await.is_some());
                count.add();
            }
        }
    });
    assert!(task.has_exited());
    assert_eq!(count.get(), PER_TURN);
}

#[test]
fn the_event_that_the_host_brings_counts_too() {
    let host = host::install();
    let (first, mut sender) = host.incoming_future::<u32>();
    let (reader, _peer) = ready_items(&host, 1000);
    let count = Count::default();
    let task = host.start({
        let count = count.clone();
        async move {
            assert_eq!(first.await, 3);
            count.add();
            reads(reader, count).await;
        }
    });
    assert!(task.is_waiting());
    sender.send(3);
    assert!(task.step());
    assert_eq!((task.code(), count.get()), (Code::Yield, PER_TURN));
    assert_eq!(task.cancel(), Code::Exit);
}
