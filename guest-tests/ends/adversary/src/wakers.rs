//! Wakers that use the runtime when they are woken, and when they are dropped.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use futures::future::join;
use guest_support::check::{in_flight, turns};
use wit_async::StreamReader;

use crate::bindings::test::ends::relay;
use crate::bindings::wit_future;
use crate::bindings::wit_stream;
use crate::words;

type Act = Box<dyn FnMut()>;
type Collected<T> = Pin<Box<dyn Future<Output = Vec<T>>>>;

thread_local! {
    static WOKEN: RefCell<BTreeMap<u32, Act>> = const { RefCell::new(BTreeMap::new()) };
    static DROPPED: RefCell<BTreeMap<u32, Act>> = const { RefCell::new(BTreeMap::new()) };
    static BYTES: RefCell<Option<Collected<u8>>> = const { RefCell::new(None) };
    static WORDS: RefCell<Option<Collected<String>>> = const { RefCell::new(None) };
    static COLLECTED_BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static COLLECTED_WORDS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Acting {
    name: u32,
    outer: Waker,
}

impl Acting {
    fn act(&self) {
        if let Some(mut act) = WOKEN.with_borrow_mut(|acts| acts.remove(&self.name)) {
            act();
            WOKEN.with_borrow_mut(|acts| {
                acts.entry(self.name).or_insert(act);
            });
        }
        self.outer.wake_by_ref();
    }
}

impl Wake for Acting {
    fn wake(self: Arc<Self>) {
        self.act();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.act();
    }
}

impl Drop for Acting {
    fn drop(&mut self) {
        if let Some(mut act) = DROPPED.with_borrow_mut(|acts| acts.remove(&self.name)) {
            act();
        }
    }
}

/// A waker of the name that does `woken` whenever it is woken, and then wakes the task.
async fn waker(name: u32, woken: impl FnMut() + 'static) -> Waker {
    WOKEN.with_borrow_mut(|acts| acts.insert(name, Box::new(woken)));
    let outer = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
    Waker::from(Arc::new(Acting { name, outer }))
}

/// What the last waker of the name does when it is dropped.
fn when_dropped(name: u32, act: impl FnMut() + 'static) {
    DROPPED.with_borrow_mut(|acts| acts.insert(name, Box::new(act)));
}

fn over(name: u32) {
    drop(WOKEN.with_borrow_mut(|acts| acts.remove(&name)));
    assert!(
        DROPPED.with_borrow(|acts| !acts.contains_key(&name)),
        "waker {name} was dropped"
    );
}

fn poll_with<F: Future + Unpin>(waker: &Waker, future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

fn poll_bytes(waker: &Waker) {
    let Some(mut read) = BYTES.take() else { return };
    match read.as_mut().poll(&mut Context::from_waker(waker)) {
        Poll::Ready(bytes) => COLLECTED_BYTES.set(bytes),
        Poll::Pending => BYTES.set(Some(read)),
    }
}

fn poll_words(waker: &Waker) {
    let Some(mut read) = WORDS.take() else { return };
    match read.as_mut().poll(&mut Context::from_waker(waker)) {
        Poll::Ready(words) => COLLECTED_WORDS.set(words),
        Poll::Pending => WORDS.set(Some(read)),
    }
}

pub async fn wakers_that_act() {
    polled_by_their_wakers().await;
    dropped_by_their_wakers().await;
    writes_dropped_by_their_wakers().await;
    ends_dropped_with_wakers().await;
    ends_dropped_with_operations().await;
    woken_too_often().await;
    nobody_was_told().await;
}

/// A wake polls the reads themselves, with wakers that do the same.
async fn polled_by_their_wakers() {
    const ITEMS: u8 = 20;
    let (mut bytes, byte_reader) = wit_stream::new::<u8>();
    let (mut texts, text_reader) = wit_stream::new::<String>();
    let pumped = relay::pump(byte_reader).await;
    BYTES.set(Some(Box::pin(pumped.collect())));
    WORDS.set(Some(Box::pin(text_reader.collect())));
    let first = waker(1, || {}).await;
    let again = first.clone();
    let second = waker(1, move || {
        poll_words(&again);
        poll_bytes(&again);
    })
    .await;
    poll_bytes(&second);
    poll_words(&second);
    drop((first, second));
    for byte in 0..ITEMS {
        assert_eq!(bytes.write_one(byte).await, None);
        assert_eq!(texts.write_one(byte.to_string()).await, None);
    }
    drop((bytes, texts));
    while BYTES.with_borrow(Option::is_some) || WORDS.with_borrow(Option::is_some) {
        turns(1).await;
    }
    over(1);
    assert_eq!(COLLECTED_BYTES.take(), (0..ITEMS).collect::<Vec<_>>());
    assert_eq!(COLLECTED_WORDS.take(), words(0, ITEMS.into()));
}

/// A wake drops the reads that it is about, with their ends.
async fn dropped_by_their_wakers() {
    let (mut bytes, byte_reader) = wit_stream::new::<u8>();
    let (mut texts, text_reader) = wit_stream::new::<String>();
    BYTES.set(Some(Box::pin(byte_reader.collect())));
    WORDS.set(Some(Box::pin(text_reader.collect())));
    let ends = waker(2, || {
        drop(BYTES.take());
        drop(WORDS.take());
    })
    .await;
    poll_bytes(&ends);
    poll_words(&ends);
    // The read of the words has an item, and is dropped with it; so is that of the bytes.
    assert_eq!(texts.write_one("one".to_owned()).await, None);
    turns(2).await;
    let mut rest = bytes.write_all(vec![1, 2, 3]).await;
    rest.extend(bytes.write_one(4).await);
    assert_eq!(rest, [1, 2, 3, 4], "the reader has gone");
    assert_eq!(
        texts.write_one("two".to_owned()).await.as_deref(),
        Some("two")
    );
    drop(ends);
    over(2);
}

/// A reader goes, and the wake of the writes drops these, with their ends.
async fn writes_dropped_by_their_wakers() {
    thread_local! {
        static WRITES: RefCell<Vec<Collected<String>>> = const { RefCell::new(Vec::new()) };
    }
    let acts = waker(5, || drop(WRITES.take())).await;
    let mut readers = Vec::new();
    for n in 0..4 {
        let (mut writer, reader) = wit_stream::new::<String>();
        let mut write: Collected<String> =
            Box::pin(async move { writer.write_all(words(0, 3)).await });
        assert!(poll_with(&acts, &mut write).is_pending());
        WRITES.with_borrow_mut(|writes| writes.push(write));
        let (mut writer, byte_reader) = wit_stream::new::<u8>();
        let mut write: Collected<String> = Box::pin(async move {
            writer.write_all(vec![1, 2, 3]).await;
            Vec::new()
        });
        assert!(poll_with(&acts, &mut write).is_pending());
        WRITES.with_borrow_mut(|writes| writes.push(write));
        readers.push((n, reader, byte_reader));
    }
    drop(acts);
    let mut left = Vec::new();
    for (n, mut reader, mut byte_reader) in readers {
        match n {
            0 => drop(byte_reader),
            1 => drop(reader),
            2 => left.push(byte_reader.next().await.map(|byte| byte.to_string())),
            _ => left.push(reader.next().await),
        }
        turns(1).await;
    }
    turns(2).await;
    assert!(
        WRITES.with_borrow(Vec::is_empty),
        "the first wake drops all"
    );
    assert_eq!(left, [None, None], "the writers went before the reads");
    over(5);
}

/// An operation is dropped, and its waker with it, which drops the other end.
async fn ends_dropped_with_operations() {
    thread_local! {
        static OTHERS: RefCell<Vec<Box<dyn std::any::Any>>> = const { RefCell::new(Vec::new()) };
    }
    for round in 0..4 {
        let acts = waker(6, || {}).await;
        let (mut texts, mut text_reader) = wit_stream::new::<String>();
        let (mut bytes, mut byte_reader) = wit_stream::new::<u8>();
        let (value, value_reader) = wit_future::new(|| "default".to_owned());
        let mut offered = value.write("offered".to_owned());
        assert!(poll_with(&acts, &mut offered).is_pending());
        match round {
            0 | 1 => {
                let mut text = Box::pin(async move { text_reader.next().await });
                let mut byte = Box::pin(async move { byte_reader.next().await });
                assert!(poll_with(&acts, &mut text).is_pending());
                assert!(poll_with(&acts, &mut byte).is_pending());
                OTHERS.set(vec![
                    Box::new(texts),
                    Box::new(bytes),
                    Box::new(value_reader),
                ]);
                when_dropped(6, || drop(OTHERS.take()));
                drop(acts);
                if round == 0 {
                    drop((text, byte, offered));
                } else {
                    drop((offered, byte, text));
                }
            }
            _ => {
                let mut text = Box::pin(async move { texts.write_all(words(0, 2)).await });
                let mut byte = Box::pin(async move { bytes.write_one(1).await });
                assert!(poll_with(&acts, &mut text).is_pending());
                assert!(poll_with(&acts, &mut byte).is_pending());
                OTHERS.set(vec![
                    Box::new(text_reader),
                    Box::new(byte_reader),
                    Box::new(value_reader),
                ]);
                when_dropped(6, || drop(OTHERS.take()));
                drop(acts);
                if round == 2 {
                    drop((text, byte, offered));
                } else {
                    drop((offered, byte, text));
                }
            }
        }
        assert!(OTHERS.with_borrow(Vec::is_empty));
        turns(2).await;
        over(6);
    }
}

/// When the waker of a read is replaced by another, and dropped, it drops the writer of the
/// same stream, and starts and ends operations of its own.
async fn ends_dropped_with_wakers() {
    thread_local! {
        static WRITERS: RefCell<Vec<Box<dyn std::any::Any>>> = const { RefCell::new(Vec::new()) };
    }
    let (bytes, mut byte_reader) = wit_stream::new::<u8>();
    let (texts, mut text_reader) = wit_stream::new::<String>();
    let (value, mut value_reader) = wit_future::new(|| "default".to_owned());
    let mut byte = Box::pin(byte_reader.next());
    let mut text = Box::pin(text_reader.next());
    let mut later = Box::pin((&mut value_reader).into_future());
    let replaced = waker(3, || {}).await;
    when_dropped(3, || {
        drop(WRITERS.take());
        let (writer, reader) = wit_stream::new::<String>();
        let mut write = Box::pin(async move { { writer }.write_all(words(0, 3)).await });
        let mut read = Box::pin(reader.collect());
        assert!(poll_with(Waker::noop(), &mut write).is_pending());
        assert!(poll_with(Waker::noop(), &mut read).is_pending());
        drop(write);
        assert!(poll_with(Waker::noop(), &mut read).is_ready());
    });
    assert!(poll_with(&replaced, &mut byte).is_pending());
    assert!(poll_with(&replaced, &mut text).is_pending());
    assert!(poll_with(&replaced, &mut later).is_pending());
    drop(replaced);
    WRITERS.set(vec![Box::new(bytes), Box::new(texts), Box::new(value)]);
    let other = waker(4, || {}).await;
    let mut replaced = (
        poll_with(&other, &mut byte),
        poll_with(&other, &mut text),
        poll_with(&other, &mut later),
    );
    if replaced.0.is_pending() {
        replaced.0 = Poll::Ready(byte.await);
    }
    if replaced.1.is_pending() {
        replaced.1 = Poll::Ready(text.await);
    }
    if replaced.2.is_pending() {
        replaced.2 = Poll::Ready(later.await);
    }
    assert_eq!(
        replaced,
        (
            Poll::Ready(None),
            Poll::Ready(None),
            Poll::Ready("default".to_owned())
        )
    );
    drop(other);
    over(3);
    over(4);
}

/// Wakers are kept, and woken long after what they were for, from a drop too.
async fn woken_too_often() {
    let mut stored = Vec::new();
    let mut reader = relay::words(30).await;
    let mut received = Vec::new();
    let (mut silent_writer, mut silent) = wit_stream::new::<String>();
    let mut other = Box::pin(silent.next());
    for round in 0..10 {
        let mut read = Box::pin(reader.next());
        let word = poll_fn(|context| {
            stored.push(context.waker().clone());
            stored.iter().for_each(Waker::wake_by_ref);
            read.as_mut().poll(context)
        })
        .await;
        received.extend(word);
        drop(read);
        in_flight(&mut other).await;
        if round % 3 == 0 {
            let mut dropped = Box::pin(reader.next());
            let waker = stored[0].clone();
            if let Poll::Ready(word) = poll_with(&waker, &mut dropped) {
                received.extend(word);
            }
        }
    }
    let late = stored.clone();
    wit_async::spawn_local(async move {
        for waker in late {
            turns(1).await;
            waker.wake();
        }
    });
    received.extend(reader.collect().await);
    stored.into_iter().for_each(Waker::wake);
    assert_eq!(received, words(0, 30));
    assert_eq!(
        join(silent_writer.write_one("last".to_owned()), other).await,
        (None, Some("last".to_owned()))
    );
}

/// Operations are polled with a waker that wakes nobody, and looked at later.
async fn nobody_was_told() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let mut pumped: StreamReader<u8> = relay::pump(reader).await;
    for byte in 0..10 {
        let mut read = Box::pin(pumped.next());
        let mut write = Box::pin(writer.write_one(byte));
        let _ = poll_with(Waker::noop(), &mut read).is_pending();
        let written = poll_with(Waker::noop(), &mut write);
        turns(5).await;
        let written = match written {
            Poll::Pending => write.await,
            Poll::Ready(written) => written,
        };
        assert_eq!(written, None);
        assert_eq!(read.await, Some(byte));
    }
}
