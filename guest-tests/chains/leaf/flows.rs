//! Streams and futures of numbers.

use super::numbers::Value;
use super::{Leaf, pump};
use crate::bindings::exports::test::chains::flows::Guest;
use crate::bindings::exports::test::chains::numbers::Number;
use crate::bindings::{wit_future, wit_stream};
use crate::runtime::{
    FutureReader, FutureWriter, StreamReader, StreamWriter, spawn_local, yield_async,
};

fn number(value: f64) -> Number {
    Number::new(Value::of(value))
}

fn value(number: &Number) -> f64 {
    number.get::<Value>().get()
}

/// Writes one after the other, until nobody reads any more: then what comes back is dropped.
async fn write(mut writer: StreamWriter<Number>, count: u32) {
    for index in 0..count {
        if writer.write_one(number(index.into())).await.is_some() {
            break;
        }
    }
}

async fn doubles(mut numbers: StreamReader<Number>, mut writer: StreamWriter<Number>) {
    while let Some(item) = numbers.next().await {
        if writer.write_one(number(2.0 * value(&item))).await.is_some() {
            break;
        }
    }
}

async fn write_value(writer: FutureWriter<Number>, value: f64) {
    yield_async().await;
    // Where nobody reads, the number comes back in the error.
    drop(writer.write(number(value)).await);
}

fn future() -> (FutureWriter<Number>, FutureReader<Number>) {
    wit_future::new(|| unreachable!("it is written"))
}

impl Guest for Leaf {
    async fn pump() {
        pump::pump().await;
    }

    fn produce(count: u32) -> StreamReader<Number> {
        let (writer, reader) = wit_stream::new();
        pump::leave(write(writer, count));
        reader
    }

    async fn produce_later(count: u32) -> StreamReader<Number> {
        yield_async().await;
        let (mut writer, reader) = wit_stream::new();
        spawn_local(async move {
            let numbers = (0..count).map(|index| number(index.into())).collect();
            // All in one write.
            writer.write_all(numbers).await;
        });
        reader
    }

    async fn collect(mut numbers: StreamReader<Number>, most: u32) -> Vec<f64> {
        let mut values = Vec::new();
        for _ in 0..most {
            match numbers.next().await {
                Some(number) => values.push(value(&number)),
                None => break,
            }
        }
        values
    }

    fn double(numbers: StreamReader<Number>) -> StreamReader<Number> {
        let (writer, reader) = wit_stream::new();
        pump::leave(doubles(numbers, writer));
        reader
    }

    async fn double_later(numbers: StreamReader<Number>) -> StreamReader<Number> {
        yield_async().await;
        let (writer, reader) = wit_stream::new();
        spawn_local(doubles(numbers, writer));
        reader
    }

    fn eventually(value: f64) -> FutureReader<Number> {
        let (writer, reader) = future();
        pump::leave(write_value(writer, value));
        reader
    }

    async fn eventually_later(value: f64) -> FutureReader<Number> {
        let (writer, reader) = future();
        spawn_local(write_value(writer, value));
        reader
    }

    async fn await_value(number: FutureReader<Number>) -> f64 {
        value(&number.await)
    }
}
