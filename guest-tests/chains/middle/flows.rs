//! Streams and futures whose items are wrapped, or unwrapped, on their way.

use futures::future::join;

use super::numbers::{unwrap, wrap};
use super::{Middle, pump};
use crate::bindings::exports::test::chains::flows::Guest;
use crate::bindings::exports::test::chains::numbers::Number;
use crate::bindings::test::chains::flows as below;
use crate::bindings::test::chains::numbers::Number as Inner;
use crate::bindings::{wit_future, wit_stream};
use crate::runtime::{FutureReader, FutureWriter, StreamReader, StreamWriter, spawn_local};

/// Passes what comes from below on, in numbers of this component around it.
async fn wraps(mut inner: StreamReader<Inner>, mut writer: StreamWriter<Number>) {
    while let Some(item) = inner.next().await {
        if writer.write_one(wrap(item)).await.is_some() {
            break;
        }
    }
}

/// Passes what numbers of this component wrap on.
async fn unwraps(mut numbers: StreamReader<Number>, mut writer: StreamWriter<Inner>) {
    while let Some(number) = numbers.next().await {
        if writer.write_one(unwrap(number)).await.is_some() {
            break;
        }
    }
}

async fn wraps_value(inner: FutureReader<Inner>, writer: FutureWriter<Number>) {
    // Where nobody reads, the number comes back in the error.
    drop(writer.write(wrap(inner.await)).await);
}

async fn unwraps_value(number: FutureReader<Number>, writer: FutureWriter<Inner>) {
    drop(writer.write(unwrap(number.await)).await);
}

fn unwritten<T>() -> T {
    unreachable!("it is written")
}

impl Guest for Middle {
    async fn pump() {
        join(pump::pump(), below::pump()).await;
    }

    fn produce(count: u32) -> StreamReader<Number> {
        let (writer, reader) = wit_stream::new();
        pump::leave(wraps(below::produce(count), writer));
        reader
    }

    async fn produce_later(count: u32) -> StreamReader<Number> {
        let (writer, reader) = wit_stream::new();
        spawn_local(wraps(below::produce_later(count).await, writer));
        reader
    }

    async fn collect(numbers: StreamReader<Number>, most: u32) -> Vec<f64> {
        let (writer, reader) = wit_stream::new();
        spawn_local(unwraps(numbers, writer));
        below::collect(reader, most).await
    }

    fn double(numbers: StreamReader<Number>) -> StreamReader<Number> {
        let (down, inner) = wit_stream::new();
        let (up, reader) = wit_stream::new();
        pump::leave(unwraps(numbers, down));
        pump::leave(wraps(below::double(inner), up));
        reader
    }

    async fn double_later(numbers: StreamReader<Number>) -> StreamReader<Number> {
        let (down, inner) = wit_stream::new();
        let (up, reader) = wit_stream::new();
        spawn_local(unwraps(numbers, down));
        spawn_local(wraps(below::double_later(inner).await, up));
        reader
    }

    fn eventually(value: f64) -> FutureReader<Number> {
        let (writer, reader) = wit_future::new(unwritten);
        pump::leave(wraps_value(below::eventually(value), writer));
        reader
    }

    async fn eventually_later(value: f64) -> FutureReader<Number> {
        let (writer, reader) = wit_future::new(unwritten);
        spawn_local(wraps_value(below::eventually_later(value).await, writer));
        reader
    }

    async fn await_value(number: FutureReader<Number>) -> f64 {
        let (writer, reader) = wit_future::new(unwritten);
        spawn_local(unwraps_value(number, writer));
        below::await_value(reader).await
    }
}
