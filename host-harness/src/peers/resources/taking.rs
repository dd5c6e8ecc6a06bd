//! The host reads tokens that a guest writes.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use wasmtime::component::{
    FutureConsumer, FutureReader, Resource, Source, StreamConsumer, StreamReader, StreamResult,
};
use wasmtime::{AsContextMut, Result, StoreContextMut};

use super::super::payloads::reading::{lock, wake};
use super::tokens::{self, Token};
use crate::host;

/// The readable end of a stream or a future, which takes only what it is told to.
#[derive(Clone, Debug)]
pub struct Sink(Arc<Mutex<Sinking>>);

#[derive(Debug, Default)]
struct Sinking {
    /// How many the read in progress may take; none between reads.
    wanted: usize,
    /// What was read, and is the host's.
    received: Vec<Token>,
    /// The host wants no more.
    refused: bool,
    /// The writable end is gone.
    ended: bool,
    consumer: Option<Waker>,
    call: Option<Waker>,
}

impl Sink {
    /// Keeps a stream.
    pub fn stream(
        store: impl AsContextMut<Data = host::State>,
        reader: StreamReader<Resource<Token>>,
    ) -> Result<Sink> {
        let sink = Sink(Arc::default());
        reader.pipe(store, Consumer(sink.0.clone()))?;
        Ok(sink)
    }

    /// Asks for the value of a future.
    pub fn future(
        store: impl AsContextMut<Data = host::State>,
        reader: FutureReader<Resource<Token>>,
    ) -> Result<Sink> {
        let sink = Sink(Arc::default());
        reader.pipe(store, Consumer(sink.0.clone()))?;
        Ok(sink)
    }

    /// One read. It gets nothing if the writable end is gone.
    pub async fn read(&self, most: usize) -> Vec<Token> {
        {
            let mut sinking = lock(&self.0);
            sinking.wanted = most;
            wake(&mut sinking.consumer);
        }
        poll_fn(|context| {
            let mut sinking = lock(&self.0);
            if sinking.received.is_empty() && !sinking.ended {
                sinking.call = Some(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(std::mem::take(&mut sinking.received))
        })
        .await
    }

    /// Drops the readable end.
    pub fn refuse(self) {
        let mut sinking = lock(&self.0);
        sinking.refused = true;
        sinking.received.clear();
        wake(&mut sinking.consumer);
    }
}

struct Consumer(Arc<Mutex<Sinking>>);

impl Drop for Consumer {
    fn drop(&mut self) {
        let mut sinking = lock(&self.0);
        sinking.ended = true;
        wake(&mut sinking.call);
    }
}

impl StreamConsumer<host::State> for Consumer {
    type Item = Resource<Token>;

    fn poll_consume(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'_, host::State>,
        mut source: Source<'_, Resource<Token>>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let mut sinking = lock(&self.0);
        if sinking.refused {
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        if sinking.wanted == 0 {
            if finish {
                return Poll::Ready(Ok(StreamResult::Cancelled));
            }
            sinking.consumer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let mut read = Vec::with_capacity(sinking.wanted);
        source.read(&mut store, &mut read)?;
        for own in read {
            // From now on it is the host's.
            sinking.received.push(tokens::take(store.data_mut(), own)?);
        }
        sinking.wanted = 0;
        wake(&mut sinking.call);
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

impl FutureConsumer<host::State> for Consumer {
    type Item = Resource<Token>;

    fn poll_consume(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut store: StoreContextMut<'_, host::State>,
        mut source: Source<'_, Resource<Token>>,
        _: bool,
    ) -> Poll<Result<()>> {
        let mut read = None;
        source.read(&mut store, &mut read)?;
        let mut sinking = lock(&self.0);
        if let Some(own) = read {
            sinking.received.push(tokens::take(store.data_mut(), own)?);
        }
        wake(&mut sinking.call);
        Poll::Ready(Ok(()))
    }
}
