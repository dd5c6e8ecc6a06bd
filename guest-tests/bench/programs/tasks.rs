//! What an executor does: the same text for each runtime.

use futures::future::join;

use crate::Runner;
use crate::bindings::exports::test::bench::{spawns, tasks};
use crate::bindings::test::bench::peer;
use crate::runtime::{spawn_local, yield_async};

impl tasks::Guest for Runner {
    async fn yields(n: u32, _: u32) -> u64 {
        for _ in 0..n {
            yield_async().await;
        }
        u64::from(n)
    }

    async fn wake(n: u32, _: u32) -> u64 {
        let (ping, pong) = join(peer::ping(n), peer::pong(n)).await;
        ping + pong
    }
}

impl spawns::Guest for Runner {
    async fn spawn(n: u32, size: u32) -> u64 {
        let mut sum = 0;
        for _ in 0..n {
            let handles: Vec<_> = (0..size)
                .map(|place| spawn_local(async move { u64::from(place) }))
                .collect();
            for handle in handles {
                sum += handle.await.unwrap_or_default();
            }
        }
        sum
    }
}
