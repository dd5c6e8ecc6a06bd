//! Limiters and guards: at most so many at a time, and calls that the host holds back.

use crate::host::{self, Code, Log, NotesDrop, panic_message, poll_once};
use std::cell::RefCell;
use std::future::{Future, pending};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use wit_async::rt::async_support::TaskCancelOnDrop;
use wit_async::{
    Backpressure, Limiter, Permit, backpressure_dec, backpressure_inc, spawn_local, yield_async,
};

/// One of its own for each place in the code.
macro_rules! limiter {
    ($limit:expr) => {{
        static LIMITER: Limiter = Limiter::new($limit);
        &LIMITER
    }};
}

// --- permits

#[test]
fn a_limiter_can_be_a_static() {
    static ONE: Limiter = Limiter::new(1);
    let _host = host::install();
    let permit = ONE.try_admit().expect("it is free");
    assert!(ONE.try_admit().is_none());
    assert_eq!(format!("{ONE:?}"), "Limiter { limit: 1, admitted: 1, .. }");
    assert_eq!(format!("{permit:?}"), "Permit { .. }");
    drop(permit);
    assert!(ONE.try_admit().is_some());
}

#[test]
fn the_host_holds_calls_back_while_all_permits_are_given_away() {
    let host = host::install();
    let limiter = Limiter::new(2);
    let one = limiter.try_admit();
    assert_eq!(host.calls(), [""; 0]);
    let two = limiter.try_admit();
    assert_eq!(host.calls(), ["backpressure.inc"]);
    assert!(limiter.try_admit().is_none());
    drop(one);
    assert_eq!(host.calls(), ["backpressure.dec"]);
    let three = limiter.try_admit();
    assert_eq!(host.calls(), ["backpressure.inc"]);
    drop((two, three));
    assert_eq!(host.calls(), ["backpressure.dec"]);
}

#[test]
fn several_limiters_and_guards_hold_until_the_last_one_has_gone() {
    let host = host::install();
    let [one, other] = [Limiter::new(1), Limiter::new(1)];
    let held = Backpressure::hold();
    let permits = (one.try_admit(), other.try_admit());
    drop(held);
    assert_eq!(host.backpressure(), 1);
    drop(permits.0);
    assert_eq!(host.backpressure(), 1);
    drop(permits.1);
    assert_eq!(host.backpressure(), 0);
    assert_eq!(host.calls(), ["backpressure.inc", "backpressure.dec"]);
}

#[test]
fn lowering_by_hand_ends_no_guard() {
    let host = host::install();
    let limiter = Limiter::new(1);
    let held = Backpressure::hold();
    backpressure_dec();
    assert_eq!(host.backpressure(), 1);
    drop(held);
    assert_eq!(host.backpressure(), 0);
    let permit = limiter.try_admit();
    backpressure_inc();
    backpressure_dec();
    backpressure_dec();
    assert_eq!(host.backpressure(), 1);
    drop(permit);
    assert_eq!(host.backpressure(), 0);
    backpressure_inc();
    drop(Backpressure::hold());
    assert_eq!(host.backpressure(), 1);
    backpressure_dec();
    assert_eq!(host.backpressure(), 0);
}

#[test]
fn tasks_are_admitted_in_the_order_in_which_they_asked() {
    let host = host::install();
    let limiter = limiter!(1);
    let log = Log::new();
    let tasks: Vec<_> = (0..4)
        .map(|number| {
            let log = log.clone();
            host.start(async move {
                let permit = limiter.admit().await;
                log.note(number);
                yield_async().await;
                drop(permit);
                yield_async().await;
            })
        })
        .collect();
    assert_eq!(log.take(), [0]);
    assert!(tasks[1..].iter().all(|task| task.is_waiting()));
    assert_eq!(host.backpressure(), 1);
    for turn in 0..4 {
        // Gives its permit away.
        assert!(tasks[turn].step());
        // Nobody comes in between.
        assert_eq!(limiter.try_admit().is_some(), turn == 3);
        for task in tasks[turn + 1..].iter().rev() {
            task.step();
        }
        let expected: Vec<_> = (turn + 1..4).take(1).collect();
        assert_eq!(log.take(), expected);
        assert_eq!(tasks[turn].settle(), Code::Exit);
    }
    assert_eq!(host.backpressure(), 0);
}

#[test]
fn those_behind_who_gives_up_keep_their_order() {
    let host = host::install();
    let limiter = limiter!(1);
    let log = Log::new();
    let permit = limiter.try_admit().expect("it is free");
    let task = host.start({
        let log = log.clone();
        async move {
            let mut line: Vec<_> = (0..4).map(|_| limiter.admit()).collect();
            for admit in &mut line {
                assert!(poll_once(admit).await.is_pending());
            }
            drop(line.remove(0));
            drop(permit);
            // The last one is polled first.
            for (admit, number) in line.into_iter().zip(1..4).rev() {
                let log = log.clone();
                drop(spawn_local(async move {
                    let _permit = admit.await;
                    log.note(number);
                    yield_async().await;
                }));
            }
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(log.take(), [1, 2, 3]);
}

#[test]
fn who_gives_up_waiting_leaves_the_line() {
    let _host = host::install();
    let limiter = limiter!(1);
    let permit = limiter.try_admit().expect("it is free");
    let task = host::host().start(async move {
        let mut first = limiter.admit();
        let mut second = limiter.admit();
        let mut third = limiter.admit();
        for admit in [&mut first, &mut second, &mut third] {
            assert!(poll_once(admit).await.is_pending());
        }
        drop(second);
        drop(permit);
        // Its turn has come, and it goes without taking it.
        drop(first);
        let mut fourth = limiter.admit();
        assert!(poll_once(&mut fourth).await.is_pending());
        let permit = third.await;
        assert!(poll_once(&mut fourth).await.is_pending());
        drop(permit);
        drop(fourth.await);
        assert!(limiter.try_admit().is_some());
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_permit_that_nobody_waits_for_frees_the_host() {
    let host = host::install();
    let limiter = limiter!(1);
    let permit = limiter.try_admit().expect("it is free");
    let task = host.start(async move {
        let mut waits = limiter.admit();
        assert!(poll_once(&mut waits).await.is_pending());
        drop(permit);
        assert_eq!(host::host().backpressure(), 1, "the permit is on its way");
        drop(waits);
        assert_eq!(host::host().backpressure(), 0);
    });
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_permit_comes_back_by_a_panic() {
    let host = host::install();
    let limiter = limiter!(1);
    panic_message(|| {
        let _permit = limiter.try_admit();
        panic!("with a permit");
    });
    assert_eq!(host.backpressure(), 0);
    assert!(limiter.try_admit().is_some());
}

#[test]
fn a_permit_comes_back_by_a_cancel_and_goes_to_the_next() {
    let host = host::install();
    let limiter = limiter!(1);
    let log = Log::new();
    let export = |name: &'static str| {
        let log = log.clone();
        host.start(async move {
            let _guard = TaskCancelOnDrop::new();
            let _permit = limiter.admit().await;
            let _noted = NotesDrop(log.clone(), "over");
            log.note(name);
            pending::<()>().await;
        })
    };
    let (first, second, third) = (export("first"), export("second"), export("third"));
    assert_eq!(log.take(), ["first"]);
    // One of those who wait, too.
    assert_eq!(second.cancel(), Code::Exit);
    assert_eq!(first.cancel(), Code::Exit);
    assert_eq!(log.take(), ["over"]);
    assert_eq!(host.backpressure(), 1, "it goes to the third");
    assert!(third.step());
    assert_eq!(log.take(), ["third"]);
    assert_eq!(third.cancel(), Code::Exit);
    assert_eq!(host.backpressure(), 0);
}

#[test]
fn a_task_whose_turn_has_come_may_be_cancelled_before_it_runs() {
    let host = host::install();
    let limiter = limiter!(1);
    let permit = limiter.try_admit().expect("it is free");
    let [one, other] = [(); 2].map(|()| host.start(async move { drop(limiter.admit().await) }));
    drop(permit);
    assert_eq!(one.cancel(), Code::Exit);
    assert!(other.step(), "it was woken");
    assert!(other.has_exited());
    assert_eq!(host.backpressure(), 0);
}

#[test]
fn a_permit_may_go_in_synchronous_code_and_in_another_task() {
    let host = host::install();
    let limiter = limiter!(1);
    let slot: Rc<RefCell<Option<Permit<'static>>>> = Rc::default();
    let first = host.start({
        let slot = Rc::clone(&slot);
        async move {
            slot.replace(Some(limiter.admit().await));
        }
    });
    assert!(first.has_exited());
    assert_eq!(host.backpressure(), 1, "it outlives the task");
    let second = host.start({
        let slot = Rc::clone(&slot);
        async move {
            slot.replace(Some(limiter.admit().await));
        }
    });
    assert!(second.is_waiting());
    let permit = slot.take();
    host.call_sync(move || drop(permit));
    assert_eq!(second.settle(), Code::Exit);
    let permit = slot.take();
    let third = host.start(async move { drop(permit) });
    assert!(third.has_exited());
    assert_eq!(host.backpressure(), 0);
}

#[test]
fn a_wait_that_is_polled_by_others_wakes_the_last_one() {
    let host = host::install();
    let limiter = limiter!(1);
    let permit = limiter.try_admit().expect("it is free");
    let mut admit = limiter.admit();
    let slot = Rc::new(RefCell::new(None));
    let first = host.start({
        let slot = Rc::clone(&slot);
        async move {
            assert!(poll_once(&mut admit).await.is_pending());
            slot.replace(Some(admit));
        }
    });
    assert!(first.has_exited());
    let second = host.start(async move {
        let admit = slot.take().expect("the first left it");
        drop(admit.await);
    });
    assert!(second.is_waiting());
    drop(permit);
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn a_wait_further_back_that_is_polled_by_others_wakes_the_last_one() {
    let host = host::install();
    let limiter = limiter!(1);
    let permit = limiter.try_admit().expect("it is free");
    let slot = Rc::new(RefCell::new(None));
    let first = host.start({
        let slot = Rc::clone(&slot);
        async move {
            let (mut one, mut other) = (limiter.admit(), limiter.admit());
            assert!(poll_once(&mut one).await.is_pending());
            assert!(poll_once(&mut other).await.is_pending());
            slot.replace(Some((one, other)));
        }
    });
    assert!(first.has_exited());
    let (one, other) = slot.take().expect("the first left them");
    let third = host.start(async move { drop(other.await) });
    let second = host.start(async move { drop(one.await) });
    assert!(second.is_waiting() && third.is_waiting());
    drop(permit);
    assert_eq!(second.settle(), Code::Exit);
    assert_eq!(third.settle(), Code::Exit);
}

#[test]
fn nobody_is_admitted_beyond_the_limit() {
    const LIMIT: usize = 3;
    let host = host::install();
    let limiter = limiter!(LIMIT);
    let inside = Rc::new(RefCell::new((0, 0)));
    let tasks: Vec<_> = (0..10)
        .map(|number| {
            let inside = Rc::clone(&inside);
            host.start(async move {
                for _ in 0..3 {
                    let _permit = limiter.admit().await;
                    {
                        let (now, most) = &mut *inside.borrow_mut();
                        *now += 1;
                        *most = (*most).max(*now);
                    }
                    for _ in 0..number % 4 {
                        yield_async().await;
                    }
                    inside.borrow_mut().0 -= 1;
                }
            })
        })
        .collect();
    let mut steps = 0;
    while tasks.iter().any(|task| task.step()) {
        steps += 1;
        let (now, most) = *inside.borrow();
        assert!(most <= LIMIT && steps < 1000);
        // Also while a permit is on its way.
        assert!(now < LIMIT || host.backpressure() == 1);
    }
    assert!(tasks.iter().all(|task| task.has_exited()));
    assert_eq!(*inside.borrow(), (0, LIMIT));
    assert_eq!(host.backpressure(), 0);
}

#[test]
#[should_panic(expected = "`Limiter::new(0)` would never admit anybody")]
fn a_limiter_of_nothing_is_refused() {
    let _ = Limiter::new(0);
}

#[test]
#[should_panic(expected = "`Limiter::admit` was polled after it was ready")]
fn an_admitted_wait_is_not_polled_again() {
    let host = host::install();
    host.leaks_on_purpose();
    let limiter = limiter!(2);
    host.start(async move {
        let mut admit = pin!(limiter.admit());
        assert!(matches!(poll_once(&mut admit).await, Poll::Ready(_)));
        let _ = poll_once(&mut admit).await;
    });
}

/// A waker that asks for a permit when it goes.
struct Asks(&'static Limiter);

impl Wake for Asks {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Asks {
    fn drop(&mut self) {
        assert!(self.0.try_admit().is_none(), "it is full");
    }
}

#[test]
fn a_waker_that_is_renewed_may_ask_the_limiter_when_it_goes() {
    let _host = host::install();
    let limiter = limiter!(1);
    let permit = limiter.try_admit().expect("it is free");
    let mut admit = pin!(limiter.admit());
    let asks = Waker::from(Arc::new(Asks(limiter)));
    let poll = admit.as_mut().poll(&mut Context::from_waker(&asks));
    assert!(poll.is_pending());
    // The one in the line is the last.
    drop(asks);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(admit.as_mut().poll(&mut cx).is_pending());
    drop(permit);
    assert!(admit.as_mut().poll(&mut cx).is_ready());
}

thread_local! {
    /// What goes when a waker of this table is cloned.
    static HELD: RefCell<Option<Permit<'static>>> = const { RefCell::new(None) };
}

static GIVES_BACK: RawWakerVTable = RawWakerVTable::new(
    |data| {
        drop(HELD.take());
        RawWaker::new(data, &GIVES_BACK)
    },
    |_| {},
    |_| {},
    |_| {},
);

#[test]
fn a_waker_that_gives_the_permit_back_when_it_is_cloned_is_admitted() {
    let host = host::install();
    let limiter = limiter!(1);
    HELD.set(limiter.try_admit());
    // SAFETY: the functions of the table use no data.
    let waker = unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &GIVES_BACK)) };
    let mut admit = pin!(limiter.admit());
    let poll = admit.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(poll.is_ready(), "nobody would wake it");
    assert_eq!(host.backpressure(), 1);
    drop(poll);
    assert_eq!(host.backpressure(), 0);
}
