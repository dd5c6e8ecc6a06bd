//! An instance in which several tasks run at once.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/tasks",
        world: "worker-guest",
        generate_all,
    });
}

mod channels;
mod moved;
mod wakers;
mod yielding;

use std::cell::RefCell;

use bindings::exports::test::tasks::worker::{Bell, Guest};
use wit_async::{FutureReader, Limiter, StreamReader, block_on};

guest_support::guest!();
bindings::export!(Worker with_types_in bindings);

thread_local! {
    static EVENTS: RefCell<Vec<String>> = RefCell::default();
}

/// Of `limited` and `limited-behind`.
static ONE: Limiter = Limiter::new(1);

/// Adds to what the caller gets to see.
fn report(event: String) {
    EVENTS.with_borrow_mut(|events| events.push(event));
}

struct Worker;

impl Guest for Worker {
    type Bell = wakers::OwnBell;

    fn events() -> Vec<String> {
        EVENTS.take()
    }

    async fn receive(key: u32) -> u32 {
        channels::receive(key).await
    }

    fn send(key: u32, value: u32) {
        channels::send(key, value);
    }

    async fn send_async(key: u32, value: u32) {
        channels::send(key, value);
    }

    async fn consume(count: u32) -> Vec<u32> {
        channels::consume(count).await
    }

    async fn produce(count: u32) {
        channels::produce(count).await;
    }

    async fn consume_bounded(count: u32) -> Vec<u32> {
        channels::consume_bounded(count).await
    }

    async fn produce_bounded(count: u32) {
        channels::produce_bounded(count).await;
    }

    async fn wait_notified() {
        wakers::wait_notified().await;
    }

    fn notify_all() -> u32 {
        wakers::notify_all()
    }

    async fn notify_all_async() -> u32 {
        wakers::notify_all()
    }

    async fn wait_bell(key: u32) {
        channels::receive(key).await;
    }

    async fn drop_bell(bell: Bell) {
        wit_async::yield_async().await;
        drop(bell);
    }

    async fn wake_itself(count: u32) {
        wakers::wake_itself(count).await;
    }

    fn wake_storm(count: u32) {
        wakers::wake_storm(count);
    }

    async fn relay(key: u32) -> u32 {
        let value = channels::receive(key).await + 1;
        channels::send(key + 1, value);
        value
    }

    async fn turns(label: String, turns: u32) {
        yielding::turns(&label, turns).await;
    }

    async fn spin_until_flag() -> u32 {
        yielding::spin_until_flag().await
    }

    async fn spin_until_value(value: FutureReader<u32>) -> u32 {
        yielding::spin_until_value(value).await
    }

    fn raise_flag() {
        yielding::set_flag(true);
    }

    fn lower_flag() {
        yielding::set_flag(false);
    }

    fn close() {
        wit_async::backpressure_inc();
    }

    fn open() {
        wit_async::backpressure_dec();
    }

    async fn alone(key: u32) -> u32 {
        wit_async::backpressure_inc();
        let value = channels::receive(key).await;
        wit_async::backpressure_dec();
        value
    }

    async fn limited(key: u32) -> u32 {
        let _permit = ONE.admit().await;
        report(format!("in {key}"));
        channels::receive(key).await
    }

    async fn limited_behind(gate: u32, key: u32) -> u32 {
        channels::receive(gate).await;
        Worker::limited(key).await
    }

    async fn blocks(turns: u32) -> u32 {
        block_on(yielding::turns("blocked", turns));
        turns
    }

    async fn blocks_for_value(value: FutureReader<u32>) -> u32 {
        block_on(async { value.await })
    }

    async fn blocks_for_items(items: StreamReader<u8>) -> Vec<u8> {
        block_on(items.collect())
    }

    async fn start_read(items: StreamReader<u8>, key: u32) {
        moved::start_read(items).await;
        channels::receive(key).await;
    }

    async fn start_read_and_return(items: StreamReader<u8>) {
        moved::start_read(items).await;
    }

    async fn finish_read() -> Option<u8> {
        moved::finish_read().await
    }

    async fn finish_read_blocking() -> Option<u8> {
        block_on(moved::finish_read())
    }

    async fn drop_read() {
        moved::drop_read();
    }

    fn take_writable() -> StreamReader<u8> {
        moved::take_writable()
    }

    async fn start_write(bytes: Vec<u8>, key: u32) {
        moved::start_write(bytes).await;
        channels::receive(key).await;
    }

    async fn finish_write() -> Vec<u8> {
        moved::finish_write().await
    }

    async fn drop_write() {
        moved::drop_write();
    }
}
