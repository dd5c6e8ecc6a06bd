//! The harness as the callee: it does what the guest in `programs/peer.rs` does.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use wasmtime::component::{
    Destination, FutureConsumer, FutureProducer, FutureReader, Linker, Source, StreamConsumer,
    StreamProducer, StreamReader, StreamResult, VecBuffer,
};
use wasmtime::{Result, StoreContextMut};

use super::host::Host;

/// How the host does its part of what goes through streams and futures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pace {
    /// It is ready each time.
    AtOnce,
    /// It gives way once each time, so that guests have to wait.
    GivesWay,
}

impl Pace {
    fn turn(self) -> Turn {
        Turn {
            pace: self,
            has_given_way: false,
        }
    }
}

/// Whose turn it is in one transfer after the other.
struct Turn {
    pace: Pace,
    has_given_way: bool,
}

impl Turn {
    /// Whether the transfer can take place.
    fn is_here(&mut self, context: &Context<'_>) -> bool {
        if self.pace == Pace::GivesWay && !self.has_given_way {
            self.has_given_way = true;
            context.waker().wake_by_ref();
            return false;
        }
        self.has_given_way = false;
        true
    }
}

/// Defines what the rows with the host call.
///
/// # Errors
///
/// When a name is defined twice.
pub fn add_to_linker(linker: &mut Linker<Host>, pace: Pace) -> Result<()> {
    let mut promises = linker.instance("test:bench/promises@0.1.0")?;
    promises.func_wrap_concurrent("give-number", move |accessor, (): ()| {
        Box::pin(async move {
            let turn = pace.turn();
            let number = accessor.with(|access| FutureReader::new(access, Number { turn }))?;
            Ok((number,))
        })
    })?;
    promises.func_wrap_concurrent(
        "take-later",
        move |accessor, (number,): (FutureReader<u32>,)| {
            Box::pin(async move {
                let turn = pace.turn();
                accessor.with(|access| number.pipe(access, Number { turn }))
            })
        },
    )?;
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
        move |accessor, (bytes, _chunk): (StreamReader<u8>, u32)| {
            Box::pin(async move {
                let (done, sum) = oneshot::channel();
                let taker = Taker {
                    look: Look::default(),
                    done: Some(done),
                    turn: pace.turn(),
                };
                accessor.with(|access| bytes.pipe(access, taker))?;
                Ok((sum.await?,))
            })
        },
    )?;
    peer.func_wrap_concurrent("give-bytes", move |accessor, (chunk, count): (u32, u32)| {
        Box::pin(async move {
            let giver = Giver {
                chunk: chunk as usize,
                count,
                round: 0,
                given: 0,
                turn: pace.turn(),
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
    turn: Turn,
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
        context: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        source: Source<'_, u8>,
        _: bool,
    ) -> Poll<Result<StreamResult>> {
        if !self.turn.is_here(context) {
            return Poll::Pending;
        }
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
    turn: Turn,
}

impl<D: 'static> StreamProducer<D> for Giver {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        destination: Destination<'a, u8, VecBuffer<u8>>,
        _: bool,
    ) -> Poll<Result<StreamResult>> {
        if !self.turn.is_here(context) {
            return Poll::Pending;
        }
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

/// Gives the number of a future, or takes it.
struct Number {
    turn: Turn,
}

impl<D> FutureProducer<D> for Number {
    type Item = u32;

    fn poll_produce(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        _: StoreContextMut<'_, D>,
        _: bool,
    ) -> Poll<Result<Option<u32>>> {
        match self.turn.is_here(context) {
            true => Poll::Ready(Ok(Some(7))),
            false => Poll::Pending,
        }
    }
}

impl<D: 'static> FutureConsumer<D> for Number {
    type Item = u32;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        mut source: Source<'_, u32>,
        _: bool,
    ) -> Poll<Result<()>> {
        if !self.turn.is_here(context) {
            return Poll::Pending;
        }
        let mut number = None;
        source.read(store, &mut number)?;
        Poll::Ready(Ok(()))
    }
}
