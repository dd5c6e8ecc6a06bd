//! Ends that are kept and dropped in every kind of place.

use std::cell::RefCell;

use guest_support::check::{in_flight, turns};
use wit_async::{
    FutureReader, FutureWriter, StreamReader, StreamWriter, UnitStreamOps, spawn_local,
};

use crate::Relay;
use crate::bindings::exports::test::ends::keeper::{Guest, GuestKeeper, Same};
use crate::bindings::test::ends::far;
use crate::bindings::{wit_future, wit_stream};

thread_local! {
    static WRITER: RefCell<Option<FutureWriter<String>>> = const { RefCell::new(None) };
    static STREAM: RefCell<Option<StreamWriter<String>>> = const { RefCell::new(None) };
}

fn pair() -> (FutureWriter<String>, FutureReader<String>) {
    wit_future::new(|| "default".to_owned())
}

/// Its destructor drops the writable end.
pub struct Keeper(RefCell<Option<FutureWriter<String>>>);

impl GuestKeeper for Keeper {
    fn new() -> Keeper {
        Keeper(RefCell::new(None))
    }

    fn reader(&self) -> FutureReader<String> {
        let (writer, reader) = pair();
        self.0.replace(Some(writer));
        reader
    }
}

impl Guest for Relay {
    type Keeper = Keeper;

    fn dropped_in_synchronous_export() -> FutureReader<String> {
        pair().1
    }

    async fn dropped_in_task() -> FutureReader<String> {
        pair().1
    }

    async fn dropped_after_return() -> FutureReader<String> {
        let (writer, reader) = pair();
        spawn_local(async move {
            turns(3).await;
            drop(writer);
        });
        reader
    }

    fn keep() -> FutureReader<String> {
        let (writer, reader) = pair();
        WRITER.set(Some(writer));
        reader
    }

    fn drop_kept() {
        drop(WRITER.take().expect("`keep` was called before"));
    }

    fn keep_stream() -> StreamReader<String> {
        let (writer, reader) = wit_stream::new();
        STREAM.set(Some(writer));
        reader
    }

    fn drop_kept_stream() {
        drop(STREAM.take().expect("`keep-stream` was called before"));
    }

    async fn skip_words(
        mut words: StreamReader<String>,
        count: u32,
    ) -> (Vec<String>, StreamReader<String>) {
        let mut skipped = Vec::new();
        for _ in 0..count {
            skipped.extend(words.next().await);
        }
        (skipped, words)
    }

    async fn peek_words(mut words: StreamReader<String>) -> StreamReader<String> {
        in_flight(&mut Box::pin(words.next())).await;
        turns(2).await;
        words
    }

    async fn pass_far(words: StreamReader<String>) -> StreamReader<String> {
        far::pass(words).await
    }

    fn drop_in_synchronous_export(words: StreamReader<String>) {
        drop(words);
    }

    async fn next_index() -> u32 {
        let (_writer, reader) = UnitStreamOps::new();
        reader.handle()
    }

    async fn count_same(items: StreamReader<Same>) -> u64 {
        items.collect().await.len() as u64
    }
}
