//! The exports that the scenarios of this theme are about.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/exports",
        world: "callee-guest",
        generate_all,
    });
}

mod begun;
mod cancelled;
mod returned;
mod state;
mod tokens;

use bindings::exports::test::exports::callee::{Begun, Guest, Token, TokenBorrow, Work};
use bindings::test::exports::vault::Coin;
use guest_support::check::turns;
use wit_async::{FutureReader, StreamReader};

use state::{Watched, gate, report};

guest_support::guest!();
bindings::export!(Callee with_types_in bindings);

struct Callee;

impl Guest for Callee {
    type Token = tokens::OwnToken;
    type Begun = begun::OwnBegun;

    async fn begins(what: Work) -> Begun {
        begun::begins(what).await
    }

    async fn begins_write() -> (Begun, StreamReader<String>) {
        begun::begins_write().await
    }

    async fn begins_write_of_value() -> (Begun, FutureReader<String>) {
        begun::begins_write_of_value().await
    }

    async fn blocks(items: StreamReader<String>) {
        begun::blocks(items).await;
    }

    fn drop_begun(what: Begun) {
        drop(what.into_inner::<begun::OwnBegun>());
    }

    fn events() -> Vec<String> {
        state::take_events()
    }

    fn release(key: u32) {
        state::release(key);
    }

    fn close() {
        wit_async::backpressure_inc();
    }

    fn open() {
        wit_async::backpressure_dec();
    }

    async fn at_once(n: u32) -> u32 {
        n + 1
    }

    async fn after_a_while(n: u32) -> u32 {
        turns(3).await;
        n + 1
    }

    async fn after_release(key: u32) -> u32 {
        let watched = Watched::start();
        gate(key).await;
        watched.finish();
        key
    }

    async fn works_after_return(key: u32) -> u32 {
        returned::works_after_return(key)
    }

    async fn works_in_depth(key: u32, depth: u32) {
        returned::works_in_depth(key, depth);
    }

    async fn waits_beside_spawned() {
        cancelled::waits_beside_spawned().await;
    }

    async fn finishes_when_cancelled() -> String {
        cancelled::finishes_when_cancelled().await
    }

    async fn accepts_when_cancelled() {
        cancelled::accepts_when_cancelled().await;
    }

    async fn waits_for_value(value: FutureReader<u32>) -> u32 {
        let value = value.await;
        report(format!("value {value}"));
        value
    }

    async fn collects(items: StreamReader<u8>) -> Vec<u8> {
        items.collect().await
    }

    async fn wakes_sibling_when_dropped() {
        cancelled::wakes_sibling_when_dropped().await;
    }

    async fn holds_unwritten_writer() {
        cancelled::holds_unwritten_writer().await;
    }

    fn take_reader() -> FutureReader<u32> {
        cancelled::take_reader()
    }

    async fn keeps_waker() {
        cancelled::keeps_waker().await;
    }

    fn wake_kept() {
        cancelled::wake_kept();
    }

    async fn wake_kept_async() {
        cancelled::wake_kept();
        turns(3).await;
        cancelled::wake_kept();
    }

    async fn counting(count: u32) -> StreamReader<u32> {
        returned::counting(count)
    }

    async fn eventually(key: u32) -> FutureReader<u32> {
        returned::eventually(key)
    }

    async fn counting_and_sum(count: u32) -> (StreamReader<u32>, FutureReader<u64>) {
        returned::counting_and_sum(count)
    }

    async fn empty_stream() -> StreamReader<u32> {
        bindings::wit_stream::new().1
    }

    async fn hand_back(items: StreamReader<u8>) -> StreamReader<u8> {
        items
    }

    async fn borrows(lent: TokenBorrow<'_>, key: u32) -> String {
        let before = lent.get::<tokens::OwnToken>().label();
        gate(key).await;
        let after = lent.get::<tokens::OwnToken>().label();
        format!("{before}{after}")
    }

    async fn inspects(first: &Coin, second: &Coin, key: u32) -> String {
        let before = first.label();
        gate(key).await;
        before + &second.label()
    }

    async fn owns(given: Token, key: u32) -> Token {
        gate(key).await;
        given
    }

    fn tokens() -> u32 {
        tokens::alive()
    }

    fn sum(values: Vec<u32>) -> u32 {
        values.iter().sum()
    }

    fn check_even(n: u32) -> Result<u32, String> {
        if n.is_multiple_of(2) {
            Ok(n / 2)
        } else {
            Err(format!("{n} is odd"))
        }
    }
}
