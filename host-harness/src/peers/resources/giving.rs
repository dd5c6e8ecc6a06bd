//! The host writes tokens that a guest reads.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use wasmtime::component::{
    Destination, FutureProducer, FutureReader, Resource, StreamProducer, StreamReader,
    StreamResult, VecBuffer,
};
use wasmtime::{AsContextMut, Result, StoreContextMut};

use super::super::payloads::reading::{lock, wake};
use super::tokens::{self, Token};
use crate::host;

/// The writable end of a stream or a future, as the calls see it.
#[derive(Debug)]
pub struct Feed(Arc<Mutex<Feeding>>);

#[derive(Debug, Default)]
struct Feeding {
    /// What no guest has got. The host owns it.
    ready: VecDeque<Token>,
    finished: bool,
    /// The readable end is gone.
    refused: bool,
    /// The entries in the table of what was handed over to another end of the host.
    handed_over: Vec<u32>,
    producer: Option<Waker>,
}

impl Feed {
    /// The two ends of a stream.
    pub fn stream(
        store: impl AsContextMut<Data = host::State>,
    ) -> Result<(Feed, StreamReader<Resource<Token>>)> {
        let feed = Feed(Arc::default());
        let reader = StreamReader::new(store, Producer(feed.0.clone()))?;
        Ok((feed, reader))
    }

    /// The two ends of a future.
    pub fn future(
        store: impl AsContextMut<Data = host::State>,
    ) -> Result<(Feed, FutureReader<Resource<Token>>)> {
        let feed = Feed(Arc::default());
        let reader = FutureReader::new(store, Producer(feed.0.clone()))?;
        Ok((feed, reader))
    }

    /// Offers more. If the readable end is gone they are destroyed.
    pub fn put(&self, tokens: impl IntoIterator<Item = Token>) {
        let mut feeding = lock(&self.0);
        if !feeding.refused {
            feeding.ready.extend(tokens);
        }
        wake(&mut feeding.producer);
    }

    /// The entries in the table of what was handed over to another end of the host: what that
    /// has not taken when it goes is still there, for wasmtime calls no destructor.
    pub fn handed_over(&self) -> Vec<u32> {
        std::mem::take(&mut lock(&self.0).handed_over)
    }

    /// Drops the writable end behind what was offered.
    pub fn finish(&self) {
        let mut feeding = lock(&self.0);
        feeding.finished = true;
        wake(&mut feeding.producer);
    }
}

struct Producer(Arc<Mutex<Feeding>>);

impl Drop for Producer {
    fn drop(&mut self) {
        let mut feeding = lock(&self.0);
        feeding.refused = true;
        feeding.ready.clear();
    }
}

impl Producer {
    /// Up to so many, or what there is to say instead.
    fn poll_ready(
        &self,
        context: &mut Context<'_>,
        room: usize,
        finish: bool,
    ) -> Poll<Result<Vec<Token>, StreamResult>> {
        let mut feeding = lock(&self.0);
        if !feeding.ready.is_empty() {
            let count = room.min(feeding.ready.len());
            return Poll::Ready(Ok(feeding.ready.drain(..count).collect()));
        }
        if feeding.finished {
            return Poll::Ready(Err(StreamResult::Dropped));
        }
        if finish {
            return Poll::Ready(Err(StreamResult::Cancelled));
        }
        feeding.producer = Some(context.waker().clone());
        Poll::Pending
    }
}

impl StreamProducer<host::State> for Producer {
    type Item = Resource<Token>;
    type Buffer = VecBuffer<Resource<Token>>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'a, host::State>,
        mut destination: Destination<'a, Resource<Token>, VecBuffer<Resource<Token>>>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        // No more than the read takes: what wasmtime is given beyond, it forgets. The host
        // does not say how much it takes where it reads itself.
        let room = destination.remaining(&mut store);
        self.poll_ready(context, room.unwrap_or(1), finish)
            .map(|ready| {
                let tokens = match ready {
                    Ok(tokens) => tokens,
                    Err(result) => return Ok(result),
                };
                let state = store.data_mut();
                let give = |token| tokens::give(state, token);
                let given: Vec<_> = tokens.into_iter().map(give).collect::<Result<_>>()?;
                if room.is_none() {
                    let entries = given.iter().map(Resource::rep);
                    lock(&self.0).handed_over.extend(entries);
                }
                destination.set_buffer(given.into());
                Ok(StreamResult::Completed)
            })
    }
}

impl FutureProducer<host::State> for Producer {
    type Item = Resource<Token>;

    fn poll_produce(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'_, host::State>,
        finish: bool,
    ) -> Poll<Result<Option<Resource<Token>>>> {
        self.poll_ready(context, 1, finish)
            .map(|ready| match ready {
                Ok(tokens) => {
                    let token = tokens.into_iter().next();
                    let token = token.map(|token| tokens::give(store.data_mut(), token));
                    token.transpose()
                }
                Err(StreamResult::Cancelled) => Ok(None),
                Err(_) => wasmtime::bail!("a future of the host is written before it is dropped"),
            })
    }
}
