//! Items whose destructors use ends, among them those that the items are sent on.

use std::cell::RefCell;
use std::future::IntoFuture;
use std::rc::Rc;
use std::task::Poll;

use futures::future::join;
use guest_support::check::{Drops, in_flight, poll_once, turns};
use wit_async::{StreamResult, block_on, spawn_local};

use crate::bindings::test::ends::relay;
use crate::bindings::{wit_future, wit_stream};
use crate::token::{acting, dropped, dropped_set, name, token};
use crate::words;

pub async fn items_that_act() {
    each_once().await;
    kept_items_drop_their_writer().await;
    items_own_their_reader().await;
    items_own_what_is_in_flight().await;
    items_drop_items().await;
    items_work().await;
    items_spawn().await;
    values_kept().await;
    ends_survive_their_operations().await;
}

/// Those that were sent, that were not, that are kept and that nobody takes.
async fn each_once() {
    let (mut writer, mut reader) = wit_stream::new();
    let mut buffer = writer.buffer((0..10).map(token).collect());
    {
        let mut write = writer.write_from(&mut buffer);
        in_flight(&mut write).await;
        let (result, taken) = reader.read(Vec::with_capacity(2)).await;
        assert_eq!(result, StreamResult::Complete(2));
        assert_eq!(taken.iter().map(name).collect::<Vec<_>>(), [0, 1]);
        // Here a write is dropped that has been read in part.
    }
    assert_eq!(dropped(), [0, 1]);
    assert_eq!(buffer.remaining(), 8);
    {
        let mut read = Box::pin(reader.read(Vec::with_capacity(3)));
        in_flight(&mut read).await;
    }
    assert_eq!(
        writer.write_from(&mut buffer).await,
        StreamResult::Complete(3)
    );
    turns(2).await;
    assert_eq!(dropped(), []);
    let kept = reader.next().await;
    assert_eq!(kept.as_ref().map(name), Some(2));
    drop(reader);
    assert_eq!(dropped(), [3, 4], "what is kept goes with the reader");
    let (result, buffer) = writer.write_buf(buffer).await;
    assert_eq!((result, buffer.remaining()), (StreamResult::Dropped, 5));
    let rest = buffer.into_vec();
    assert_eq!(rest.iter().map(name).collect::<Vec<_>>(), [5, 6, 7, 8, 9]);
    drop((rest, kept));
    assert_eq!(dropped_set(), [2, 5, 6, 7, 8, 9]);
}

/// A reader goes with what it keeps, which drops the writer, in which a write is in flight.
async fn kept_items_drop_their_writer() {
    let (mut writer, mut reader) = wit_stream::new();
    let holder: Rc<RefCell<Option<_>>> = Rc::default();
    let held = holder.clone();
    {
        let mut read = Box::pin(reader.read(Vec::with_capacity(2)));
        in_flight(&mut read).await;
    }
    let first = acting(0, move || drop(held.take()));
    let rest = writer.write(vec![first, token(1)]).await.1;
    assert_eq!(rest.remaining(), 0);
    let mut pending = Box::pin(async move { writer.write_all(vec![token(2), token(3)]).await });
    in_flight(&mut pending).await;
    *holder.borrow_mut() = Some(pending);
    drop(reader);
    assert!(holder.borrow().is_none());
    turns(2).await;
    assert_eq!(dropped_set(), [0, 1, 2, 3]);
}

/// A write of an item is dropped that owns the reader of the stream it is written to.
async fn items_own_their_reader() {
    let (mut writer, reader) = wit_stream::new();
    let owner = acting(0, move || drop(reader));
    {
        let mut write = Box::pin(writer.write(vec![token(1), owner, token(2)]));
        in_flight(&mut write).await;
        turns(1).await;
    }
    assert_eq!(dropped_set(), [0, 1, 2]);
    let back = writer.write_one(token(3)).await;
    assert_eq!(back.as_ref().map(name), Some(3), "the reader has gone");
    drop((back, writer));
    assert_eq!(dropped(), [3]);

    // The same by a default that nobody reads.
    let (writer, reader) = wit_future::new(|| token(9));
    let mut write = writer.write(acting(4, move || drop(reader)));
    in_flight(&mut write).await;
    drop(write);
    turns(3).await;
    assert_eq!(dropped_set(), [4, 9]);
}

/// Operations go in the destructor of an item that goes with an operation.
async fn items_own_what_is_in_flight() {
    let words_left = relay::words(100).await;
    let mut words_left = Box::pin(words_left.collect());
    in_flight(&mut words_left).await;
    let (mut bytes, byte_reader) = wit_stream::new::<u8>();
    let mut byte_write = Box::pin(async move { bytes.write_all(vec![1; 1000]).await });
    in_flight(&mut byte_write).await;
    let (value, value_reader) = wit_future::new(|| 7_u32);
    let mut value_write = value.write(8);
    in_flight(&mut value_write).await;
    let (unwritten, unwritten_reader) = wit_future::new(|| "default".to_owned());
    let mut stream = relay::words(3).await.into_stream();
    let mut one = Box::pin(async move {
        use futures::StreamExt;
        let first = stream.next().await;
        assert_eq!(first.as_deref(), Some("0"));
        std::future::pending::<()>().await;
        drop(stream);
    });
    in_flight(&mut one).await;

    let (mut writer, mut reader) = wit_stream::new();
    let item = acting(0, move || {
        drop((words_left, byte_write, value_write, unwritten, one));
    });
    {
        let mut read = Box::pin(reader.next());
        in_flight(&mut read).await;
    }
    assert!(writer.write_one(item).await.is_none());
    // The item is kept, and goes with the reader.
    drop(reader);
    assert_eq!(dropped(), [0]);
    assert_eq!(unwritten_reader.await, "default");
    assert_eq!(value_reader.await, 7);
    // The write goes on without a value, or has ended: in both cases a byte is a 1.
    let left = byte_reader.collect().await;
    assert!(left.len() <= 1000 && left.iter().all(|byte| *byte == 1));
}

/// Items in items, each of which goes when the one around it goes.
async fn items_drop_items() {
    const DEPTH: u32 = 30;
    let mut nested = token(DEPTH);
    for depth in (0..DEPTH).rev() {
        let (writer, reader) = wit_stream::new();
        let mut write = Box::pin(async move { { writer }.write_all(vec![nested]).await });
        in_flight(&mut write).await;
        nested = acting(depth, move || drop((reader, write)));
    }
    let (writer, reader) = wit_future::new(|| token(99));
    let mut write = writer.write(nested);
    in_flight(&mut write).await;
    drop(reader);
    drop(write);
    turns(DEPTH as usize * 3).await;
    let mut names = dropped_set();
    if names.last() == Some(&99) {
        names.pop();
    }
    assert_eq!(names, (0..=DEPTH).collect::<Vec<_>>());
}

/// The destructor of an item sends and receives.
async fn items_work() {
    let outcome: Rc<RefCell<Vec<Vec<String>>>> = Rc::default();
    let inside = outcome.clone();
    let work = move || {
        let (mut writer, reader) = wit_stream::new();
        let (received, ()) = block_on(join(reader.collect(), async move {
            for word in words(0, 5) {
                assert_eq!(writer.write_one(word).await, None);
            }
        }));
        inside.borrow_mut().push(received);
    };
    let (mut writer, mut reader) = wit_stream::new();
    {
        let mut read = Box::pin(reader.next());
        in_flight(&mut read).await;
    }
    assert!(writer.write_one(acting(0, work.clone())).await.is_none());
    drop(reader);
    {
        let mut write = Box::pin(writer.write_one(acting(1, work.clone())));
        let unsent = (&mut write).await;
        drop(unsent);
    }
    block_on(async { drop(acting(2, work)) });
    assert_eq!(*outcome.borrow(), vec![words(0, 5); 3]);
    assert_eq!(dropped(), [0, 1, 2]);
}

/// The destructor of an item leaves something to do to a `block_on`.
async fn items_spawn() {
    let drops = Drops::new();
    let guard = drops.guard();
    let item = acting(0, move || {
        block_on(async move {
            spawn_local(async move {
                turns(0).await;
                drop(guard);
            });
        });
    });
    drop(item);
    assert_eq!((drops.count(), dropped()), (1, vec![0]));
}

/// The value of a future is kept after a read by reference was dropped, and then taken or not.
async fn values_kept() {
    for taken in [false, true] {
        let (writer, mut reader) = wit_future::new(|| unreachable!("it is written"));
        in_flight(&mut (&mut reader).into_future()).await;
        let (other, other_reader) = wit_future::new(|| token(9));
        let value = acting(0, move || drop((other, other_reader)));
        assert!(writer.write(value).await.is_ok());
        assert_eq!(dropped(), []);
        if taken {
            let mut read = reader.into_future();
            let value = match poll_once(&mut read).await {
                Poll::Ready(value) => value,
                Poll::Pending => read.await,
            };
            assert_eq!(name(&value), 0);
        } else {
            drop(reader);
        }
        turns(2).await;
        let names = dropped_set();
        assert!(names == [0] || names == [0, 9], "{names:?}");
    }
}

/// Operations are dropped in destructors, and their ends used on in the task.
async fn ends_survive_their_operations() {
    for lots in 1..5_u8 {
        let (mut byte_writer, to_pump) = wit_stream::new::<u8>();
        let pumped = relay::pump(to_pump).await;
        let (word_writer, own) = wit_stream::new::<String>();
        assert_eq!(byte_writer.write_one(0).await, None);
        let byte_writer = Rc::new(RefCell::new(byte_writer));
        let word_writer = Rc::new(RefCell::new(word_writer));
        for lot in 0..lots {
            let (bytes, words) = (byte_writer.clone(), word_writer.clone());
            let mut write = Box::pin(async move {
                let lot = vec![10 * (lot + 1); 3000];
                bytes.borrow_mut().write_all(lot).await;
            });
            let _ = poll_once(&mut write).await;
            let mut word_write = Box::pin(async move {
                let lot = vec!["lost".to_owned(); 3];
                words.borrow_mut().write_all(lot).await;
            });
            in_flight(&mut word_write).await;
            drop(acting(0, move || drop((write, word_write))));
        }
        let (pumped, own) = (Rc::new(RefCell::new(pumped)), Rc::new(RefCell::new(own)));
        let (read_pumped, read_own) = (pumped.clone(), own.clone());
        let mut read = Box::pin(async move {
            let mut reader = read_pumped.borrow_mut();
            reader.read(Vec::with_capacity(2)).await.1
        });
        let mut bytes = match poll_once(&mut read).await {
            Poll::Ready(bytes) => bytes,
            Poll::Pending => vec![],
        };
        let mut word_read = Box::pin(async move { read_own.borrow_mut().next().await });
        let mut all_words = match poll_once(&mut word_read).await {
            Poll::Ready(word) => vec![word.expect("it goes on")],
            Poll::Pending => vec![],
        };
        drop(acting(0, move || drop((read, word_read))));
        let writes = async {
            assert!(
                byte_writer
                    .borrow_mut()
                    .write_all(vec![255; 3])
                    .await
                    .is_empty()
            );
            drop(byte_writer);
            assert!(
                word_writer
                    .borrow_mut()
                    .write_all(words(0, 5))
                    .await
                    .is_empty()
            );
            drop(word_writer);
        };
        let pumped = Rc::into_inner(pumped)
            .expect("the read is gone")
            .into_inner();
        let own = Rc::into_inner(own).expect("the read is gone").into_inner();
        let ((rest, word_rest), ()) = join(join(pumped.collect(), own.collect()), writes).await;
        bytes.extend(rest);
        all_words.extend(word_rest);
        // What was dropped may have been sent, but once, and in order.
        assert_eq!(bytes[0], 0);
        assert!(bytes.is_sorted());
        assert!(bytes.ends_with(&[255; 3]));
        assert!(bytes.len() <= 4 + 3000 * usize::from(lots));
        assert!(all_words.ends_with(&words(0, 5)), "{all_words:?}");
        assert!(all_words.len() <= 5 + 3 * usize::from(lots));
        assert!(all_words.iter().rev().skip(5).all(|word| word == "lost"));
    }
    assert_eq!(dropped().len(), 1 + 2 + 3 + 4 + 4);
}
