//! The host reads what a guest writes.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use wasmtime::component::{
    FutureConsumer, FutureReader, ReadBuffer, Source, StreamConsumer, StreamReader, StreamResult,
    WriteBuffer,
};
use wasmtime::{AsContextMut, Result, StoreContextMut};

use super::Payload;

/// The readable end of a stream, which the host reads only when told.
#[derive(Debug)]
pub enum StreamEnd<T> {
    /// Nobody has read it. A write to it waits.
    Untouched(StreamReader<T>),
    /// A consumer takes what it is allowed to take.
    Piped(Arc<Mutex<Reading<T>>>),
}

/// What the consumer and the calls that tell it what to do share.
#[derive(Debug)]
pub struct Reading<T> {
    /// How many items the read in progress may take; none between reads.
    wanted: usize,
    /// The host no longer wants anything.
    closed: bool,
    /// The consumer is gone: nothing will ever come.
    ended: bool,
    received: Vec<T>,
    consumer: Option<Waker>,
    call: Option<Waker>,
}

pub(in crate::peers) fn lock<S>(shared: &Mutex<S>) -> MutexGuard<'_, S> {
    // A panic while it was held has failed the scenario already.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(in crate::peers) fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

impl<T: Payload> StreamEnd<T> {
    /// Lets the consumer take up to `most` items, once. The items arrive with
    /// [`received`].
    pub fn read(self, store: impl AsContextMut, most: u32) -> Result<Arc<Mutex<Reading<T>>>> {
        let shared = match self {
            StreamEnd::Piped(shared) => shared,
            StreamEnd::Untouched(reader) => {
                let shared = Arc::new(Mutex::new(Reading {
                    wanted: 0,
                    closed: false,
                    ended: false,
                    received: Vec::new(),
                    consumer: None,
                    call: None,
                }));
                reader.pipe(store, Consumer(shared.clone()))?;
                shared
            }
        };
        {
            let mut reading = lock(&shared);
            reading.wanted = most as usize;
            wake(&mut reading.consumer);
        }
        Ok(shared)
    }

    /// Gives the end up.
    pub fn close(self, store: impl AsContextMut) -> Result<()> {
        match self {
            StreamEnd::Untouched(mut reader) => reader.close(store),
            StreamEnd::Piped(shared) => {
                let mut reading = lock(&shared);
                reading.closed = true;
                wake(&mut reading.consumer);
                Ok(())
            }
        }
    }
}

/// What the read got, when it has got something, and whether the end is gone.
pub async fn received<T>(shared: &Mutex<Reading<T>>) -> (Vec<T>, bool) {
    poll_fn(|context| {
        let mut reading = lock(shared);
        if reading.received.is_empty() && !reading.ended {
            reading.call = Some(context.waker().clone());
            return Poll::Pending;
        }
        let items = std::mem::take(&mut reading.received);
        let gone = reading.ended && items.is_empty();
        Poll::Ready((items, gone))
    })
    .await
}

struct Consumer<T>(Arc<Mutex<Reading<T>>>);

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        let mut reading = lock(&self.0);
        reading.ended = true;
        wake(&mut reading.call);
    }
}

impl<D, T: Payload> StreamConsumer<D> for Consumer<T> {
    type Item = T;

    fn poll_consume(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'_, D>,
        mut source: Source<'_, T>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let mut reading = lock(&self.0);
        if reading.closed {
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        if reading.wanted == 0 {
            if finish {
                return Poll::Ready(Ok(StreamResult::Cancelled));
            }
            reading.consumer = Some(context.waker().clone());
            return Poll::Pending;
        }
        // A write of nothing asks whether something would be taken: it would.
        if source.remaining(&mut store) > 0 {
            let mut room = Room {
                items: Vec::new(),
                left: reading.wanted,
            };
            source.read(store, &mut room)?;
            reading.received = room.items;
            reading.wanted = 0;
            wake(&mut reading.call);
        }
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

/// Room for so many items, also where items need no room.
struct Room<T> {
    items: Vec<T>,
    left: usize,
}

impl<T: Payload> ReadBuffer<T> for Room<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        let before = self.items.len();
        Extend::extend(&mut self.items, items);
        self.left -= self.items.len() - before;
    }

    fn remaining_capacity(&self) -> usize {
        self.left
    }

    fn move_from(&mut self, input: &mut dyn WriteBuffer<T>, count: usize) {
        // From one end of the host to another. A `Vec` takes no more than fits.
        self.items.reserve(count);
        ReadBuffer::move_from(&mut self.items, input, count);
        self.left -= count;
    }
}

/// Asks for the value of a future.
pub fn read_future<T: Payload>(
    reader: FutureReader<T>,
    store: impl AsContextMut<Data: 'static>,
) -> Result<Arc<Mutex<Value<T>>>> {
    let shared = Arc::new(Mutex::new(Value {
        value: None,
        call: None,
    }));
    reader.pipe(store, ValueConsumer(shared.clone()))?;
    Ok(shared)
}

/// The value of a future, when it has come.
#[derive(Debug)]
pub struct Value<T> {
    value: Option<T>,
    call: Option<Waker>,
}

/// Waits for the value.
pub async fn value<T>(shared: &Mutex<Value<T>>) -> T {
    poll_fn(|context| {
        let mut shared = lock(shared);
        match shared.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                shared.call = Some(context.waker().clone());
                Poll::Pending
            }
        }
    })
    .await
}

struct ValueConsumer<T>(Arc<Mutex<Value<T>>>);

impl<D, T: Payload> FutureConsumer<D> for ValueConsumer<T> {
    type Item = T;

    fn poll_consume(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        mut source: Source<'_, T>,
        _: bool,
    ) -> Poll<Result<()>> {
        let mut shared = lock(&self.0);
        source.read(store, &mut shared.value)?;
        wake(&mut shared.call);
        Poll::Ready(Ok(()))
    }
}
