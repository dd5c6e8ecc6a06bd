//! Exports that go on working after they have returned.

use wit_async::{FutureReader, StreamReader, StreamWriter, spawn_local};

use crate::bindings::{wit_future, wit_stream};
use crate::state::{gate, report};

pub fn works_after_return(key: u32) -> u32 {
    spawn_local(async move {
        report(format!("working {key}"));
        gate(key).await;
        report(format!("worked {key}"));
    });
    key
}

pub fn works_in_depth(key: u32, depth: u32) {
    spawn_local(async move {
        wit_async::yield_async().await;
        if depth > 1 {
            works_in_depth(key, depth - 1);
        } else {
            gate(key).await;
            report("worked");
        }
    });
}

async fn feed(mut writer: StreamWriter<u32>, count: u32) -> u64 {
    let mut sum = 0;
    for n in 0..count {
        if writer.write_one(n).await.is_some() {
            report("reader gone");
            return sum;
        }
        sum += u64::from(n);
    }
    report(format!("fed {count}"));
    sum
}

pub fn counting(count: u32) -> StreamReader<u32> {
    let (writer, reader) = wit_stream::new();
    spawn_local(feed(writer, count));
    reader
}

pub fn eventually(key: u32) -> FutureReader<u32> {
    let (writer, reader) = wit_future::new(|| unreachable!("the value is always written"));
    spawn_local(async move {
        gate(key).await;
        let written = writer.write(key).await;
        report(if written.is_ok() {
            "written"
        } else {
            "reader gone"
        });
    });
    reader
}

pub fn counting_and_sum(count: u32) -> (StreamReader<u32>, FutureReader<u64>) {
    let (items, item_reader) = wit_stream::new();
    let (sum, sum_reader) = wit_future::new(|| unreachable!("the sum is always written"));
    let feeding = spawn_local(feed(items, count));
    spawn_local(async move {
        let total = feeding.await.expect("nobody cancels the feeding task");
        sum.write(total).await.expect("the caller reads the sum");
    });
    (item_reader, sum_reader)
}
