//! A component behind the component.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/ends",
        world: "far-guest",
        generate_all,
    });
}

use wit_async::{StreamReader, spawn_local};

guest_support::guest!();
bindings::export!(Far with_types_in bindings);

struct Far;

impl bindings::exports::test::ends::far::Guest for Far {
    async fn words(count: u32) -> StreamReader<String> {
        let (mut writer, reader) = bindings::wit_stream::new();
        spawn_local(async move {
            // Three at a time, so that reads of every size meet writes of another.
            let words: Vec<String> = (0..count).map(|n| n.to_string()).collect();
            for part in words.chunks(3) {
                if !writer.write_all(part.to_vec()).await.is_empty() {
                    break;
                }
            }
        });
        reader
    }

    async fn pass(words: StreamReader<String>) -> StreamReader<String> {
        words
    }
}
