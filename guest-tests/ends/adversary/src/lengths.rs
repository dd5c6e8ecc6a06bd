//! Units and bytes at the edges of what a vector, a read and a write can hold.

use std::task::Poll;

use futures::future::join;
use guest_support::check::{in_flight, poll_once, turns};
use wit_async::{StreamResult, UnitStreamOps};

use crate::bindings::test::ends::relay;
use crate::bindings::wit_stream;
use crate::words;

pub async fn edges_of_lengths() {
    full_vectors_of_units().await;
    more_units_than_there_are().await;
    nothing_to_nothing().await;
    nothing_with_words().await;
    no_room().await;
    more_than_a_turn().await;
}

/// A vector of units that can hold two more, and one that can hold none.
async fn full_vectors_of_units() {
    for peer in [false, true] {
        let (mut writer, mut reader) = UnitStreamOps::new();
        let mut ticks = if peer {
            Some(relay::ticks(10).await)
        } else {
            None
        };
        let write = async {
            if !peer {
                assert!(writer.write_all(vec![(); 10]).await.is_empty());
            }
            drop(writer);
        };
        let read = async {
            let almost = vec![(); usize::MAX - 2];
            let (result, units) = match &mut ticks {
                Some(ticks) => ticks.read(almost).await,
                None => reader.read(almost).await,
            };
            assert_eq!(
                result,
                StreamResult::Complete(units.len() - (usize::MAX - 2))
            );
            assert!(units.len() > usize::MAX - 2);
            let full = vec![(); usize::MAX];
            let (result, units) = match &mut ticks {
                Some(ticks) => ticks.read(full).await,
                None => reader.read(full).await,
            };
            assert_eq!(
                (result, units.len()),
                (StreamResult::Complete(0), usize::MAX)
            );
            let rest = match ticks {
                Some(ticks) => ticks.collect().await,
                None => reader.collect().await,
            };
            assert!(rest.len() == 8 || rest.len() == 9, "{}", rest.len());
        };
        join(write, read).await;
    }
}

/// As many as a vector can hold are offered, and some are taken.
async fn more_units_than_there_are() {
    let (mut writer, mut reader) = wit_stream::new::<()>();
    let mut buffer = writer.buffer(vec![(); usize::MAX]);
    let mut taken = 0;
    for round in 0..10_usize {
        let mut write = Box::pin(writer.write_from(&mut buffer));
        in_flight(&mut write).await;
        if round % 2 == 0 {
            assert_eq!(reader.next().await, Some(()));
            taken += 1;
        } else {
            let (result, units) = reader.read(vec![(); usize::MAX - 3]).await;
            taken += units.len() - (usize::MAX - 3);
            assert!(matches!(result, StreamResult::Complete(1..=3)));
        }
        turns(1).await;
        drop(write);
        assert_eq!(buffer.remaining(), usize::MAX - taken);
    }
    drop(reader);
    assert_eq!(
        writer.write_buf(buffer).await.1.into_vec().len(),
        usize::MAX - taken
    );
}

/// Reads and writes of length zero, against each other, and then some.
async fn nothing_to_nothing() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let write = async move {
        for byte in 0..20 {
            let (result, rest) = writer.write(Vec::new()).await;
            assert_eq!((result, rest.remaining()), (StreamResult::Complete(0), 0));
            assert!(writer.write_all(Vec::new()).await.is_empty());
            assert_eq!(writer.write_one(byte).await, None);
        }
    };
    let read = async {
        let mut all = Vec::new();
        loop {
            let (result, none) = reader.read(Vec::new()).await;
            assert!(none.is_empty());
            if result == StreamResult::Dropped {
                break;
            }
            let mut read = Box::pin(reader.read(Vec::new()));
            let _ = poll_once(&mut read).await;
            drop(read);
            let mut read = Box::pin(reader.read(Vec::with_capacity(4)));
            if let Poll::Ready((_, items)) = poll_once(&mut read).await {
                all.extend(items);
                continue;
            }
            turns(1).await;
            all.extend(read.as_mut().cancel().1);
        }
        all
    };
    assert_eq!(join(write, read).await.1, (0..20).collect::<Vec<_>>());
}

/// The same for words, in the instance and with the peer.
async fn nothing_with_words() {
    let (mut writer, mut reader) = wit_stream::new::<String>();
    let write = async move {
        for word in words(0, 10) {
            let mut write = Box::pin(writer.write(Vec::new()));
            let _ = poll_once(&mut write).await;
            turns(1).await;
            drop(write);
            let (result, rest) = writer.write(vec![word]).await;
            assert_eq!((result, rest.remaining()), (StreamResult::Complete(1), 0));
        }
    };
    let read = async {
        let mut all = Vec::new();
        while all.len() < 10 {
            let mut read = Box::pin(reader.read(Vec::new()));
            let _ = poll_once(&mut read).await;
            drop(read);
            all.extend(reader.next().await);
        }
        assert_eq!(reader.read(Vec::new()).await.0, StreamResult::Dropped);
        all
    };
    assert_eq!(join(write, read).await.1, words(0, 10));

    let (mut writer, reader) = wit_stream::new::<String>();
    let (collected, ()) = join(relay::collect_words(reader), async move {
        for word in words(0, 10) {
            assert_eq!(writer.write(Vec::new()).await.0, StreamResult::Complete(0));
            let mut write = Box::pin(writer.write(Vec::new()));
            let _ = poll_once(&mut write).await;
            drop(write);
            assert_eq!(writer.write_one(word).await, None);
        }
    })
    .await;
    assert_eq!(collected, words(0, 10));
}

/// Vectors that are full, of items that are kept, and of those that come.
async fn no_room() {
    let mut reader = relay::words(10).await;
    let mut read = Box::pin(reader.read(Vec::with_capacity(3)));
    let mut all = match poll_once(&mut read).await {
        Poll::Ready((_, items)) => items,
        Poll::Pending => vec![],
    };
    drop(read);
    turns(5).await;
    for _ in 0..6 {
        all.shrink_to_fit();
        let room = all.capacity() - all.len();
        let before = all.len();
        let (result, items) = reader.read(all).await;
        all = items;
        match result {
            StreamResult::Complete(count) => {
                assert!(count <= room);
                assert_eq!(all.len(), before + count);
            }
            other => assert_eq!(other, StreamResult::Dropped),
        }
        all.extend(reader.next().await);
    }
    all.extend(reader.collect().await);
    assert_eq!(all, words(0, 10));
}

/// More operations than a turn has, in one poll, dropped and cancelled where they wait.
async fn more_than_a_turn() {
    const WORDS: u32 = 500;
    let (mut writer, mut reader) = wit_stream::new::<String>();
    let mut buffer = writer.buffer(words(0, WORDS));
    let mut all = Vec::new();
    for n in 0..WORDS {
        {
            let mut write = writer.write_from(&mut buffer);
            let _ = poll_once(&mut write).await;
            let mut read = Box::pin(reader.read(Vec::with_capacity(2)));
            match poll_once(&mut read).await {
                Poll::Ready((_, items)) => all.extend(items),
                Poll::Pending if n % 3 == 0 => all.extend(read.as_mut().cancel().1),
                Poll::Pending => {}
            }
        }
        if n == WORDS / 2 {
            turns(1).await;
        }
    }
    let write = async move {
        while buffer.remaining() > 0 {
            let result = writer.write_from(&mut buffer).await;
            assert!(matches!(result, StreamResult::Complete(1..)));
        }
        drop(writer);
    };
    let (rest, ()) = join(reader.collect(), write).await;
    all.extend(rest);
    assert_eq!(all, words(0, WORDS));
}
