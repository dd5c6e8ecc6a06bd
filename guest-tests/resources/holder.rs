//! Tasks that have resources of the host and wait: the same text for each runtime.

use std::cell::RefCell;
use std::future::pending;

use guest_support::check::Gates;

use crate::Holder;
use crate::bindings::test::resources::channels;
use crate::bindings::test::resources::vault::Token;
use crate::bindings::{wit_future, wit_stream};
use crate::holder::Guest;
use crate::runtime::{StreamReader, backpressure_dec, backpressure_inc, yield_blocking};

thread_local! {
    static GATES: RefCell<Gates> = RefCell::default();
}

async fn let_go() {
    let receiver = GATES.with_borrow_mut(|gates| gates.wait(0));
    receiver.await.expect("a gate is released, never dropped");
}

impl Guest for Holder {
    async fn keep(kept: Token) -> Token {
        let_go().await;
        kept
    }

    async fn keep_list(kept: Vec<Token>) -> Vec<Token> {
        let_go().await;
        kept
    }

    async fn keep_lent(lent: &Token) -> u32 {
        let_go().await;
        lent.number()
    }

    async fn keep_read(mut tokens: StreamReader<Token>) -> u32 {
        let first = tokens.next().await;
        let second = tokens.next().await;
        u32::from(first.is_some()) + u32::from(second.is_some())
    }

    async fn keep_write() {
        let (mut writer, reader) = wit_stream::new();
        channels::receive(reader).await;
        writer.write_all((1..4).map(Token::new).collect()).await;
        pending::<()>().await;
    }

    async fn keep_value() {
        let (writer, reader) = wit_future::new(|| Token::new(9));
        channels::expect(reader).await;
        let _ = writer.write(Token::new(1)).await;
        pending::<()>().await;
    }

    async fn stubborn(kept: Token) -> Token {
        for _ in 0..50 {
            yield_blocking();
        }
        kept
    }

    async fn panics(kept: Token) {
        let number = kept.number();
        panic!("the callee owns {number}");
    }

    fn let_go() {
        GATES.with_borrow_mut(|gates| gates.release(0));
    }

    fn close() {
        backpressure_inc();
    }

    fn open() {
        backpressure_dec();
    }
}
