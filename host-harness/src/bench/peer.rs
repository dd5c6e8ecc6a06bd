//! The harness as the callee: it does what the guest in `programs/peer.rs` does.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use wasmtime::component::{
    Destination, Linker, Source, StreamConsumer, StreamProducer, StreamReader, StreamResult,
    VecBuffer,
};
use wasmtime::{Result, StoreContextMut};

use super::host::Host;

/// Defines what the rows with the host call.
///
/// # Errors
///
/// When a name is defined twice.
pub fn add_to_linker(linker: &mut Linker<Host>) -> Result<()> {
    let mut peer = linker.instance("test:bench/peer@0.1.0")?;
    peer.func_wrap_concurrent("ready", |_, (a,): (u32,)| Box::pin(async move { Ok((a,)) }))?;
    peer.func_wrap_concurrent("yields", |_, (a,): (u32,)| {
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok((a,))
        })
    })?;
    peer.func_wrap_concurrent(
        "take-bytes",
        |accessor, (bytes, _chunk): (StreamReader<u8>, u32)| {
            Box::pin(async move {
                let (done, sum) = oneshot::channel();
                let taker = Taker {
                    look: Look::default(),
                    done: Some(done),
                };
                accessor.with(|access| bytes.pipe(access, taker))?;
                Ok((sum.await?,))
            })
        },
    )?;
    peer.func_wrap_concurrent("give-bytes", |accessor, (chunk, count): (u32, u32)| {
        Box::pin(async move {
            let giver = Giver {
                chunk: chunk as usize,
                count,
                round: 0,
                given: 0,
            };
            Ok((accessor.with(|access| StreamReader::new(access, giver))?,))
        })
    })
}

/// Looks at what was read, as guests do: a byte here and there, the same ones in whatever
/// pieces they come.
#[derive(Default)]
struct Look {
    offset: usize,
    sum: u64,
}

impl Look {
    const STEP: usize = 4096;

    fn at(&mut self, bytes: &[u8]) {
        let first = self.offset.next_multiple_of(Self::STEP) - self.offset;
        let seen = bytes.iter().skip(first).step_by(Self::STEP);
        self.sum += seen.map(|byte| u64::from(*byte)).sum::<u64>();
        self.offset += bytes.len();
    }
}

/// Reads to the end.
struct Taker {
    look: Look,
    done: Option<oneshot::Sender<u64>>,
}

impl Drop for Taker {
    fn drop(&mut self) {
        if let Some(done) = self.done.take() {
            // Nobody waits where the call was cancelled.
            let _ = done.send(self.look.sum + self.look.offset as u64);
        }
    }
}

impl<D: 'static> StreamConsumer<D> for Taker {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        source: Source<'_, u8>,
        _: bool,
    ) -> Poll<Result<StreamResult>> {
        let mut source = source.as_direct(store);
        let bytes = source.remaining();
        let count = bytes.len();
        self.look.at(bytes);
        source.mark_read(count);
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

/// Writes chunks of bytes.
struct Giver {
    chunk: usize,
    count: u32,
    round: u32,
    /// How much of the chunk is given.
    given: usize,
}

impl<D: 'static> StreamProducer<D> for Giver {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        destination: Destination<'a, u8, VecBuffer<u8>>,
        _: bool,
    ) -> Poll<Result<StreamResult>> {
        if self.round == self.count {
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        let mut destination = destination.as_direct(store, self.chunk);
        let room = destination.remaining();
        let count = room.len().min(self.chunk - self.given);
        room[..count].fill(self.round as u8);
        destination.mark_written(count);
        self.given += count;
        if self.given == self.chunk {
            self.given = 0;
            self.round += 1;
        }
        Poll::Ready(Ok(StreamResult::Completed))
    }
}
