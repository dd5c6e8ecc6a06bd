//! In a synchronous export, ends and operations that lie around are used and dropped.

use std::any::Any;
use std::cell::RefCell;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use futures::future::join;
use guest_support::check::{Drops, at_once, in_flight};
use wit_async::{Backpressure, JoinSet, Limiter, StreamResult, block_on, spawn_local};

use crate::bindings::{wit_future, wit_stream};
use crate::token::{acting, dropped_set, name, token};
use crate::words;

type Bytes = Pin<Box<dyn Future<Output = Vec<u8>>>>;

thread_local! {
    static LYING: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
    static COLLECTING: RefCell<Option<Bytes>> = const { RefCell::new(None) };
}

static ONE: Limiter = Limiter::new(1);

fn lies_around(thing: impl Any) {
    LYING.with_borrow_mut(|lying| lying.push(Box::new(thing)));
}

pub fn nothing_is_awake() {
    a_dropped_read_gets_its_bytes();
    a_dropped_write();
    a_read_moves_between_calls();
    words_meet();
    items_and_defaults();
    sets_and_permits();
    all_at_once();
}

/// A read that was dropped in one `block_on` has in the next what came in between.
fn a_dropped_read_gets_its_bytes() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    block_on(async {
        let mut read = Box::pin(reader.read(Vec::with_capacity(3)));
        in_flight(&mut read).await;
    });
    let rest = block_on(at_once(&mut writer.write(vec![1, 2, 3, 4]))).1;
    assert_eq!(rest.into_vec(), [4]);
    assert_eq!(block_on(reader.next()), Some(1));
    let (result, items) = block_on(at_once(&mut reader.read(vec![9])));
    // There is no room in the vector but what it takes for itself.
    if result != StreamResult::Complete(0) {
        assert_eq!((result, items), (StreamResult::Complete(1), vec![9, 2]));
    }
    drop(writer);
    let rest = block_on(reader.collect());
    assert!(rest == [2, 3] || rest == [3], "{rest:?}");
}

/// A write that was dropped in flight is done or not, and no byte of it comes twice.
fn a_dropped_write() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let mut buffer = writer.buffer(vec![1, 2, 3]);
    {
        let mut write = writer.write_from(&mut buffer);
        block_on(in_flight(&mut write));
    }
    assert_eq!(buffer.remaining(), 0, "the values went with the write");
    let (result, items) = block_on(async {
        let mut read = Box::pin(reader.read(Vec::with_capacity(2)));
        match guest_support::check::poll_once(&mut read).await {
            std::task::Poll::Ready(got) => got,
            std::task::Poll::Pending => (StreamResult::Cancelled, vec![]),
        }
    });
    assert!(items == [1, 2] || items.is_empty(), "{result:?} {items:?}");
    drop(writer);
    drop(reader);
}

/// One future is polled in three calls of `block_on`, and ends in the last.
fn a_read_moves_between_calls() {
    let (mut writer, reader) = wit_stream::new::<u8>();
    COLLECTING.set(Some(Box::pin(reader.collect())));
    for lot in 0..10_u8 {
        let mut buffer = writer.buffer(vec![lot; 3]);
        while buffer.remaining() > 0 {
            let mut collecting = COLLECTING.take().expect("it goes on");
            block_on(in_flight(&mut collecting));
            COLLECTING.set(Some(collecting));
            let result = block_on(writer.write_from(&mut buffer));
            assert!(matches!(result, StreamResult::Complete(1..)));
        }
    }
    drop(writer);
    let all = block_on(COLLECTING.take().expect("it goes on"));
    let expected: Vec<u8> = (0..10).flat_map(|lot| [lot; 3]).collect();
    assert_eq!(all, expected);
}

/// What the host does not see: words between two ends of this component.
fn words_meet() {
    let (mut writer, mut reader) = wit_stream::new::<String>();
    let written = block_on(join(writer.write_all(words(0, 300)), async {
        let mut all = Vec::new();
        for _ in 0..300 {
            all.extend(reader.next().await);
        }
        all
    }));
    assert_eq!(written, (vec![], words(0, 300)));
    let mut unsent = Box::pin(writer.write_one("left".to_owned()));
    block_on(in_flight(&mut unsent));
    drop(reader);
    assert_eq!(block_on(unsent).as_deref(), Some("left"));
}

fn items_and_defaults() {
    let (writer, reader) = wit_future::new(|| 7_u32);
    let mut write = writer.write(8);
    block_on(in_flight(&mut write));
    lies_around(write);
    let (unwritten, unread) = wit_future::new(|| token(1));
    lies_around(acting(2, move || drop(unwritten)));
    let (mut tokens, mut token_reader) = wit_stream::new();
    let mut buffer = tokens.buffer(vec![token(3), token(4), token(5)]);
    block_on(async {
        let mut write = tokens.write_from(&mut buffer);
        in_flight(&mut write).await;
        let first = token_reader.next().await;
        assert_eq!(first.as_ref().map(name), Some(3));
        lies_around(first);
    });
    lies_around(buffer);
    lies_around((tokens, token_reader));
    drop(LYING.take());
    let value = block_on(unread.into_future());
    assert_eq!(name(&value), 1);
    drop(value);
    assert_eq!(dropped_set(), [1, 2, 3, 4, 5]);
    drop(reader);
}

fn sets_and_permits() {
    let permit = ONE.try_admit();
    let guard = Backpressure::hold();
    let drops = Drops::new();
    block_on(async {
        let mut set = JoinSet::new();
        for n in 0..5 {
            let guard = drops.guard();
            set.spawn(async move {
                let _guard = guard;
                if n > 2 {
                    std::future::pending::<()>().await;
                }
                n
            });
        }
        let mut first = Vec::new();
        while first.len() < 3 {
            first.extend(set.join_next().await);
        }
        assert_eq!(first, [0, 1, 2]);
        let mut waits = Box::pin(ONE.admit());
        in_flight(&mut waits).await;
        drop(permit);
        let _permit = waits.await;
        spawn_local(async move { drop(set) });
    });
    assert_eq!(drops.count(), 5, "what was spawned is over");
    assert!(ONE.try_admit().is_some());
    drop(guard);
}

/// Many operations in flight go at once, with their ends, in any order.
fn all_at_once() {
    for round in 0..6 {
        let mut lying: Vec<Box<dyn Any>> = Vec::new();
        for n in 0..10 {
            let (mut writer, reader) = wit_stream::new::<u8>();
            let mut write = Box::pin(async move { writer.write_all(vec![n; 9]).await });
            block_on(in_flight(&mut write));
            let (value, value_reader) = wit_future::new(|| 1_u32);
            let mut offered = value.write(2);
            block_on(in_flight(&mut offered));
            let (own, own_reader) = wit_stream::new::<u8>();
            let mut reading = Box::pin(own_reader.collect());
            block_on(in_flight(&mut reading));
            lying.push(Box::new(write));
            lying.push(Box::new(reader));
            lying.push(Box::new(offered));
            lying.push(Box::new(value_reader));
            lying.push(Box::new(reading));
            lying.push(Box::new(own));
        }
        let length = lying.len();
        lying.rotate_left(round * 7 % length);
        if round % 2 == 0 {
            lying.reverse();
        }
        if round < 3 {
            drop(lying);
        } else {
            drop(acting(0, move || drop(lying)));
        }
    }
    let _ = dropped_set();
}
