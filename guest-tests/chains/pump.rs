//! What a synchronous function starts and cannot wait for, and an async one carries on.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;

use futures::future::join_all;

type Work = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    static WORK: RefCell<Vec<Work>> = const { RefCell::new(Vec::new()) };
}

/// Leaves work to whoever pumps next.
pub fn leave(work: impl Future<Output = ()> + 'static) {
    WORK.with_borrow_mut(|all| all.push(Box::pin(work)));
}

/// Does all that was left.
pub async fn pump() {
    join_all(WORK.take()).await;
}
