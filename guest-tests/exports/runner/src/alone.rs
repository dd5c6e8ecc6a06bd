//! Operations of the callee that are dropped in its synchronous code, where the host
//! forbids to cancel them.

use futures::future::join;
use guest_support::check::turns;

use crate::bindings::test::exports::callee::{self, Begun, Work};
use crate::bindings::test::exports::vault;
use crate::bindings::{wit_future, wit_stream};

type Way = fn(Begun);

/// The destructor of the callee runs.
const DESTRUCTOR: Way = drop;
/// A function of the callee drops it.
const SYNCHRONOUS_FUNCTION: Way = callee::drop_begun;

/// Drops what was begun; the task that began it then has its turn.
async fn dropped(way: Way, begun: Begun) {
    way(begun);
    turns(3).await;
}

async fn read(way: Way) {
    let (mut writer, reader) = wit_stream::new::<String>();
    let begun = callee::begins(Work::Read(reader)).await;
    dropped(way, begun).await;
    let back = writer.write_one("word".to_owned()).await;
    assert_eq!(back.as_deref(), Some("word"), "the reader is gone");
}

async fn read_of_bytes(way: Way) {
    let (mut writer, reader) = wit_stream::new::<u8>();
    let begun = callee::begins(Work::ReadOfBytes(reader)).await;
    dropped(way, begun).await;
    assert_eq!(
        writer.write_all(vec![1, 2]).await,
        [1, 2],
        "the reader is gone"
    );
}

async fn wait_for_value(way: Way) {
    let (writer, reader) = wit_future::new::<String>(|| unreachable!("it is written"));
    let begun = callee::begins(Work::WaitForValue(reader)).await;
    dropped(way, begun).await;
    let error = writer.write("value".to_owned()).await;
    assert_eq!(error.expect_err("the reader is gone").value, "value");
}

async fn write(way: Way) {
    let (begun, mut reader) = callee::begins_write().await;
    dropped(way, begun).await;
    assert_eq!(reader.next().await, None, "the writer is gone");
}

async fn write_of_value(way: Way) {
    let (begun, reader) = callee::begins_write_of_value().await;
    dropped(way, begun).await;
    assert_eq!(reader.await, "default");
}

async fn call(way: Way) {
    let begun = callee::begins(Work::Call).await;
    assert_eq!(vault::waiting(), 1);
    dropped(way, begun).await;
    assert_eq!(vault::waiting(), 0, "the call was cancelled");
}

pub async fn read_dropped_in_destructor() {
    read(DESTRUCTOR).await;
}

pub async fn read_dropped_in_synchronous_function() {
    read(SYNCHRONOUS_FUNCTION).await;
}

pub async fn read_of_bytes_dropped_in_destructor() {
    read_of_bytes(DESTRUCTOR).await;
}

pub async fn read_of_bytes_dropped_in_synchronous_function() {
    read_of_bytes(SYNCHRONOUS_FUNCTION).await;
}

pub async fn wait_for_value_dropped_in_destructor() {
    wait_for_value(DESTRUCTOR).await;
}

pub async fn wait_for_value_dropped_in_synchronous_function() {
    wait_for_value(SYNCHRONOUS_FUNCTION).await;
}

pub async fn write_dropped_in_destructor() {
    write(DESTRUCTOR).await;
}

pub async fn write_dropped_in_synchronous_function() {
    write(SYNCHRONOUS_FUNCTION).await;
}

pub async fn write_of_value_dropped_in_destructor() {
    write_of_value(DESTRUCTOR).await;
}

pub async fn write_of_value_dropped_in_synchronous_function() {
    write_of_value(SYNCHRONOUS_FUNCTION).await;
}

pub async fn call_dropped_in_destructor() {
    call(DESTRUCTOR).await;
}

pub async fn call_dropped_in_synchronous_function() {
    call(SYNCHRONOUS_FUNCTION).await;
}

/// A read that is dropped while a task of the callee is blocked in a synchronous call.
async fn read_while_blocked(way: Way) {
    let (mut writer, reader) = wit_stream::new::<String>();
    let begun = callee::begins(Work::Read(reader)).await;
    let (mut beside, blocked_reader) = wit_stream::new::<String>();
    let blocks = callee::blocks(blocked_reader);
    join(blocks, async {
        turns(3).await;
        assert_eq!(vault::waiting(), 1, "the task is blocked");
        dropped(way, begun).await;
        vault::opens();
    })
    .await;
    turns(3).await;
    let back = writer.write_one("word".to_owned()).await;
    assert_eq!(back.as_deref(), Some("word"), "the reader is gone");
    let back = beside.write_one("word".to_owned()).await;
    assert_eq!(back.as_deref(), Some("word"), "the other one as well");
}

pub async fn read_dropped_in_destructor_while_blocked() {
    read_while_blocked(DESTRUCTOR).await;
}

pub async fn read_dropped_in_synchronous_function_while_blocked() {
    read_while_blocked(SYNCHRONOUS_FUNCTION).await;
}
