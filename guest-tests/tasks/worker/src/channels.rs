//! Plain Rust channels between the tasks of this instance.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures::channel::{mpsc, oneshot};
use futures::{SinkExt, StreamExt};

/// Both halves of a channel, made by whoever comes first.
struct Halves<S, R> {
    sender: Option<S>,
    receiver: Option<R>,
}

type Oneshot = Halves<oneshot::Sender<u32>, oneshot::Receiver<u32>>;
type Unbounded = Halves<mpsc::UnboundedSender<u32>, mpsc::UnboundedReceiver<u32>>;
type Bounded = Halves<mpsc::Sender<u32>, mpsc::Receiver<u32>>;

impl<S, R> From<(S, R)> for Halves<S, R> {
    fn from((sender, receiver): (S, R)) -> Self {
        Halves {
            sender: Some(sender),
            receiver: Some(receiver),
        }
    }
}

thread_local! {
    static ONESHOTS: RefCell<BTreeMap<u32, Oneshot>> = const { RefCell::new(BTreeMap::new()) };
    static UNBOUNDED: RefCell<Unbounded> = RefCell::new(mpsc::unbounded().into());
    static BOUNDED: RefCell<Bounded> = RefCell::new(mpsc::channel(2).into());
}

fn oneshot<T>(key: u32, take: impl FnOnce(&mut Oneshot) -> T) -> T {
    ONESHOTS.with_borrow_mut(|all| {
        let halves = all.entry(key).or_insert_with(|| oneshot::channel().into());
        let taken = take(halves);
        if halves.sender.is_none() && halves.receiver.is_none() {
            all.remove(&key);
        }
        taken
    })
}

pub async fn receive(key: u32) -> u32 {
    let receiver = oneshot(key, |halves| halves.receiver.take()).expect("one receiver per key");
    receiver.await.expect("the sender sends")
}

pub fn send(key: u32, value: u32) {
    let sender = oneshot(key, |halves| halves.sender.take()).expect("one sender per key");
    // The call that waits may have been cancelled.
    let _ = sender.send(value);
}

pub async fn consume(count: u32) -> Vec<u32> {
    let receiver = UNBOUNDED.with_borrow_mut(|halves| halves.receiver.take());
    let receiver = receiver.expect("one consumer");
    receiver.take(count as usize).collect().await
}

pub async fn produce(count: u32) {
    let sender = UNBOUNDED
        .with_borrow_mut(|halves| halves.sender.take())
        .expect("one producer");
    for n in 0..count {
        sender.unbounded_send(n).expect("the consumer is there");
        wit_async::yield_async().await;
    }
}

pub async fn consume_bounded(count: u32) -> Vec<u32> {
    let receiver = BOUNDED.with_borrow_mut(|halves| halves.receiver.take());
    let receiver = receiver.expect("one consumer");
    receiver.take(count as usize).collect().await
}

pub async fn produce_bounded(count: u32) {
    let sender = BOUNDED.with_borrow_mut(|halves| halves.sender.take());
    let mut sender = sender.expect("one producer");
    for n in 0..count {
        sender.send(n).await.expect("the consumer is there");
    }
}
