//! Scopes: futures that borrow from the function that spawned them.

mod handles;

use crate::host::{self, Code, Log, NotesDrop, OnDrop, poll_once};
use futures::channel::oneshot;
use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use wit_async::{AbortOnDrop, Scope, ScopedJoinHandle, block_on, scope, spawn_local, yield_async};

/// Polls by hand, without a task.
fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A waker that counts.
#[derive(Default)]
struct Wakes(AtomicU32);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Wakes {
    fn take(&self) -> u32 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

// --- joining and borrowing

#[test]
fn what_is_spawned_borrows_from_the_enclosing_function_and_is_joined() {
    let host = host::install();
    let (mut one, mut one_peer) = host.incoming_stream::<u32>();
    let (mut two, mut two_peer) = host.incoming_stream::<u32>();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let name = String::from("name");
            let (mut first, mut second) = (None, None);
            let output = scope(async |s| {
                s.spawn(async {
                    first = one.next().await;
                    log.note(format!("{name}: one"));
                });
                s.spawn(async {
                    second = two.next().await;
                    log.note(format!("{name}: two"));
                });
                log.note("body".to_owned());
                5
            })
            .await;
            assert_eq!((first, second, output), (Some(1), Some(2), 5));
            log.note(name);
        }
    });
    assert!(task.is_waiting());
    assert_eq!(log.take(), ["body"]);
    two_peer.write([2]);
    assert!(task.step());
    assert_eq!(log.take(), ["name: two"]);
    assert!(task.is_waiting(), "one is not joined yet");
    one_peer.write([1]);
    task.settle();
    assert_eq!(log.take(), ["name: one", "name"]);
    assert!(task.has_exited());
}

#[test]
fn a_scope_without_futures_is_its_body() {
    let mut future = pin!(scope(async |_| 7));
    assert_eq!(poll(future.as_mut()), Poll::Ready(7));
}

#[test]
fn what_is_spawned_is_polled_in_the_same_poll_in_order_and_after_the_body() {
    let log = Log::new();
    let mut future = pin!(scope(async |s| {
        for name in ["one", "two", "three"] {
            let log = &log;
            s.spawn(async move {
                log.note(name);
                s.spawn(async move { log.note("inner") });
            });
        }
        log.note("body");
    }));
    assert!(poll(future.as_mut()).is_ready());
    assert_eq!(
        log.take(),
        ["body", "one", "two", "three", "inner", "inner", "inner"]
    );
}

#[test]
fn a_function_may_spawn_into_the_scope_of_its_caller() {
    fn count<'scope>(s: &'scope Scope<'scope, '_>, counts: &'scope mut [u32]) {
        for count in counts {
            s.spawn(async move { *count += 1 });
        }
    }
    let mut counts = [0; 4];
    {
        let mut future = pin!(scope(async |s| count(s, &mut counts)));
        assert!(poll(future.as_mut()).is_ready());
    }
    assert_eq!(counts, [1; 4]);
}

#[test]
fn a_chain_of_futures_that_spawn_each_other_is_joined() {
    async fn link<'scope>(s: &'scope Scope<'scope, '_>, left: u32, sum: &'scope Cell<u32>) {
        sum.set(sum.get() + 1);
        if left > 0 {
            yield_async().await;
            // Boxed, for it is of its own type.
            let next: std::pin::Pin<Box<dyn Future<Output = ()>>> =
                Box::pin(link(s, left - 1, sum));
            s.spawn(next);
        }
    }
    let host = host::install();
    let task = host.start(async {
        let sum = Cell::new(0);
        scope(async |s| {
            s.spawn(link(s, 50, &sum));
        })
        .await;
        assert_eq!(sum.get(), 51);
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn scopes_nest_and_the_inner_one_borrows_from_the_outer_ones_futures() {
    let host = host::install();
    let task = host.start(async {
        let mut total = 0;
        scope(async |s| {
            let child = s.spawn(async {
                let mut local = 1;
                let inner = scope(async |t| {
                    t.spawn(async {
                        yield_async().await;
                        local += 1;
                    });
                    t.spawn(async { yield_async().await });
                    10
                })
                .await;
                local + inner
            });
            total += child.await.expect("nobody aborted it");
        })
        .await;
        assert_eq!(total, 12);
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_scope_runs_inside_of_block_on_and_of_a_spawned_future() {
    let host = host::install();
    let log = Log::new();
    host.call_sync(|| {
        let mut sum = 0;
        block_on(scope(async |s| {
            s.spawn(async {
                yield_async().await;
                sum += 1;
            });
        }));
        assert_eq!(sum, 1);
    });
    let task = host.start({
        let log = log.clone();
        async move {
            spawn_local(async move {
                let text = String::from("spawned");
                scope(async |s| {
                    s.spawn(async {
                        yield_async().await;
                        log.note(text.clone());
                    });
                })
                .await;
            });
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["spawned"]);
}

#[test]
fn what_is_spawned_may_spawn_beyond_the_scope() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            scope(async |s| {
                s.spawn(async {
                    let log = log.clone();
                    spawn_local(async move {
                        yield_async().await;
                        log.note("beyond");
                    });
                });
            })
            .await;
            log.note("scope");
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), ["scope", "beyond"]);
}

// --- wakes

#[test]
fn only_the_future_that_was_woken_is_polled() {
    const COUNT: usize = 5;
    let wakers: [RefCell<Option<Waker>>; COUNT] = Default::default();
    let polls: [Cell<u32>; COUNT] = Default::default();
    let done = Cell::new(false);
    let mut future = pin!(scope(async |s| {
        for (waker, polls) in wakers.iter().zip(&polls) {
            let done = &done;
            s.spawn(poll_fn(move |cx| {
                polls.set(polls.get() + 1);
                waker.replace(Some(cx.waker().clone()));
                match done.get() {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            }));
        }
    }));
    let outside = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&outside));
    let mut cx = Context::from_waker(&waker);
    let polled = || polls.each_ref().map(Cell::take);
    assert!(future.as_mut().poll(&mut cx).is_pending());
    assert_eq!(polled(), [1; COUNT]);
    assert_eq!(outside.take(), 0, "nobody wants to be polled again");

    // A poll that nobody asked for.
    assert!(future.as_mut().poll(&mut cx).is_pending());
    assert_eq!(polled(), [0; COUNT]);

    for woken in [3, 0, 3] {
        let waker = wakers[woken].borrow().clone();
        waker.expect("stored").wake();
    }
    assert!(outside.take() > 0);
    assert!(future.as_mut().poll(&mut cx).is_pending());
    assert_eq!(polled(), [1, 0, 0, 1, 0]);

    done.set(true);
    for waker in &wakers {
        waker.borrow().as_ref().expect("stored").wake_by_ref();
    }
    assert!(future.as_mut().poll(&mut cx).is_ready());
    assert_eq!(polled(), [1; COUNT]);
}

#[test]
fn a_future_that_wakes_itself_lets_others_have_a_turn() {
    let turns = Cell::new(0);
    let mut future = pin!(scope(async |s| {
        s.spawn(async {
            for _ in 0..3 {
                yield_async().await;
                turns.set(turns.get() + 1);
            }
        });
    }));
    let outside = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&outside));
    let mut cx = Context::from_waker(&waker);
    for turn in 0..3 {
        assert!(future.as_mut().poll(&mut cx).is_pending());
        assert_eq!((turns.get(), outside.take()), (turn, 1));
    }
    assert!(future.as_mut().poll(&mut cx).is_ready());
}

#[test]
fn whoever_polled_last_is_woken() {
    let (sender, receiver) = oneshot::channel::<()>();
    let mut future = pin!(scope(async |s| {
        s.spawn(receiver);
    }));
    let [first, last] = [(); 2].map(|()| Arc::new(Wakes::default()));
    for wakes in [&first, &last] {
        let waker = Waker::from(Arc::clone(wakes));
        let mut cx = Context::from_waker(&waker);
        assert!(future.as_mut().poll(&mut cx).is_pending());
    }
    sender.send(()).expect("it is awaited");
    assert_eq!((first.take(), last.take()), (0, 1));
    assert!(poll(future.as_mut()).is_ready());
}

#[test]
fn a_waker_that_outlives_the_scope_wakes_nobody() {
    let stored: RefCell<Vec<Waker>> = RefCell::default();
    let outside = Arc::new(Wakes::default());
    {
        let mut borrowed = String::new();
        let mut future = Box::pin(scope(async |s| {
            let stored = &stored;
            s.spawn(poll_fn(move |cx| {
                stored.borrow_mut().push(cx.waker().clone());
                Poll::Ready(())
            }));
            s.spawn(async {
                poll_fn(|cx| {
                    stored.borrow_mut().push(cx.waker().clone());
                    Poll::<()>::Pending
                })
                .await;
                borrowed.push('x');
            });
        }));
        let waker = Waker::from(Arc::clone(&outside));
        let mut cx = Context::from_waker(&waker);
        assert!(future.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(
        Arc::strong_count(&outside),
        1,
        "nobody keeps what would be woken"
    );
    for waker in stored.take() {
        waker.wake_by_ref();
        // Also on another thread, where the memory is freed.
        std::thread::spawn(move || waker.wake())
            .join()
            .expect("it wakes nobody");
    }
    assert_eq!(outside.take(), 0);
}

#[test]
fn a_wake_from_another_thread_arrives() {
    let stored: RefCell<Option<Waker>> = RefCell::default();
    let woken = Cell::new(0);
    let mut future = pin!(scope(async |s| {
        s.spawn(poll_fn(|cx| {
            woken.set(woken.get() + 1);
            match stored.replace(Some(cx.waker().clone())) {
                None => Poll::Pending,
                Some(_) => Poll::Ready(()),
            }
        }));
    }));
    assert!(poll(future.as_mut()).is_pending());
    let waker = stored.borrow().clone().expect("stored");
    std::thread::spawn(move || waker.wake())
        .join()
        .expect("it wakes");
    assert!(poll(future.as_mut()).is_ready());
    assert_eq!(woken.get(), 2);
}
