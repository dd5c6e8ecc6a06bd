//! Bytes that a dropped read got go through the peer and back, again and again.

use std::task::Poll;

use futures::StreamExt;
use futures::future::join;
use guest_support::check::{poll_once, turns};
use wit_async::spawn_local;

use crate::Choices;
use crate::bindings::test::ends::relay;
use crate::bindings::wit_stream;

pub async fn kept_bytes_go_around() {
    for seed in 0..6 {
        around(seed).await;
    }
    given_up_half_way().await;
}

async fn around(seed: u64) {
    const BYTES: usize = 5000;
    let mut choices = Choices(seed);
    let all: Vec<u8> = (0..BYTES).map(|n| (n % 251) as u8).collect();
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let written = all.clone();
    let write = spawn_local(async move {
        let mut rest = written;
        while !rest.is_empty() {
            let after = rest.split_off(rest.len().min(77));
            assert!(writer.write_all(rest).await.is_empty());
            rest = after;
        }
    });
    let mut received = Vec::new();
    for _ in 0..8 {
        for _ in 0..choices.below(4) {
            let capacity = choices.below(40) as usize;
            let mut read = Box::pin(reader.read(Vec::with_capacity(capacity)));
            if let Poll::Ready((_, items)) = poll_once(&mut read).await {
                received.extend(items);
            } else {
                turns(choices.below(5) as usize).await;
            }
        }
        if choices.below(2) == 0 {
            let mut stream = reader.into_stream();
            if let Poll::Ready(byte) = poll_once(&mut stream.next()).await {
                received.extend(byte);
            }
            reader = stream.into_inner().expect("not at the end");
        }
        reader = relay::pump(reader).await;
    }
    received.extend(reader.collect().await);
    assert_eq!(received.len(), all.len(), "seed {seed}");
    assert!(received == all, "seed {seed}: each byte once and in order");
    assert_eq!(write.await, Some(()));
}

/// The last of the readers goes: each before it is told, and the writer in the end.
async fn given_up_half_way() {
    let (mut writer, mut reader) = wit_stream::new::<u8>();
    let write = async move {
        let mut sent = 0_u64;
        loop {
            let unsent = writer.write_all(vec![sent as u8; 100]).await;
            sent += 1;
            if !unsent.is_empty() {
                break sent;
            }
        }
    };
    let read = async {
        for _ in 0..5 {
            {
                let mut read = Box::pin(reader.read(Vec::with_capacity(7)));
                let _ = poll_once(&mut read).await;
                turns(2).await;
            }
            reader = relay::pump(reader).await;
        }
        assert!(reader.next().await.is_some());
        drop(reader);
    };
    let (sent, ()) = join(write, read).await;
    assert!(sent < 1000, "the writer is told, after {sent} lots");
}
