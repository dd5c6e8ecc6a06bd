//! Scopes, sets and operations are leaked in flight, and their ends used on.

use std::cell::Cell;
use std::future::pending;
use std::mem;
use std::rc::Rc;

use futures::future::join;
use guest_support::check::{Drops, in_flight, turns};
use guest_support::leaves_blocks;
use wit_async::{JoinSet, scope, spawn_local};

use crate::bindings::test::ends::relay;
use crate::bindings::wit_stream;
use crate::words;

pub async fn leaked_then_used() {
    leaves_blocks(LEAKED);
    scopes().await;
    scopes_in_scopes().await;
    sets().await;
    words_in_the_instance().await;
}

/// Three reads of bytes in scopes, three reads and three writes of words.
const LEAKED: u32 = 9;

/// A scope that reads and writes is leaked; what it borrowed is free again.
async fn scopes() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let (mut back, back_reader) = wit_stream::new::<u8>();
    let mut pumped = relay::pump(back_reader).await;
    let polled = Cell::new(0);
    {
        let borrowed = (&mut reader, &mut pumped);
        let polled = &polled;
        let leaked = scope(async move |s| {
            let (reader, pumped) = borrowed;
            s.spawn(async move {
                polled.set(polled.get() + 1);
                reader.next().await;
                polled.set(polled.get() + 100);
            });
            s.spawn(async move {
                polled.set(polled.get() + 1);
                pumped.next().await;
                polled.set(polled.get() + 100);
            });
            pending::<()>().await;
        });
        let mut leaked = Box::pin(leaked);
        in_flight(&mut leaked).await;
        mem::forget(leaked);
    }
    assert_eq!(polled.get(), 2);
    // The first byte of each goes to the reads that were leaked, if they go on.
    let write = async move {
        for byte in 0..10 {
            assert_eq!(writer.write_one(byte).await, None);
            assert_eq!(back.write_one(byte).await, None);
        }
    };
    let (read, pumped) = (reader.collect(), pumped.collect());
    let ((), (read, pumped)) = join(write, join(read, pumped)).await;
    for got in [read, pumped] {
        let first = got[0];
        assert!(first <= 1, "only what the leaked read got is lost: {got:?}");
        assert_eq!(got, (first..10).collect::<Vec<_>>());
    }
    assert_eq!(polled.get(), 2, "nothing of what was leaked runs");
}

/// The inner scope is leaked by a future of the outer one, which goes on.
async fn scopes_in_scopes() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let drops = Drops::new();
    let last = scope(async |s| {
        let reads = s.spawn(async {
            {
                let guard = drops.guard();
                let reader = &mut reader;
                let mut inner = Box::pin(scope(async move |inner| {
                    inner.spawn(async move {
                        let _guard = guard;
                        reader.next().await
                    });
                    turns(1000).await;
                }));
                in_flight(&mut inner).await;
                mem::forget(inner);
            }
            turns(2).await;
            let mut last = None;
            while let Some(byte) = reader.next().await {
                assert!(last < Some(byte), "in order");
                last = Some(byte);
            }
            last
        });
        s.spawn(async {
            let mut writer = writer_of(&mut writer);
            for byte in 1..20 {
                turns(usize::from(byte) % 3).await;
                assert_eq!(writer.write_one(byte).await, None);
            }
            drop(writer);
        });
        reads.await
    })
    .await;
    assert_eq!(last, Some(Some(19)));
    assert_eq!(drops.count(), 0);
}

fn writer_of(writer: &mut wit_async::StreamWriter<u8>) -> wit_async::StreamWriter<u8> {
    mem::replace(writer, wit_stream::new().0)
}

/// A leaked set lets its futures go on, and so does a leaked handle.
async fn sets() {
    let done = Rc::new(Cell::new(0));
    let mut set = JoinSet::new();
    for n in 0..5 {
        let done = done.clone();
        set.spawn(async move {
            turns(n).await;
            done.set(done.get() + 1);
        });
    }
    let mut next = Box::pin(async move { set.join_next().await });
    in_flight(&mut next).await;
    mem::forget(next);
    let counted = done.clone();
    mem::forget(spawn_local(async move { counted.set(counted.get() + 10) }).abort_on_drop());
    turns(20).await;
    assert_eq!(done.get(), 15);
}

/// Writes and reads of words that meet in the runtime are leaked, one after the other.
async fn words_in_the_instance() {
    let (mut writer, mut reader) = wit_stream::new::<String>();
    for _ in 0..3 {
        let mut read = Box::pin(reader.next());
        in_flight(&mut read).await;
        mem::forget(read);
    }
    let all = join(reader.collect(), async move {
        assert!(writer.write_all(words(0, 10)).await.is_empty());
    });
    let received = all.await.0;
    assert!(
        received.len() >= 7 && words(0, 10).ends_with(&received),
        "only what leaked reads got is lost: {received:?}"
    );

    let (mut writer, reader) = wit_stream::new::<String>();
    for lot in 0..3 {
        let mut write = Box::pin(writer.write(words(2 * lot, 2 * lot + 2)));
        in_flight(&mut write).await;
        mem::forget(write);
    }
    in_flight(&mut Box::pin(writer.write_one("dropped".to_owned()))).await;
    let (received, unsent) = join(reader.collect(), async move {
        writer.write_all(words(6, 10)).await
    })
    .await;
    assert!(unsent.is_empty());
    assert!(
        received.len() >= 4 && words(0, 10).ends_with(&received),
        "only what leaked writes had is lost: {received:?}"
    );
}
