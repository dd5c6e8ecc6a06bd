//! What moves handles through streams and futures.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use wasmtime::component::{
    Destination, FutureConsumer, FutureReader, Lift, Lower, Source, StreamConsumer, StreamProducer,
    StreamReader, StreamResult,
};
use wasmtime::{Result, StoreContextMut, format_err};

use crate::driven::Rig;
use crate::host::State;

/// Reads at most so many items, one at a time, then drops the end.
pub async fn take<T: Lift + Send + Sync + Unpin + 'static>(
    rig: &mut Rig<'_>,
    stream: StreamReader<T>,
    most: usize,
) -> Result<Vec<T>> {
    let (done, items) = oneshot::channel();
    let collect = Collect {
        items: Vec::new(),
        most,
        done: Some(done),
    };
    stream.pipe(&mut *rig.store, collect)?;
    let items = rig.store.run_concurrent(async |_| items.await).await?;
    items.map_err(|_| format_err!("the reader of the stream is gone"))
}

/// The value of a future.
pub async fn value<T: Lift + Send + Sync + Unpin + 'static>(
    rig: &mut Rig<'_>,
    future: FutureReader<T>,
) -> Result<T> {
    let (done, value) = oneshot::channel();
    future.pipe(&mut *rig.store, Value(Some(done)))?;
    let value = rig.store.run_concurrent(async |_| value.await).await?;
    value.map_err(|_| format_err!("the reader of the future is gone"))
}

/// Hands over what it took when it is dropped.
struct Collect<T> {
    items: Vec<T>,
    most: usize,
    done: Option<oneshot::Sender<Vec<T>>>,
}

impl<T> Drop for Collect<T> {
    fn drop(&mut self) {
        if let Some(done) = self.done.take() {
            // Nobody waits for it where the scenario has failed.
            let _ = done.send(std::mem::take(&mut self.items));
        }
    }
}

impl<T: Lift + Send + Sync + Unpin + 'static> StreamConsumer<State> for Collect<T> {
    type Item = T;

    fn poll_consume(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut store: StoreContextMut<'_, State>,
        mut source: Source<'_, T>,
        _: bool,
    ) -> Poll<Result<StreamResult>> {
        let this = self.get_mut();
        if this.items.len() < this.most && source.remaining(&mut store) > 0 {
            let mut one = Vec::with_capacity(1);
            source.read(store, &mut one)?;
            this.items.append(&mut one);
        }
        Poll::Ready(Ok(match this.items.len() < this.most {
            true => StreamResult::Completed,
            false => StreamResult::Dropped,
        }))
    }
}

struct Value<T>(Option<oneshot::Sender<T>>);

impl<T: Lift + Send + Sync + Unpin + 'static> FutureConsumer<State> for Value<T> {
    type Item = T;

    fn poll_consume(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, State>,
        mut source: Source<'_, T>,
        _: bool,
    ) -> Poll<Result<()>> {
        let mut value = None;
        source.read(store, &mut value)?;
        if let (Some(value), Some(done)) = (value, self.get_mut().0.take()) {
            let _ = done.send(value);
        }
        Poll::Ready(Ok(()))
    }
}

/// A stream whose only item is offered when the sender says so, and a stream that ends
/// without it where the sender is dropped.
pub fn gated<T: Lift + Lower + Copy + Send + Sync + Unpin + 'static>(
    rig: &mut Rig<'_>,
    item: T,
) -> Result<(oneshot::Sender<()>, StreamReader<T>)> {
    let (send, sent) = oneshot::channel();
    let stream = StreamReader::new(&mut *rig.store, Gated { item, sent })?;
    Ok((send, stream))
}

/// The same, as a future.
pub fn gated_value<T: Lift + Lower + Copy + Send + Sync + Unpin + 'static>(
    rig: &mut Rig<'_>,
    item: T,
) -> Result<(oneshot::Sender<()>, FutureReader<T>)> {
    let (send, sent) = oneshot::channel::<()>();
    let value = async move {
        match sent.await {
            Ok(()) => Ok(item),
            Err(_) => Err(format_err!("nobody reads the future any more")),
        }
    };
    Ok((send, FutureReader::new(&mut *rig.store, value)?))
}

struct Gated<T> {
    item: T,
    sent: oneshot::Receiver<()>,
}

impl<T: Lift + Lower + Copy + Send + Sync + Unpin + 'static> StreamProducer<State> for Gated<T> {
    type Item = T;
    type Buffer = Option<T>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        _: StoreContextMut<'a, State>,
        mut destination: Destination<'a, T, Option<T>>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let this = self.get_mut();
        match Pin::new(&mut this.sent).poll(context) {
            Poll::Ready(Ok(())) => {
                destination.set_buffer(Some(this.item));
                Poll::Ready(Ok(StreamResult::Dropped))
            }
            Poll::Ready(Err(_)) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}
