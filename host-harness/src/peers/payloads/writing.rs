//! The host writes what a guest reads.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use wasmtime::component::{
    Destination, FutureProducer, FutureReader, StreamProducer, StreamReader, StreamResult,
    VecBuffer,
};
use wasmtime::{AsContextMut, Result, StoreContextMut};

use super::Payload;
use super::reading::{lock, wake};

/// The writable end of a stream or a future, as the calls see it.
#[derive(Debug)]
pub struct WriteEnd<T>(Arc<Mutex<Writing<T>>>);

/// What the producer and the calls that tell it what to do share.
#[derive(Debug)]
struct Writing<T> {
    /// What the write in progress offers.
    offered: Vec<T>,
    /// The write in progress has got rid of something.
    taken: bool,
    /// The host has nothing more to write.
    closed: bool,
    /// The producer is gone: nothing will ever be taken.
    ended: bool,
    producer: Option<Waker>,
    call: Option<Waker>,
}

impl<T: Payload> WriteEnd<T> {
    fn new() -> WriteEnd<T> {
        WriteEnd(Arc::new(Mutex::new(Writing {
            offered: Vec::new(),
            taken: false,
            closed: false,
            ended: false,
            producer: None,
            call: None,
        })))
    }

    /// The two ends of a stream.
    pub fn stream(store: impl AsContextMut) -> Result<(WriteEnd<T>, StreamReader<T>)> {
        let end = WriteEnd::new();
        let reader = StreamReader::new(store, Producer(end.0.clone()))?;
        Ok((end, reader))
    }

    /// The two ends of a future.
    pub fn future(store: impl AsContextMut) -> Result<(WriteEnd<T>, FutureReader<T>)> {
        let end = WriteEnd::new();
        let reader = FutureReader::new(store, Producer(end.0.clone()))?;
        Ok((end, reader))
    }

    /// Writes once: waits until something was taken, and takes back the rest.
    /// Tells also whether the readable end is gone.
    pub async fn write(&self, items: Vec<T>) -> (Vec<T>, bool) {
        {
            let mut writing = lock(&self.0);
            writing.offered = items;
            writing.taken = false;
            wake(&mut writing.producer);
        }
        poll_fn(|context| {
            let mut writing = lock(&self.0);
            if !writing.taken && !writing.ended {
                writing.call = Some(context.waker().clone());
                return Poll::Pending;
            }
            let gone = !writing.taken;
            Poll::Ready((std::mem::take(&mut writing.offered), gone))
        })
        .await
    }

    /// Gives the end up.
    pub fn close(self) {
        let mut writing = lock(&self.0);
        writing.closed = true;
        wake(&mut writing.producer);
    }
}

struct Producer<T>(Arc<Mutex<Writing<T>>>);

impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        let mut writing = lock(&self.0);
        writing.ended = true;
        wake(&mut writing.call);
    }
}

/// What a producer can do about a read.
enum Offer<T> {
    Items(Vec<T>),
    /// There is something, but the read has no room.
    Ready,
    Closed,
    Cancelled,
}

impl<T: Payload> Producer<T> {
    fn poll_offer(&self, context: &mut Context<'_>, room: usize, finish: bool) -> Poll<Offer<T>> {
        let mut writing = lock(&self.0);
        if writing.closed {
            return Poll::Ready(Offer::Closed);
        }
        if writing.offered.is_empty() {
            if finish {
                return Poll::Ready(Offer::Cancelled);
            }
            writing.producer = Some(context.waker().clone());
            return Poll::Pending;
        }
        if room == 0 {
            return Poll::Ready(Offer::Ready);
        }
        let count = room.min(writing.offered.len());
        let items = writing.offered.drain(..count).collect();
        writing.taken = true;
        wake(&mut writing.call);
        Poll::Ready(Offer::Items(items))
    }
}

impl<D, T: Payload> StreamProducer<D> for Producer<T> {
    type Item = T;
    type Buffer = VecBuffer<T>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, T, VecBuffer<T>>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let room = destination.remaining(store).unwrap_or(usize::MAX);
        self.poll_offer(context, room, finish).map(|offer| {
            Ok(match offer {
                Offer::Items(items) => {
                    destination.set_buffer(items.into());
                    StreamResult::Completed
                }
                Offer::Ready => StreamResult::Completed,
                Offer::Closed => StreamResult::Dropped,
                Offer::Cancelled => StreamResult::Cancelled,
            })
        })
    }
}

impl<D, T: Payload> FutureProducer<D> for Producer<T> {
    type Item = T;

    fn poll_produce(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        _: StoreContextMut<'_, D>,
        finish: bool,
    ) -> Poll<Result<Option<T>>> {
        self.poll_offer(context, 1, finish)
            .map(|offer| match offer {
                Offer::Items(mut items) => Ok(items.pop()),
                Offer::Cancelled => Ok(None),
                Offer::Ready | Offer::Closed => {
                    wasmtime::bail!("a future of the host is written before it is dropped")
                }
            })
    }
}
