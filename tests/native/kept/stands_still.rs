//! Readers that keep something and are handed away, while the task stands still in a
//! `block_on`: what waits there may wait for what they pass on.

use super::*;
use crate::host::{Host, Peer, Task, Wire};
use futures::future::{Either, select};
use std::future::poll_fn;
use std::task::Poll;
use wit_async::yield_async;

/// Elsewhere: reads an item of `receiver`, and says how many there were when it is there.
struct Elsewhere {
    receiver: Peer<u32>,
    answers: Peer<u32>,
    rounds: u32,
}

impl Elsewhere {
    /// It has its turns while code of the instance is blocked.
    fn goes_on(mut self, host: &Rc<Host>, shelf: &Log<Peer<u32>>) {
        let (next, shelf) = (Rc::clone(host), shelf.clone());
        host.when_blocked(move || {
            if self.rounds == 0 {
                self.receiver.read(1);
            }
            self.rounds += 1;
            self.receiver.settle();
            let received = self.receiver.received();
            if !received.is_empty() {
                self.answers.write(received);
                shelf.note(self.receiver);
            } else if self.rounds < 8 {
                self.goes_on(&next, &shelf);
            }
        });
    }
}

/// The new readers have gone, which is noticed when one more item is there to be passed on.
fn ends<T: Wire>(host: &Rc<Host>, task: &Task, mut peer: Peer<T>, item: T) {
    peer.write([item]);
    assert_eq!(task.settle(), Code::Exit);
    drop(peer);
    assert_eq!(host.handles(), [""; 0]);
}

/// A task that stands still until `elsewhere` has had the item that its reader keeps; it
/// hands the reader away before that, or in the middle.
fn hands_away(is_before: bool) {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let (mut answer, answers) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let task = host.start({
        let (host, shelf) = (Rc::clone(&host), shelf.clone());
        async move {
            drops_a_read(&mut reader).await;
            pause().await;
            let hand_away = move || {
                let elsewhere = Elsewhere {
                    receiver: host::lift_stream(reader),
                    answers,
                    rounds: 0,
                };
                elsewhere.goes_on(&host, &shelf);
            };
            if is_before {
                hand_away();
                yield_async().await;
                assert_eq!(block_on(answer.next()), Some(4));
            } else {
                let answer = block_on(async {
                    hand_away();
                    answer.next().await
                });
                assert_eq!(answer, Some(4));
            }
        }
    });
    assert!(task.is_waiting());
    peer.write([4]);
    while task.step() {}
    // It goes on in the task.
    let mut receiver = shelf.take().pop().expect("it has had an item");
    assert_eq!(receiver.read(2), Outcome::Blocked);
    while task.step() {}
    assert_eq!(peer.write([5]), Outcome::Completed(1));
    while task.step() {}
    assert_eq!(receiver.settle(), Some(Outcome::Completed(1)));
    assert_eq!(receiver.received(), [5]);
    drop(receiver);
    ends(&host, &task, peer, 6);
}

#[test]
fn what_was_handed_away_in_a_block_on_is_passed_on_there_and_then_in_the_task() {
    hands_away(false);
}

#[test]
fn what_was_handed_away_before_a_block_on_is_passed_on_there_too() {
    hands_away(true);
}

#[test]
fn what_a_block_on_in_a_block_on_has_in_the_background_goes_on_around_it() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let (mut answer, answers) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let task = host.start({
        let (host, shelf) = (Rc::clone(&host), shelf.clone());
        async move {
            drops_a_read(&mut reader).await;
            pause().await;
            let answer = block_on(async {
                let receiver = block_on(async { host::lift_stream(reader) });
                let elsewhere = Elsewhere {
                    receiver,
                    answers,
                    rounds: 0,
                };
                elsewhere.goes_on(&host, &shelf);
                answer.next().await
            });
            assert_eq!(answer, Some(4));
        }
    });
    assert!(task.is_waiting());
    peer.write([4]);
    while task.step() {}
    drop(shelf.take());
    ends(&host, &task, peer, 6);
}

#[test]
fn a_block_on_does_not_wait_for_what_it_has_in_the_background() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            drops_a_read(&mut reader).await;
            pause().await;
            block_on(async { shelf.note(host::lift_stream(reader)) });
            drop(shelf.take());
        }
    });
    assert!(task.is_waiting());
    peer.write([4]);
    while task.step() {}
    assert!(
        shelf.take().is_empty(),
        "the task went on, and its receiver with it"
    );
    ends(&host, &task, peer, 5);
}

#[test]
fn a_value_that_is_kept_is_passed_on_in_a_block_on() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_future::<u32>();
    let (answer, mut answers) = host.incoming_future::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            {
                let mut read = (&mut reader).into_future();
                assert!(poll_once(&mut read).await.is_pending());
            }
            pause().await;
            let answer = block_on(async {
                let mut receiver = host::host().outgoing_future(reader);
                let next = Rc::clone(&host);
                host.when_blocked(move || {
                    receiver.receive();
                    next.when_blocked(move || {
                        receiver.settle();
                        answers.send(receiver.received()[0] + 1);
                    });
                });
                answer.await
            });
            assert_eq!(answer, 8);
        }
    });
    assert!(task.is_waiting());
    peer.send(7);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(host.handles(), [""; 0]);
}

#[test]
fn what_panics_in_the_background_of_a_block_on_is_over() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<Fussy>();
    let (answer, answers) = host.incoming_future::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            drops_a_read(&mut reader).await;
            pause().await;
            let message = panic_message(AssertUnwindSafe(|| {
                block_on(async {
                    let mut receiver = host::host().outgoing_stream(reader);
                    host.when_blocked(move || {
                        receiver.read(1);
                    });
                    let _: u32 = answer.await;
                })
            }));
            assert!(message.contains("panics as it was told to"), "{message}");
        }
    });
    assert!(task.is_waiting());
    peer.write([Fussy::new("lift!")]);
    assert_eq!(task.settle(), Code::Exit);
    drop((peer, answers));
    assert_eq!(host.handles(), [""; 0]);
}

#[test]
fn a_block_on_that_need_not_wait_does_nothing_for_the_task() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            drops_a_read(&mut reader).await;
            pause().await;
            let receiver = host::lift_stream(reader);
            yield_async().await;
            host.calls();
            assert_eq!(block_on(async { 5 }), 5);
            assert_eq!(host.calls(), [""; 0]);
            drop(receiver);
        }
    });
    assert!(task.is_waiting());
    peer.write([4]);
    while task.step() {}
    ends(&host, &task, peer, 5);
}

/// A task stands still, and meanwhile synchronous code hands a reader away whose read began
/// in the task, or belongs to none.
fn others_hand_away(in_the_task: bool) {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let (mut answer, answers) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    if !in_the_task {
        host.call_sync(|| block_on(drops_a_read(&mut reader)));
    }
    let task = host.start({
        let (host, shelf) = (Rc::clone(&host), shelf.clone());
        async move {
            if in_the_task {
                drops_a_read(&mut reader).await;
            }
            let next = Rc::clone(&host);
            host.when_blocked(move || {
                let elsewhere = Elsewhere {
                    receiver: next.call_sync(|| host::host().outgoing_stream(reader)),
                    answers,
                    rounds: 0,
                };
                peer.write([4]);
                elsewhere.goes_on(&next, &shelf);
            });
            assert_eq!(block_on(answer.next()), Some(4));
        }
    });
    while task.step() {}
    drop(shelf.take());
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(host.handles(), [""; 0]);
}

#[test]
fn what_others_hand_away_meanwhile_is_passed_on_where_its_task_stands_still() {
    others_hand_away(true);
}

#[test]
fn what_belongs_to_no_task_is_passed_on_where_a_task_stands_still() {
    others_hand_away(false);
}

#[test]
fn a_block_on_that_is_always_busy_passes_on_what_was_handed_away() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let (mut hot, mut busy) = host.incoming_stream::<u32>();
    let (mut answer, answers) = host.incoming_stream::<u32>();
    busy.write(0..10_000);
    let shelf = Log::new();
    let task = host.start({
        let (host, shelf) = (Rc::clone(&host), shelf.clone());
        async move {
            drops_a_read(&mut reader).await;
            pause().await;
            let elsewhere = Elsewhere {
                receiver: host::lift_stream(reader),
                answers,
                rounds: 0,
            };
            elsewhere.goes_on(&host, &shelf);
            let answered = block_on(async {
                let reads = async { while hot.next().await.is_some() {} };
                match select(pin!(answer.next()), pin!(reads)).await {
                    Either::Left((answer, _)) => answer,
                    Either::Right(_) => None,
                }
            });
            assert_eq!(answered, Some(4));
        }
    });
    assert!(task.is_waiting());
    peer.write([4]);
    while task.step() {}
    drop((shelf.take(), busy));
    ends(&host, &task, peer, 5);
}

#[test]
fn a_block_on_that_hands_something_away_in_each_poll_lets_others_have_their_turn() {
    let host = install();
    let mut ends = Vec::new();
    for _ in 0..200 {
        let (mut reader, mut peer) = host.incoming_stream::<u32>();
        host.call_sync(|| block_on(drops_a_read(&mut reader)));
        peer.write([4]);
        ends.push((reader, peer));
    }
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            let mut away = Vec::new();
            host.calls();
            block_on(poll_fn(|_| match ends.pop() {
                // Nobody wakes it: it is polled again for what it has handed away.
                Some((reader, peer)) => {
                    away.push((host::lift_stream(reader), peer));
                    Poll::Pending
                }
                None => Poll::Ready(()),
            }));
            let yields = host
                .calls()
                .iter()
                .filter(|call| *call == "thread.yield")
                .count();
            assert_eq!(
                yields, 1,
                "200 are more than 128, and less than twice as many"
            );
        }
    });
    task.settle();
}

/// A task stands still, and meanwhile synchronous code drops a reader whose read began in the
/// task, or in a `block_on` that is over, so that it is in no set.
fn others_leave_alone(is_in_a_set: bool) {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let (mut answer, mut answers) = host.incoming_stream::<u32>();
    let task = host.start({
        let host = Rc::clone(&host);
        async move {
            match is_in_a_set {
                true => drops_a_read(&mut reader).await,
                false => block_on(drops_a_read(&mut reader)),
            }
            let next = Rc::clone(&host);
            host.when_blocked(move || {
                next.call_sync(|| drop(reader));
                let last = Rc::clone(&next);
                // The cancel takes its time.
                next.when_blocked(move || {
                    last.when_blocked(move || {
                        assert_eq!(peer.write([4]), Outcome::Dropped(0));
                        answers.write([1]);
                    });
                });
            });
            assert_eq!(block_on(answer.next()), Some(1));
        }
    });
    while task.step() {}
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_others_leave_alone_is_settled_where_its_task_stands_still() {
    others_leave_alone(true);
}

#[test]
fn what_is_left_alone_in_no_set_is_settled_where_a_task_stands_still() {
    others_leave_alone(false);
}

#[test]
fn what_is_in_the_background_goes_on_behind_a_block_on_that_panics() {
    let host = install();
    let (mut ones, mut one) = host.incoming_stream::<String>();
    let (mut twos, mut two) = host.incoming_stream::<String>();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            drops_a_read(&mut ones).await;
            drops_a_read(&mut twos).await;
            pause().await;
            // One from before, and one from inside.
            let mut first = host::lift_stream(ones);
            first.read(1);
            yield_async().await;
            let message = panic_message(AssertUnwindSafe(|| {
                block_on(async {
                    let mut second = host::lift_stream(twos);
                    second.read(1);
                    for _ in 0..3 {
                        yield_async().await;
                    }
                    shelf.note(first);
                    shelf.note(second);
                    panic!("as it was told to")
                })
            }));
            assert_eq!(message, "as it was told to");
        }
    });
    assert!(task.is_waiting());
    one.write(texts(["a"]));
    two.write(texts(["A"]));
    while task.step() {}
    let mut receivers = shelf.take();
    for (receiver, text) in receivers.iter_mut().zip(["a", "A"]) {
        receiver.settle();
        assert_eq!(receiver.received(), texts([text]));
        receiver.read(1);
    }
    while task.step() {}
    one.write(texts(["b"]));
    two.write(texts(["B"]));
    while task.step() {}
    for (receiver, text) in receivers.iter_mut().zip(["b", "B"]) {
        receiver.settle();
        assert_eq!(receiver.received(), texts([text]));
    }
    drop(receivers);
    two.write(texts(["C"]));
    drop(two);
    ends(&host, &task, one, "c".to_owned());
}

#[test]
fn a_read_that_needs_its_task_goes_through_two_and_into_it() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            drops_a_read(&mut reader).await;
            pause().await;
            block_on(async {
                block_on(async {
                    let mut receiver = host::lift_stream(reader);
                    receiver.read(1);
                    yield_async().await;
                    yield_async().await;
                    receiver.settle();
                    assert_eq!(receiver.received(), texts(["a"]));
                    receiver.read(1);
                    // Its next read begins.
                    yield_async().await;
                    yield_async().await;
                    shelf.note(receiver);
                });
                yield_async().await;
            });
        }
    });
    assert!(task.is_waiting());
    peer.write(texts(["a"]));
    while task.step() {}
    let mut receiver = shelf.take().pop().expect("it was handed away");
    peer.write(texts(["b"]));
    while task.step() {}
    receiver.settle();
    assert_eq!(receiver.received(), texts(["b"]));
    drop(receiver);
    ends(&host, &task, peer, "c".to_owned());
}

#[test]
fn a_read_that_is_left_by_a_block_on_that_panics_ends_with_the_task_around() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let message = panic_message(AssertUnwindSafe(|| {
                block_on(async {
                    drops_a_read(&mut reader).await;
                    panic!("as it was told to")
                })
            }));
            assert_eq!(message, "as it was told to");
            shelf.note(reader);
        }
    });
    assert_eq!(task.settle(), Code::Exit);
    // The host wants the task to be there when it finishes.
    assert_eq!(cancels(&host), ["stream.cancel-read 1: cancelled 0"]);
    assert_eq!(peer.write(texts(["a"])), Outcome::Blocked);
    drop(shelf.take());
    assert_eq!(peer.settle(), Some(Outcome::Dropped(0)));
}
