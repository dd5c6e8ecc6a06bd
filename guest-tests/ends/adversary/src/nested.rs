//! Ends in items, in every state, sent, taken back and lost on the way.

use std::future::IntoFuture;
use std::task::Poll;

use futures::StreamExt;
use futures::future::{join, join_all, join3};
use guest_support::check::{in_flight, poll_once, turns};
use wit_async::{
    FutureReader, FutureWriteCancel, StreamReader, StreamResult, StreamWriter, spawn_local,
};

use crate::bindings::test::ends::relay;
use crate::bindings::{wit_future, wit_stream};
use crate::words;

pub async fn ends_in_items() {
    in_every_state().await;
    taken_back().await;
    lost_on_the_way().await;
    futures_in_streams().await;
    streams_in_futures().await;
    kept_and_not_wanted().await;
    handed_while_written().await;
}

/// Writes the words one by one, until nobody reads; says how many were taken.
async fn writes(mut writer: StreamWriter<String>, count: u32) -> u32 {
    for (n, word) in words(0, count).into_iter().enumerate() {
        if let Some(unsent) = writer.write_one(word).await {
            assert_eq!(unsent, n.to_string());
            return n as u32;
        }
    }
    count
}

/// So many words were read before, and the reader is in state `state`.
async fn in_state(
    mut reader: StreamReader<String>,
    state: u32,
    got: &mut Vec<String>,
) -> StreamReader<String> {
    match state {
        0 => {}
        1 => in_flight(&mut Box::pin(reader.next())).await,
        2 => {
            // It keeps two words, and the writer has more.
            in_flight(&mut Box::pin(reader.read(Vec::with_capacity(2)))).await;
            turns(4).await;
        }
        3 => {
            let mut stream = reader.into_stream();
            in_flight(&mut stream.next()).await;
            turns(3).await;
            reader = stream.into_inner().expect("not at the end");
        }
        4 => {
            in_flight(&mut Box::pin(reader.read(Vec::with_capacity(4)))).await;
            turns(4).await;
            got.extend(reader.next().await);
            // A read of what is kept, before the rest of it.
            let mut read = Box::pin(reader.read(Vec::with_capacity(2)));
            if let Poll::Ready((_, items)) = poll_once(&mut read).await {
                got.extend(items);
            }
        }
        5 => {
            let mut read = Box::pin(reader.read(Vec::new()));
            let _ = poll_once(&mut read).await;
        }
        _ => {
            let mut read = Box::pin(reader.read(Vec::with_capacity(2)));
            in_flight(&mut read).await;
            turns(2).await;
            got.extend(read.as_mut().cancel().1);
        }
    }
    reader
}

const STATES: u32 = 7;

async fn in_every_state() {
    const WORDS: u32 = 8;
    let (mut outer, mut inners) = wit_stream::new::<StreamReader<String>>();
    let mut expected = Vec::new();
    let mut readers = Vec::new();
    for state in 0..STATES {
        let (writer, reader) = wit_stream::new();
        let mut got = Vec::new();
        let write = spawn_local(async move {
            turns(1).await;
            writes(writer, WORDS).await
        });
        readers.push(in_state(reader, state, &mut got).await);
        expected.push((got, write));
    }
    let sends = async move {
        let mut lot = Vec::new();
        for (n, reader) in readers.into_iter().enumerate() {
            lot.push(reader);
            if n % 2 == 1 {
                assert!(outer.write_all(std::mem::take(&mut lot)).await.is_empty());
            }
        }
        assert!(outer.write_all(lot).await.is_empty());
    };
    let reads = async {
        let mut all = Vec::new();
        // The read of the outer stream is dropped too.
        in_flight(&mut Box::pin(inners.read(Vec::with_capacity(3)))).await;
        turns(2).await;
        while let Some(inner) = inners.next().await {
            all.push(inner.collect());
        }
        join_all(all).await
    };
    let (all, ()) = join(reads, sends).await;
    assert_eq!(all.len(), STATES as usize);
    for (state, ((mut got, write), rest)) in expected.into_iter().zip(all).enumerate() {
        got.extend(rest);
        assert_eq!(got, words(0, WORDS), "state {state}");
        assert_eq!(write.await, Some(WORDS), "state {state}");
    }
}

/// A write of readers is cancelled, and the readers that come back are used on.
async fn taken_back() {
    for state in 0..STATES {
        for peer in [false, true] {
            let (mut outer, inners) = wit_stream::new::<StreamReader<String>>();
            let (writer, reader) = wit_stream::new();
            let write = spawn_local(async move {
                turns(1).await;
                writes(writer, 8).await
            });
            let mut got = Vec::new();
            let mut reader = in_state(reader, state, &mut got).await;
            for round in 0..3 {
                let mut send = Box::pin(outer.write(vec![reader]));
                in_flight(&mut send).await;
                turns(round).await;
                let (result, buffer) = send.as_mut().cancel();
                assert_eq!(result, StreamResult::Cancelled);
                reader = buffer.into_vec().pop().expect("nobody took it");
            }
            drop(inners);
            got.extend(if peer {
                relay::collect_words(reader).await
            } else {
                reader.collect().await
            });
            assert_eq!(got, words(0, 8), "state {state}, peer {peer}");
            assert_eq!(write.await, Some(8));
        }
    }
}

/// Outer streams go with readers in them, written, kept, and half read: writers are told.
async fn lost_on_the_way() {
    for how in 0..4 {
        let (mut outer, mut inners) = wit_stream::new::<StreamReader<String>>();
        let mut all_writes = Vec::new();
        let mut readers = Vec::new();
        for state in 0..STATES {
            let (writer, reader) = wit_stream::new();
            all_writes.push(spawn_local(async move {
                turns(1).await;
                writes(writer, 1000).await
            }));
            readers.push(in_state(reader, state, &mut Vec::new()).await);
        }
        match how {
            0 => {
                let mut send = Box::pin(outer.write(readers));
                in_flight(&mut send).await;
                drop(send);
            }
            1 => {
                in_flight(&mut Box::pin(inners.read(Vec::with_capacity(4)))).await;
                let mut send = Box::pin(outer.write_all(readers));
                let _ = poll_once(&mut send).await;
                turns(2).await;
                drop(inners);
                let rest = send.await;
                assert_eq!(rest.len(), STATES as usize - 4);
                drop(rest);
            }
            2 => {
                let mut send = Box::pin(async move { outer.write_all(readers).await });
                in_flight(&mut send).await;
                drop(inners.next().await);
                drop(inners);
                drop(send);
            }
            _ => {
                drop(inners);
                let (_, buffer) = outer.write(readers).await;
                drop(buffer);
            }
        }
        for write in all_writes {
            let taken = write.await.expect("nobody cancelled it");
            assert!(taken < 1000, "the writer is told, after {taken} words");
        }
    }
}

/// Futures that are read by reference, dropped in flight, and then sent.
async fn futures_in_streams() {
    let (mut outer, mut inners) = wit_stream::new::<FutureReader<String>>();
    let sends = async move {
        for n in 0..12 {
            let (writer, mut reader) = wit_future::new(|| "default".to_owned());
            let mut write = Some(writer.write(n.to_string()));
            let mut late = None;
            match n % 4 {
                0 => {}
                1 => {
                    // The value is kept in the reader when it goes.
                    in_flight(&mut (&mut reader).into_future()).await;
                    write.take().expect("once").await.expect("somebody read");
                }
                2 => {
                    in_flight(&mut (&mut reader).into_future()).await;
                    late = write.take();
                }
                _ => {
                    in_flight(write.as_mut().expect("once")).await;
                    turns(1).await;
                }
            }
            assert!(outer.write_one(reader).await.is_none());
            for write in [write, late].into_iter().flatten() {
                write.await.expect("somebody reads");
            }
        }
    };
    let reads = async {
        let mut all = Vec::new();
        while let Some(mut inner) = inners.next().await {
            if all.len() % 3 == 0 {
                let mut read = (&mut inner).into_future();
                if let Poll::Ready(value) = poll_once(&mut read).await {
                    all.push(value);
                    continue;
                }
            }
            all.push(if all.len() % 2 == 0 {
                inner.await
            } else {
                relay::read_value(inner).await
            });
        }
        all
    };
    assert_eq!(join(sends, reads).await.1, words(0, 12));
}

/// A stream comes by a future, whose read was dropped before.
async fn streams_in_futures() {
    for state in 0..STATES {
        let (writer, reader) = wit_stream::new();
        let (later, mut reader_later) = wit_future::new(|| unreachable!("it is written"));
        in_flight(&mut (&mut reader_later).into_future()).await;
        let mut got = Vec::new();
        let write = spawn_local(async move {
            turns(1).await;
            writes(writer, 8).await
        });
        let reader = in_state(reader, state, &mut got).await;
        let (sent, received, ()) = join3(
            async { later.write(reader).await.is_ok() },
            async {
                turns(2).await;
                reader_later.await.collect().await
            },
            turns(1),
        )
        .await;
        got.extend(received);
        assert!(sent);
        assert_eq!(got, words(0, 8), "state {state}");
        assert_eq!(write.await, Some(8));
    }
}

/// Readers that keep something go to a peer that takes a part of it, or nothing.
async fn kept_and_not_wanted() {
    for state in 0..STATES {
        for take in 0..3 {
            let (writer, reader) = wit_stream::new();
            let mut got = Vec::new();
            let write = spawn_local(async move {
                turns(1).await;
                writes(writer, 1000).await
            });
            let reader = in_state(reader, state, &mut got).await;
            if take == 0 {
                relay::drop_words(reader, state % 2 == 0).await;
            } else {
                got.extend(relay::take_words(reader, take).await);
            }
            let taken = write.await.expect("nobody cancelled it");
            assert!(taken < 1000, "the writer is told, after {taken} words");
            assert_eq!(got, words(0, got.len() as u32), "state {state}");
        }
    }
    for how in 0..4 {
        let (writer, mut reader) = wit_future::new(|| unreachable!("it is written"));
        in_flight(&mut (&mut reader).into_future()).await;
        if how < 2 {
            writer
                .write("kept".to_owned())
                .await
                .expect("a read is in flight");
        } else {
            spawn_local(async move {
                turns(3).await;
                let _ = writer.write("kept".to_owned()).await;
            });
        }
        if how % 2 == 0 {
            relay::drop_value(reader, how == 2).await;
        } else {
            assert_eq!(relay::read_value(reader).await, "kept");
        }
    }
}

/// A reader is handed away, or sent, while a write waits in the instance, which is then given up.
async fn handed_while_written() {
    for peer in [false, true] {
        for wait in 0..5 {
            for form in 0..4 {
                let (mut writer, reader) = wit_stream::new::<String>();
                let mut buffer = writer.buffer(words(0, 20));
                let mut write = Box::pin(writer.write_from(&mut buffer));
                in_flight(&mut write).await;
                let collects = spawn_local(async move {
                    if peer {
                        return relay::collect_words(reader).await;
                    }
                    let (mut outer, mut inner) = wit_stream::new();
                    let (unsent, inner) = join(outer.write_one(reader), inner.next()).await;
                    assert!(unsent.is_none());
                    inner.expect("it was sent").collect().await
                });
                turns(wait).await;
                match form {
                    0 => drop(write),
                    1 => {
                        let _ = poll_once(&mut write).await;
                        drop(write);
                    }
                    2 => {
                        drop(write);
                        let mut write = Box::pin(writer.write_buf(buffer));
                        buffer = match poll_once(&mut write).await {
                            Poll::Ready((_, rest)) => rest,
                            Poll::Pending => write.as_mut().cancel().1,
                        };
                    }
                    _ => {
                        assert!(matches!(write.await, StreamResult::Complete(1..)));
                    }
                }
                let rest = buffer.into_vec();
                assert!(writer.write_all(rest).await.is_empty());
                drop(writer);
                assert_eq!(collects.await, Some(words(0, 20)), "{peer} {wait} {form}");
            }
            let (writer, reader) = wit_future::new(|| "default".to_owned());
            let mut write = Box::pin(writer.write("first".to_owned()));
            in_flight(&mut write).await;
            let reads = spawn_local(async move {
                if peer {
                    relay::read_value(reader).await
                } else {
                    reader.await
                }
            });
            turns(wait).await;
            let expected = match write.as_mut().cancel() {
                FutureWriteCancel::AlreadySent => "first",
                FutureWriteCancel::Dropped(_) => unreachable!("somebody reads"),
                FutureWriteCancel::Cancelled(value, writer) => {
                    assert_eq!(value, "first");
                    if wait % 2 == 0 {
                        writer
                            .write("second".to_owned())
                            .await
                            .expect("somebody reads");
                        "second"
                    } else {
                        drop(writer);
                        "default"
                    }
                }
            };
            assert_eq!(reads.await.as_deref(), Some(expected));
        }
    }
}
