//! Reads and writes in every form, dropped, cancelled and finished in any order.

use std::task::Poll;

use futures::StreamExt;
use futures::future::{Either, join3, select};
use guest_support::check::{blocking_turns, poll_once, turns};
use wit_async::{StreamReader, StreamResult, StreamWriter, yield_async};

use crate::bindings::test::ends::relay;
use crate::bindings::wit_stream;
use crate::{Choices, around, words};

const ITEMS: u32 = 120;

pub async fn any_order_of_everything() {
    around::kept_bytes_go_around().await;
    for seed in 0..12 {
        let (words_writer, to_peer) = wit_stream::new::<String>();
        let (bytes_writer, to_pump) = wit_stream::new::<u8>();
        let (own_writer, own) = wit_stream::new::<String>();
        let from_peer = relay::words(ITEMS).await;
        let pumped = relay::pump(to_pump).await;
        let bytes: Vec<u8> = (0..ITEMS as u8).collect();
        let reads = join3(
            read_all(from_peer, Choices(seed)),
            read_all(pumped, Choices(seed + 100)),
            read_all(own, Choices(seed + 200)),
        );
        let writes = join3(
            write_all(words_writer, words(0, ITEMS), Choices(seed + 300)),
            write_all(bytes_writer, bytes.clone(), Choices(seed + 400)),
            write_all(own_writer, words(0, ITEMS), Choices(seed + 500)),
        );
        let (collected, reads, _) = join3(relay::collect_words(to_peer), reads, writes).await;
        assert_eq!(collected, words(0, ITEMS), "written to the peer, {seed}");
        assert_eq!(reads.0, words(0, ITEMS), "read from the peer, {seed}");
        assert_eq!(reads.1, bytes, "pumped, {seed}");
        assert_eq!(reads.2, words(0, ITEMS), "in the instance, {seed}");
    }
}

trait Item: Sized + 'static {
    async fn all(reader: StreamReader<Self>) -> Vec<Self>;
}

impl Item for String {
    /// The peer has the rest, or it is read here.
    async fn all(reader: StreamReader<String>) -> Vec<String> {
        relay::collect_words(reader).await
    }
}

impl Item for u8 {
    async fn all(reader: StreamReader<u8>) -> Vec<u8> {
        relay::pump(reader).await.collect().await
    }
}

async fn read_all<T: Item>(mut reader: StreamReader<T>, mut choices: Choices) -> Vec<T> {
    let mut all = Vec::new();
    loop {
        match choices.below(12) {
            0 => match reader.next().await {
                Some(item) => all.push(item),
                None => return all,
            },
            1 | 2 => {
                let capacity = choices.below(6) as usize;
                let mut read = Box::pin(reader.read(Vec::with_capacity(capacity)));
                if let Poll::Ready((_, items)) = poll_once(&mut read).await {
                    all.extend(items);
                } else if choices.below(2) == 0 {
                    turns(choices.below(4) as usize).await;
                }
            }
            3 | 4 => {
                let capacity = choices.below(6) as usize;
                let mut read = Box::pin(reader.read(Vec::with_capacity(capacity)));
                match poll_once(&mut read).await {
                    Poll::Ready((_, items)) => all.extend(items),
                    Poll::Pending => {
                        turns(choices.below(3) as usize).await;
                        all.extend(read.as_mut().cancel().1);
                    }
                }
            }
            5 => {
                let mut stream = reader.into_stream();
                for _ in 0..choices.below(4) {
                    let next = poll_once(&mut stream.next()).await;
                    match next {
                        Poll::Ready(Some(item)) => all.push(item),
                        Poll::Ready(None) => return all,
                        Poll::Pending => turns(choices.below(2) as usize).await,
                    }
                }
                match stream.into_inner() {
                    Some(same) => reader = same,
                    None => return all,
                }
            }
            6 => {
                let read = Box::pin(reader.next());
                match select(Box::pin(yield_async()), read).await {
                    Either::Left(((), read)) => drop(read),
                    Either::Right((Some(item), _)) => all.push(item),
                    Either::Right((None, _)) => return all,
                }
            }
            7 => {
                let before = std::mem::take(&mut all);
                let length = before.len();
                all.reserve(1);
                let (result, items) = reader.read(before_with_room(before)).await;
                all = items;
                if result == StreamResult::Dropped {
                    assert_eq!(all.len(), length);
                    return all;
                }
                assert_eq!(result, StreamResult::Complete(all.len() - length));
            }
            8 => turns(choices.below(3) as usize).await,
            9 => blocking_turns(choices.below(3) as usize),
            10 => {
                drop(reader.read(Vec::new()));
                let read = std::pin::pin!(reader.read(Vec::with_capacity(2)));
                all.extend(read.cancel().1);
            }
            _ => {
                if choices.below(12) == 0 {
                    all.extend(T::all(reader).await);
                    return all;
                }
            }
        }
    }
}

fn before_with_room<T>(mut items: Vec<T>) -> Vec<T> {
    items.reserve_exact(3);
    items
}

async fn write_all<T: 'static>(mut writer: StreamWriter<T>, items: Vec<T>, mut choices: Choices) {
    let mut buffer = writer.buffer(items);
    while buffer.remaining() > 0 {
        match choices.below(10) {
            0 => {
                let result = writer.write_from(&mut buffer).await;
                assert!(matches!(result, StreamResult::Complete(1..)));
            }
            1..=3 => {
                let mut write = Box::pin(writer.write_from(&mut buffer));
                if poll_once(&mut write).await.is_pending() {
                    turns(choices.below(3) as usize).await;
                }
            }
            4 | 5 => {
                let mut write = Box::pin(writer.write_buf(buffer));
                buffer = match poll_once(&mut write).await {
                    Poll::Ready((_, rest)) => rest,
                    Poll::Pending => {
                        turns(choices.below(3) as usize).await;
                        write.as_mut().cancel().1
                    }
                };
            }
            6 => {
                // A part of it, and the rest comes back into the same buffer.
                let mut rest = buffer.into_vec();
                let tail = rest.split_off(rest.len().min(3));
                let mut part = writer.write(rest).await.1.into_vec();
                part.extend(tail);
                buffer = writer.buffer(part);
            }
            7 => {
                let mut empty = writer.buffer(Vec::new());
                let mut write = Box::pin(writer.write_from(&mut empty));
                let _ = poll_once(&mut write).await;
            }
            8 => {
                let mut rest = buffer.into_vec();
                let first = rest.remove(0);
                if let Some(unsent) = writer.write_one(first).await {
                    rest.insert(0, unsent);
                }
                buffer = writer.buffer(rest);
            }
            _ => turns(choices.below(3) as usize).await,
        }
    }
}
