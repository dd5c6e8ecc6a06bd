//! Turns that end although there is more to do: 128 completions each, however they come.

use crate::host::foreign::Executor;
use crate::host::imports::{Double, Import, Shout, Until};
use crate::host::{
    self, Code, Context as TaskContext, Installed, Log, Outcome, Peer, Task, future, poll_once,
    stream,
};
use futures::future::join;
use std::cell::{Cell, RefCell};
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use wit_async::rt::async_support::{StreamReader, Subtask as _, TaskCancelOnDrop};
use wit_async::{FutureWriteCancel, JoinSet, StreamResult, block_on, scope, spawn_local};
use wit_async::{UnitStreamOps, yield_async};

/// What one turn completes.
const PER_TURN: u32 = 128;

/// A stream with so many items, all of which can be read at once.
fn ready_items(host: &Installed, count: u32) -> (StreamReader<u32>, Peer<u32>) {
    let (reader, mut peer) = host.incoming_stream();
    assert_eq!(peer.write(0..count), Outcome::Blocked);
    (reader, peer)
}

/// Counts what is done.
#[derive(Clone, Default)]
struct Count(Rc<Cell<u32>>);

impl Count {
    fn add(&self) {
        self.0.set(self.0.get() + 1);
    }

    fn get(&self) -> u32 {
        self.0.get()
    }

    /// What was done since the last time.
    fn take(&self) -> u32 {
        self.0.take()
    }
}

/// Reads until the stream ends, and counts.
async fn reads_all(mut reader: StreamReader<u32>, count: Count) {
    while reader.next().await.is_some() {
        count.add();
    }
}

/// Reads without end, and counts.
async fn reads(mut reader: StreamReader<u32>, count: Count) {
    loop {
        assert!(reader.next().await.is_some(), "it is long enough");
        count.add();
    }
}

/// Steps until nothing is there for the task; what was counted in each turn, the first
/// included.
fn turns(task: &Task, count: &Count) -> Vec<u32> {
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

// --- futures beside each other

#[test]
fn what_was_spawned_is_polled_again_after_it_was_withheld() {
    let host = host::install();
    let count = Count::default();
    let (readers, _peers): (Vec<_>, Vec<_>) = (0..300).map(|_| ready_items(&host, 1)).unzip();
    let task = host.start({
        let count = count.clone();
        async move {
            for mut reader in readers {
                let count = count.clone();
                drop(spawn_local(async move {
                    assert_eq!(reader.next().await, Some(0));
                    count.add();
                }));
            }
        }
    });
    assert_eq!(turns(&task, &count), [128, 128, 44]);
    assert!(task.has_exited());
}

#[test]
fn a_scope_is_polled_again_after_its_futures_were_withheld() {
    let host = host::install();
    let count = Count::default();
    let (readers, _peers): (Vec<_>, Vec<_>) = (0..300).map(|_| ready_items(&host, 1)).unzip();
    let task = host.start({
        let count = count.clone();
        async move {
            scope(async |s| {
                for mut reader in readers {
                    let count = &count;
                    s.spawn(async move {
                        assert_eq!(reader.next().await, Some(0));
                        count.add();
                    });
                }
            })
            .await;
        }
    });
    assert_eq!(turns(&task, &count), [128, 128, 44]);
    assert!(task.has_exited());
}

#[test]
fn a_set_is_joined_turn_by_turn() {
    let host = host::install();
    let count = Count::default();
    let (readers, _peers): (Vec<_>, Vec<_>) = (0..300).map(|_| ready_items(&host, 1)).unzip();
    let task = host.start({
        let count = count.clone();
        async move {
            let mut set = JoinSet::new();
            for mut reader in readers {
                set.spawn(async move { reader.next().await });
            }
            while set.join_next().await.is_some() {
                count.add();
            }
        }
    });
    assert_eq!(turns(&task, &count).iter().sum::<u32>(), 300);
    assert!(task.has_exited());
}

#[test]
fn a_set_of_another_crate_is_polled_again_after_its_futures_were_withheld() {
    use futures::stream::{FuturesUnordered, StreamExt};

    let host = host::install();
    let count = Count::default();
    let (readers, _peers): (Vec<_>, Vec<_>) = (0..300).map(|_| ready_items(&host, 1)).unzip();
    let task = host.start({
        let count = count.clone();
        async move {
            let reads = readers
                .into_iter()
                .map(|mut reader| async move { reader.next().await });
            let mut set: FuturesUnordered<_> = reads.collect();
            while set.next().await.is_some() {
                count.add();
            }
        }
    });
    assert_eq!(turns(&task, &count), [128, 128, 44]);
    assert!(task.has_exited());
}

#[test]
fn the_one_that_is_polled_first_does_not_starve_the_other() {
    let host = host::install();
    let (busy, _peer) = ready_items(&host, 1000);
    let (few, peer) = ready_items(&host, 3);
    let (first, second) = (Count::default(), Count::default());
    let task = host.start({
        let (first, second) = (first.clone(), second.clone());
        async move {
            join(reads(busy, first), reads_all(few, second)).await;
        }
    });
    assert_eq!((first.take(), second.take()), (128, 0));
    // Both were withheld, and both have a place in line.
    for _ in 0..3 {
        assert!(task.step());
        assert_eq!((first.take(), second.take()), (127, 1));
    }
    drop(peer);
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn a_busy_root_does_not_starve_what_it_spawned() {
    let host = host::install();
    let (busy, _peer) = ready_items(&host, 1000);
    let (also_busy, _other) = ready_items(&host, 1000);
    let (root, spawned) = (Count::default(), Count::default());
    let task = host.start({
        let (root, spawned) = (root.clone(), spawned.clone());
        async move {
            let _job = spawn_local(reads(also_busy, spawned)).abort_on_drop();
            reads(busy, root).await;
        }
    });
    for _ in 0..3 {
        assert!(task.step());
    }
    assert_eq!(root.get() + spawned.get(), 4 * PER_TURN);
    assert!(spawned.get() >= 3);
    task.cancel();
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn of_more_than_a_turn_can_admit_each_gets_its_turn() {
    let host = host::install();
    let mut peers = Vec::new();
    let counts: Vec<_> = (0..300).map(|_| Count::default()).collect();
    let mut busy: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    for count in &counts {
        let (reader, peer) = ready_items(&host, 1000);
        busy.push(Box::pin(reads(reader, count.clone())));
        peers.push(peer);
    }
    // Always in the same order.
    let task = host.start(poll_fn(move |cx| {
        for future in &mut busy {
            assert!(future.as_mut().poll(cx).is_pending());
        }
        Poll::Pending
    }));
    let done = |count: &Count| count.get();
    assert_eq!(counts.iter().map(done).sum::<u32>(), PER_TURN);
    for _ in 0..6 {
        assert!(task.step());
    }
    assert_eq!(counts.iter().map(done).sum::<u32>(), 7 * PER_TURN);
    let served: Vec<_> = counts[1..].iter().map(done).collect();
    assert!(
        served.iter().all(|count| (2..=3).contains(count)),
        "{served:?}"
    );
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn an_event_is_taken_while_others_are_busy() {
    let host = host::install();
    let (busy, _peer) = ready_items(&host, 1000);
    let (waits, mut sender) = host.incoming_future::<u32>();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            join(reads(busy, Count::default()), async {
                log.note(waits.await);
            })
            .await;
        }
    });
    // It starts in the second turn: in the first one nothing was left for it.
    assert!(task.step());
    sender.send(4);
    assert_eq!(log.take(), [0; 0]);
    assert!(task.step());
    assert_eq!(log.take(), [4]);
    assert_eq!(task.cancel(), Code::Exit);
}

#[test]
fn nothing_is_kept_for_what_was_withheld_and_dropped() {
    let host = host::install();
    let (reader, _peer) = ready_items(&host, 1000);
    let (mut other, _other) = ready_items(&host, 1);
    let count = Count::default();
    let task = host.start({
        let count = count.clone();
        let mut busy = Box::pin(reads(reader, count));
        async move {
            assert!(poll_once(&mut busy).await.is_pending());
            for _ in 0..1000 {
                let next = pin!(other.next());
                assert!(poll_once(&mut { next }).await.is_pending());
            }
            busy.await;
        }
    });
    assert_eq!(count.take(), PER_TURN);
    for _ in 0..3 {
        assert!(task.step());
        assert_eq!(count.take(), PER_TURN);
    }
    assert_eq!(task.cancel(), Code::Exit);
}

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
                let next = futures::executor::block_on(reader.next());
                assert!(next.is_some());
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
