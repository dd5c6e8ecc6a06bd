//! What was sent is freed.

use futures::future::join;
use guest_support::check::keeps_memory;

use crate::bindings::test::ends::relay;
use crate::bindings::{wit_future, wit_stream};

const LENGTH: usize = 50_000;
const WORDS: usize = 4;

fn long_words() -> Vec<String> {
    vec!["x".repeat(LENGTH); WORDS]
}

pub async fn sent_words_are_freed() {
    keeps_memory(WORDS * LENGTH, || async {
        let (mut writer, reader) = wit_stream::new();
        let taking = relay::take_words(reader, WORDS as u32);
        let (taken, unsent) = join(taking, writer.write_all(long_words())).await;
        assert!(taken == long_words() && unsent.is_empty());
    })
    .await;
}

pub async fn words_sent_one_by_one_are_freed() {
    keeps_memory(WORDS * LENGTH, || async {
        let (mut writer, reader) = wit_stream::new();
        let writing = async {
            for word in long_words() {
                assert_eq!(writer.write_one(word).await, None);
            }
        };
        let (taken, ()) = join(relay::take_words(reader, WORDS as u32), writing).await;
        assert!(taken == long_words());
    })
    .await;
}

pub async fn words_that_come_back_are_freed() {
    keeps_memory(WORDS * LENGTH, || async {
        let (mut writer, reader) = wit_stream::new();
        let (taken, unsent) =
            join(relay::take_words(reader, 1), writer.write_all(long_words())).await;
        assert_eq!((taken.len(), unsent.len()), (1, WORDS - 1));
    })
    .await;
}

pub async fn values_are_freed() {
    keeps_memory(LENGTH, || async {
        let (writer, reader) = wit_future::new(|| unreachable!("the value is written"));
        let (read, written) =
            join(relay::read_value(reader), writer.write("x".repeat(LENGTH))).await;
        assert_eq!((read.len(), written.is_ok()), (LENGTH, true));
    })
    .await;
}
