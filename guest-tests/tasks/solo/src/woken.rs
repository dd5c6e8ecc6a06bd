//! Wake-ups between the futures of one task.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures::channel::{mpsc, oneshot};
use futures::{SinkExt, StreamExt};
use guest_support::check::turns;
use wit_async::spawn_local;

pub async fn oneshot_between_tasks() {
    let (sender, receiver) = oneshot::channel();
    let waiting = spawn_local(receiver);
    let sending = spawn_local(async move {
        turns(3).await;
        sender.send(42)
    });
    assert_eq!(waiting.await, Some(Ok(42)));
    assert_eq!(sending.await, Some(Ok(())));
}

pub async fn channel_between_tasks() {
    let (mut sender, receiver) = mpsc::channel(2);
    let sending = spawn_local(async move {
        for n in 0..1000 {
            sender.send(n).await.expect("the receiver is there");
        }
    });
    let received: Vec<u32> = receiver.collect().await;
    assert!(received.into_iter().eq(0..1000));
    assert_eq!(sending.await, Some(()));
}

pub async fn channel_closed() {
    let (mut sender, receiver) = mpsc::channel::<u32>(1);
    let sending = spawn_local(async move {
        while sender.send(1).await.is_ok() {}
        "the receiver is gone"
    });
    turns(3).await;
    drop(receiver);
    assert_eq!(sending.await, Some("the receiver is gone"));

    let (sender, mut receiver) = mpsc::channel::<u32>(1);
    let receiving = spawn_local(async move { receiver.next().await });
    turns(3).await;
    drop(sender);
    assert_eq!(receiving.await, Some(None));
}

/// Sends when it is dropped.
struct SendOnDrop(Option<oneshot::Sender<u32>>);

impl Drop for SendOnDrop {
    fn drop(&mut self) {
        let sender = self.0.take().expect("dropped once");
        sender.send(42).expect("the other task waits");
    }
}

pub async fn wake_from_destructor() {
    let (sender, receiver) = oneshot::channel();
    let waiting = spawn_local(receiver);
    let guard = SendOnDrop(Some(sender));
    let mut holding = spawn_local(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    turns(2).await;
    holding.cancel();
    assert_eq!(waiting.await, Some(Ok(42)));
    assert_eq!(holding.await, None);
}

pub async fn wake_itself_while_polled() {
    let mut left = 5;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        context.waker().wake_by_ref();
        let waker = context.waker().clone();
        waker.wake();
        Poll::Pending
    })
    .await;
}

/// A future that is pending until it is told to finish, and shows its waker.
#[derive(Clone, Default)]
struct Shown {
    waker: Rc<RefCell<Option<Waker>>>,
    polls: Rc<Cell<u32>>,
    finish: Rc<Cell<bool>>,
}

impl Shown {
    fn wait(&self) -> impl Future<Output = ()> + use<> {
        let shown = self.clone();
        poll_fn(move |context| {
            shown.polls.set(shown.polls.get() + 1);
            if shown.finish.get() {
                return Poll::Ready(());
            }
            shown.waker.replace(Some(context.waker().clone()));
            Poll::Pending
        })
    }

    fn waker(&self) -> Waker {
        self.waker.borrow().clone().expect("the future was polled")
    }
}

pub async fn wake_ten_thousand_times() {
    let shown = Shown::default();
    let handle = spawn_local(shown.wait());
    turns(2).await;
    let polls = shown.polls.get();
    shown.finish.set(true);
    for _ in 0..10_000 {
        shown.waker().wake_by_ref();
    }
    assert_eq!(handle.await, Some(()));
    assert_eq!(shown.polls.get(), polls + 1, "many wake-ups are one poll");
}

pub async fn waker_outlives_future() {
    let shown = Shown::default();
    let mut handle = spawn_local(shown.wait());
    turns(2).await;
    handle.cancel();
    assert_eq!(handle.await, None);
    let polls = shown.polls.get();
    shown.waker().wake();
    turns(2).await;
    shown.waker().wake();
    turns(2).await;
    assert_eq!(
        shown.polls.get(),
        polls,
        "a future that is gone is not polled"
    );
}

pub async fn waker_cloned_and_dropped() {
    let shown = Shown::default();
    let handle = spawn_local(shown.wait());
    turns(2).await;
    let waker = shown.waker();
    assert!(waker.will_wake(&waker.clone()));
    let clones = vec![waker; 1000];
    drop(clones);
    turns(2).await;
    shown.finish.set(true);
    shown.waker().wake();
    assert_eq!(handle.await, Some(()));
}
