//! What a payload class is, and the helpers that all scenarios share.

use std::ops::Range;
use std::pin::{Pin, pin};
use std::task::Poll;

use futures::poll;
use wit_async::{FutureReader, FutureWriter, StreamReader, StreamWriter};

use crate::bindings::test::payloads::peers::{Kind, which};

/// A payload: how to make one, and how to tell that it is the one that was made.
pub(crate) trait Class {
    type Item: 'static;

    /// A value that `seed` decides, different from its neighbours where the
    /// type has enough values.
    fn make(seed: u32) -> Self::Item;

    /// Panics unless this is what `make` made of `seed`.
    async fn check(item: Self::Item, seed: u32);

    /// Panics if anything that has to be given back was not.
    fn nothing_left() {}
}

/// Streams of the class, and the peer that holds their other ends.
pub(crate) trait Streams: Class {
    fn stream() -> (StreamWriter<Self::Item>, StreamReader<Self::Item>);
    async fn keep_stream(reader: StreamReader<Self::Item>);
    /// What came, and whether the writable end is gone.
    async fn read_stream(most: u32) -> (Vec<Self::Item>, bool);
    async fn drop_stream_reader();
    async fn open_stream() -> StreamReader<Self::Item>;
    /// What was not sent, and whether the readable end is gone.
    async fn write_stream(items: Vec<Self::Item>) -> (Vec<Self::Item>, bool);
    async fn drop_stream_writer();
}

/// Futures of the class, and the peer that holds their other ends.
pub(crate) trait Futures: Class {
    /// The default is what `make` makes of [`DEFAULT`].
    fn future() -> (FutureWriter<Self::Item>, FutureReader<Self::Item>);
    async fn keep_future(reader: FutureReader<Self::Item>);
    async fn read_future() -> Self::Item;
    async fn drop_future_reader();
    async fn open_future() -> FutureReader<Self::Item>;
    /// The value, if the readable end is gone.
    async fn write_future(value: Self::Item) -> Option<Self::Item>;
}

/// The seed of what an unwritten future delivers.
pub(crate) const DEFAULT: u32 = 1000;

/// Whether a vector of these can say how many it has room for.
pub(crate) const fn counted<C: Class>() -> bool {
    size_of::<C::Item>() != 0
}

/// One item per seed.
pub(crate) fn items<C: Class>(seeds: Range<u32>) -> Vec<C::Item> {
    seeds.map(C::make).collect()
}

/// Demands these items, in this order, and no others.
pub(crate) async fn expect<C: Class>(found: Vec<C::Item>, seeds: Range<u32>, what: &str) {
    assert_eq!(
        found.len(),
        seeds.len(),
        "{what}: expected the items of {seeds:?}"
    );
    for (item, seed) in found.into_iter().zip(seeds) {
        C::check(item, seed).await;
    }
}

/// Polls once, and demands that it waits.
pub(crate) async fn waits<F: Future>(operation: Pin<&mut F>, what: &str) {
    assert!(
        poll!(operation).is_pending(),
        "{what} finished, though the other end was not ready"
    );
}

/// Polls once, and demands that it is finished.
pub(crate) async fn at_once<F: Future>(operation: F, what: &str) -> F::Output {
    match poll!(pin!(operation)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("{what} waits, though the other end was ready"),
    }
}

/// Like [`at_once`], for a read. A host may need a turn of its own before it
/// can lower what it has, so there the read may wait.
pub(crate) async fn read_at_once<F: Future>(operation: F, what: &str) -> F::Output {
    let mut operation = pin!(operation);
    match poll!(operation.as_mut()) {
        Poll::Ready(output) => output,
        Poll::Pending => {
            assert_eq!(
                which(),
                Kind::Host,
                "{what} waits, though the other end was ready"
            );
            operation.await
        }
    }
}
