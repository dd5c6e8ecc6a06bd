//! Sets of spawned futures that are joined as they finish.

use crate::host::foreign::Executor;
use crate::host::{self, Code, Log, NotesDrop, OnDrop, panic_message, poll_once};
use futures::channel::oneshot;
use std::cell::RefCell;
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;
use wit_async::{JoinSet, block_on, yield_async};

/// As many futures that finish when they are told to.
fn told(set: &mut JoinSet<usize>, count: usize) -> Vec<Option<oneshot::Sender<usize>>> {
    let spawned = (0..count).map(|_| {
        let (sender, receiver) = oneshot::channel();
        set.spawn(async move { receiver.await.expect("it is told") });
        Some(sender)
    });
    spawned.collect()
}

#[test]
fn outputs_come_in_the_order_of_completion() {
    let host = host::install();
    let task = host.start(async {
        let mut set = JoinSet::new();
        assert!(set.is_empty());
        assert_eq!(set.join_next().await, None);
        let mut senders = told(&mut set, 4);
        assert_eq!(set.len(), 4);
        assert!(!set.is_empty());
        assert!(poll_once(&mut pin!(set.join_next())).await.is_pending());
        // Each has its first poll.
        yield_async().await;
        for number in [2, 0, 3] {
            let sender = senders[number].take().expect("told once");
            sender.send(number).expect("it is awaited");
        }
        // They run whether or not somebody waits for them.
        yield_async().await;
        assert_eq!(set.len(), 4);
        assert_eq!(set.join_next().await, Some(2));
        assert_eq!(set.join_next().await, Some(0));
        assert_eq!(set.len(), 2);
        assert!(!set.is_empty());
        assert_eq!(set.try_join_next(), Some(3));
        assert_eq!(set.try_join_next(), None);
        let last = senders[1].take().expect("told once");
        last.send(1).expect("it is awaited");
        assert_eq!(set.join_next().await, Some(1));
        assert_eq!(set.join_next().await, None);
        // Again.
        set.spawn(async { 7 });
        assert_eq!(set.join_next().await, Some(7));
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn who_joins_is_woken_by_the_host_through_a_future_of_the_set() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        let mut set = JoinSet::new();
        set.spawn(async move { reader.next().await });
        assert_eq!(set.join_next().await, Some(Some(4)));
    });
    assert!(task.is_waiting());
    peer.write([4]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_join_that_is_dropped_loses_nothing() {
    let host = host::install();
    let task = host.start(async {
        let mut set = JoinSet::new();
        let mut senders = told(&mut set, 1);
        assert!(poll_once(&mut pin!(set.join_next())).await.is_pending());
        let sender = senders[0].take().expect("told once");
        sender.send(5).expect("it is awaited");
        yield_async().await;
        // Never polled.
        drop(set.join_next());
        assert_eq!(set.join_next().await, Some(5));
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn aborting_all_drops_what_runs_and_keeps_outputs() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let mut set = JoinSet::new();
            for name in ["one", "two"] {
                let log = log.clone();
                set.spawn(async move {
                    let _noted = NotesDrop(log, name);
                    pending::<&str>().await
                });
            }
            set.spawn(async { "done" });
            yield_async().await;
            assert_eq!(set.len(), 3);
            set.abort_all();
            assert_eq!(set.len(), 1);
            assert_eq!(log.take(), [""; 0], "the next time that the task runs");
            assert_eq!(set.join_next().await, Some("done"));
            assert_eq!(set.join_next().await, None);
            assert!(set.is_empty());
            yield_async().await;
            assert_eq!(log.take(), ["one", "two"]);
            // It is as good as new.
            set.spawn(async { "again" });
            assert_eq!(set.join_next().await, Some("again"));
            assert_eq!(set.len(), 0);
        }
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_future_that_aborts_its_own_set_leaves_no_output_in_it() {
    let host = host::install();
    let task = host.start(async {
        let set = Rc::new(RefCell::new(JoinSet::new()));
        let own = Rc::clone(&set);
        set.borrow_mut().spawn(async move {
            // It finishes all the same, for nobody polls it again.
            own.borrow_mut().abort_all();
            7
        });
        yield_async().await;
        assert_eq!(set.borrow().len(), 0);
        assert_eq!(set.borrow_mut().try_join_next(), None);
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_future_that_is_aborted_before_its_first_poll_never_runs() {
    let host = host::install();
    let task = host.start(async {
        let mut set = JoinSet::<()>::new();
        set.spawn(async { unreachable!("it is not polled") });
        set.abort_all();
        assert_eq!(set.join_next().await, None);
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_set_that_is_dropped_aborts_and_its_task_ends() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let mut set = JoinSet::new();
            let noted = NotesDrop(log.clone(), "pending");
            set.spawn(async move {
                pending::<()>().await;
                noted
            });
            let noted = NotesDrop(log.clone(), "an output");
            set.spawn(async move { noted });
            yield_async().await;
            drop(set);
            log.note("dropped");
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["an output", "dropped", "pending"]);
}

#[test]
fn a_cancelled_task_drops_its_set() {
    let host = host::install();
    let log = Log::new();
    let (mut reader, _peer) = host.incoming_stream::<u32>();
    let task = host.start({
        let log = log.clone();
        async move {
            let mut set = JoinSet::new();
            set.spawn(async move {
                let _noted = NotesDrop(log, "a future");
                reader.next().await
            });
            set.join_next().await;
        }
    });
    assert!(task.is_waiting());
    assert_eq!(task.cancel(), Code::Exit);
    assert_eq!(log.take(), ["a future"]);
}

#[test]
fn futures_of_a_set_run_in_the_tasks_that_spawned_them() {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let set: Rc<RefCell<JoinSet<u32>>> = Rc::default();
    let first = host.start({
        let set = Rc::clone(&set);
        async move {
            set.borrow_mut().spawn(async move {
                let read = reader.next().await;
                read.expect("it is written")
            });
        }
    });
    // It stays for what it spawned.
    assert!(first.is_waiting());
    let second = host.start(async move {
        let mut set = set.take();
        set.spawn(async { 1 });
        assert_eq!(set.join_next().await, Some(1));
        assert_eq!(set.join_next().await, Some(6));
    });
    second.settle();
    assert!(second.is_waiting());
    peer.write([6]);
    assert_eq!(first.settle(), Code::Exit);
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn a_set_of_a_task_that_is_dropped_in_another_wakes_it() {
    let host = host::install();
    let log = Log::new();
    let set: Rc<RefCell<JoinSet<()>>> = Rc::default();
    let first = host.start({
        let (set, log) = (Rc::clone(&set), log.clone());
        async move {
            set.borrow_mut().spawn(async move {
                let _noted = NotesDrop(log, "a future");
                pending().await
            });
        }
    });
    assert!(first.is_waiting());
    let second = host.start(async move { drop(set.take()) });
    assert!(second.has_exited());
    assert_eq!(first.settle(), Code::Exit);
    assert_eq!(log.take(), ["a future"]);
}

#[test]
fn what_is_spawned_in_block_on_is_finished_there() {
    let host = host::install();
    let mut set = JoinSet::new();
    host.call_sync(|| {
        block_on(async {
            set.spawn(async {
                yield_async().await;
                3
            });
        });
        assert_eq!(set.len(), 1);
        assert_eq!(block_on(set.join_next()), Some(3));
    });
}

#[test]
fn spawning_without_a_task_is_named_and_leaves_nothing_in_the_set() {
    let _host = host::install();
    let mut set = JoinSet::new();
    let message = panic_message(|| set.spawn(async {}));
    assert_eq!(
        message,
        "`JoinSet::spawn` was called outside of a task; call it in an async export or inside of \
         `block_on`"
    );
    assert!(set.is_empty());
    assert_eq!(format!("{set:?}"), "JoinSet { .. }");
}

#[test]
fn who_joins_is_woken_when_the_last_future_goes_with_its_task() {
    let host = host::install();
    let executor = Executor::new(3);
    let mut set = JoinSet::<u32>::new();
    executor.enter(|| set.spawn(pending()));
    let task = host.start(async move { assert_eq!(set.join_next().await, None) });
    assert!(task.is_waiting());
    // As when a task of other bindings is cancelled.
    drop(executor.spawned());
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn an_output_that_the_set_does_not_want_may_ask_the_set_when_it_goes() {
    type Asks = OnDrop<Box<dyn FnMut()>>;

    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let set: Rc<RefCell<JoinSet<Asks>>> = Rc::default();
            let own = Rc::clone(&set);
            set.borrow_mut().spawn(async move {
                own.borrow_mut().abort_all();
                let asks: Box<dyn FnMut()> = Box::new(move || log.note(own.borrow().len()));
                OnDrop(asks)
            });
            yield_async().await;
            assert_eq!(set.borrow().len(), 0);
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), [0]);
}
