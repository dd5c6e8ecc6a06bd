//! Streams under random lengths, cancels and drops: every item arrives once, in
//! order, or comes back.

use crate::host::{self, Log, Nothing, Outcome, Rules, Wire, stream};
use proptest::prelude::*;
use std::cell::RefCell;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use wit_async::StreamResult;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: if cfg!(miri) { 1 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// What one side does next.
#[derive(Clone, Debug)]
enum Step {
    /// The peer takes or offers so many.
    Peer(usize),
    /// The guest cancels and begins again.
    Cancel,
    /// The task gets its events.
    Events,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..6usize).prop_map(Step::Peer),
        2 => Just(Step::Cancel),
        4 => Just(Step::Events),
    ];
    proptest::collection::vec(step, 1..if cfg!(miri) { 12 } else { 40 })
}

fn rules() -> impl Strategy<Value = Rules> {
    (any::<bool>(), any::<bool>()).prop_map(|(notices, cancel_says_completed)| Rules {
        notices,
        cancel_says_completed,
        ..Rules::STRICT
    })
}

/// Asks the guest to cancel, and is looked at whenever the guest runs.
#[derive(Clone, Default)]
struct Wish(Rc<RefCell<(bool, Option<std::task::Waker>)>>);

impl Wish {
    fn ask(&self) {
        let mut wish = self.0.borrow_mut();
        wish.0 = true;
        if let Some(waker) = wish.1.take() {
            drop(wish);
            waker.wake();
        }
    }

    /// Waits for `future`, or for the wish: `None`.
    async fn or<F: Future + Unpin>(&self, future: &mut F) -> Option<F::Output> {
        use std::task::Poll;
        std::future::poll_fn(|cx| {
            if std::mem::take(&mut self.0.borrow_mut().0) {
                return Poll::Ready(None);
            }
            self.0.borrow_mut().1 = Some(cx.waker().clone());
            Pin::new(&mut *future).poll(cx).map(Some)
        })
        .await
    }
}

/// The guest writes all of `values`; the peer reads as `steps` say and leaves.
fn write<T: Wire + Clone + Debug + PartialEq>(values: Vec<T>, steps: Vec<Step>, rules: Rules) {
    let host = host::install_with(rules);
    let (mut writer, reader) = stream::<T>();
    let mut peer = host.outgoing_stream(reader);
    let (wish, returned) = (Wish::default(), Log::new());
    let task = host.start({
        let (wish, returned, values) = (wish.clone(), returned.clone(), values.clone());
        async move {
            let mut write = writer.write(values);
            loop {
                let (result, rest) = match wish.or(&mut write).await {
                    Some(written) => written,
                    None => Pin::new(&mut write).cancel(),
                };
                drop(write);
                if rest.remaining() == 0 || result == StreamResult::Dropped {
                    returned.note(rest.into_vec());
                    return;
                }
                write = writer.write_buf(rest);
            }
        }
    });
    let mut arrived = Vec::new();
    let (mut reading, mut ended) = (false, false);
    for step in steps {
        match step {
            Step::Peer(items) if !reading && !ended => {
                let outcome = peer.read(items);
                reading = outcome == Outcome::Blocked;
                ended = matches!(outcome, Outcome::Dropped(_));
            }
            Step::Peer(_) => {}
            Step::Cancel => wish.ask(),
            Step::Events => {
                task.settle();
            }
        }
        if reading && let Some(outcome) = peer.settle() {
            reading = false;
            ended = matches!(outcome, Outcome::Dropped(_));
        }
        arrived.extend(peer.received());
    }
    if reading {
        peer.cancel();
        arrived.extend(peer.received());
    }
    drop(peer);
    task.settle();
    assert!(task.has_exited());
    arrived.extend(returned.take().pop().expect("the task ended"));
    assert_eq!(arrived, values);
}

/// The peer writes `values` as `steps` say; the guest reads them all.
fn read<T: Wire + Clone + Debug + PartialEq>(
    values: Vec<T>,
    capacities: Vec<usize>,
    steps: Vec<Step>,
    rules: Rules,
) {
    let host = host::install_with(rules);
    let (mut reader, mut peer) = host.incoming_stream::<T>();
    let (wish, got) = (Wish::default(), Log::new());
    let task = host.start({
        let (wish, got) = (wish.clone(), got.clone());
        async move {
            for capacity in capacities.into_iter().cycle() {
                let mut read = reader.read(Vec::with_capacity(capacity));
                let (result, items) = match wish.or(&mut read).await {
                    Some(done) => done,
                    None => Pin::new(&mut read).cancel(),
                };
                drop(read);
                let expected = match result {
                    StreamResult::Complete(count) => count,
                    _ => 0,
                };
                assert_eq!(items.len(), expected);
                got.note(items);
                if result == StreamResult::Dropped {
                    return;
                }
            }
        }
    });
    let mut unsent = values.clone();
    let mut writing = 0;
    let account = |unsent: &mut Vec<T>, writing: &mut usize, outcome| {
        let sent = match outcome {
            Outcome::Blocked => return,
            Outcome::Completed(sent) | Outcome::Dropped(sent) | Outcome::Cancelled(sent) => sent,
        };
        unsent.drain(..sent);
        *writing = 0;
    };
    for step in steps {
        match step {
            Step::Peer(items) if writing == 0 => {
                let items = items.max(1).min(unsent.len());
                if items > 0 {
                    writing = items;
                    let outcome = peer.write(unsent[..items].to_vec());
                    account(&mut unsent, &mut writing, outcome);
                }
            }
            Step::Peer(_) => {}
            Step::Cancel => wish.ask(),
            Step::Events => {
                task.settle();
            }
        }
        if writing > 0
            && let Some(outcome) = peer.settle()
        {
            account(&mut unsent, &mut writing, outcome);
        }
    }
    if writing > 0 {
        let outcome = peer.cancel();
        account(&mut unsent, &mut writing, outcome);
    }
    drop(peer);
    task.settle();
    assert!(task.has_exited());
    let mut arrived: Vec<T> = got.take().into_iter().flatten().collect();
    arrived.extend(unsent);
    assert_eq!(arrived, values);
}

fn capacities() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(1..7usize, 1..5)
}

/// Not a regular expression: to read one takes Miri longer than all the rest.
fn text() -> impl Strategy<Value = String> {
    (0..1000u32).prop_map(|number| match number % 4 {
        0 => String::new(),
        _ => number.to_string(),
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn numbers_are_written_once(
        values in proptest::collection::vec(any::<u32>(), 0..20), steps in steps(), rules in rules(),
    ) {
        write(values, steps, rules);
    }

    #[test]
    fn strings_are_written_once(
        values in proptest::collection::vec(text(), 0..20), steps in steps(), rules in rules(),
    ) {
        write(values, steps, rules);
    }

    #[test]
    fn values_of_no_size_are_written_once(
        length in 0..3000usize, steps in steps(), rules in rules(),
    ) {
        write(vec![Nothing; length], steps, rules);
    }

    #[test]
    fn numbers_are_read_once(
        values in proptest::collection::vec(any::<u32>(), 0..20), capacities in capacities(),
        steps in steps(), rules in rules(),
    ) {
        read(values, capacities, steps, rules);
    }

    #[test]
    fn strings_are_read_once(
        values in proptest::collection::vec(text(), 0..20), capacities in capacities(),
        steps in steps(), rules in rules(),
    ) {
        read(values, capacities, steps, rules);
    }
}
