//! Ends whose other end is in a guest or in the harness.

mod bindings {
    wit_async::generate!({
        path: "../../../wit/ends",
        world: "runner",
        generate_all,
    });
}

mod handed;
mod memory;
mod reading;
mod values;
mod writing;

use futures::future::join;

guest_support::guest!();
bindings::export!(Runner with_types_in bindings);

struct Runner;

guest_support::scenarios! { bindings::exports::test::ends::scenarios_relay::Guest => Runner {
    reading: end_of_stream_lasts, empty_stream, read_more_than_there_is, reader_dropped_early,
        reader_dropped_with_read_in_flight, dropped_reads_lose_nothing,
        dropped_byte_reads_lose_nothing, told_of_end_while_idle, ticks_from_peer;
    writing: words_come_back, words_come_back_in_flight, rest_comes_back,
        told_of_reader_gone_while_idle, mebibyte_pumped, ten_streams_pumped, ticks_to_peer;
    handed: handed_on_unread, handed_on_after_part, handed_on_after_dropped_read,
        handed_on_with_kept_words, handed_on_after_read_ahead,
        handed_on_after_cancelled_read, handed_on_after_the_end, back_and_forth;
    values: future_of_peer, future_to_peer, future_value_comes_back,
        future_value_comes_back_in_flight, future_default_to_peer, future_default_nobody_reads,
        future_passed;
    memory: sent_words_are_freed, words_sent_one_by_one_are_freed, words_that_come_back_are_freed,
        values_are_freed;
} }

/// The words `from`, .. `to` - 1.
fn words(from: u32, to: u32) -> Vec<String> {
    (from..to).map(|n| n.to_string()).collect()
}

/// The host gives the index of a dropped end to another one, of which nothing is
/// known yet.
async fn in_use_again() {
    let (mut writer, mut reader) = bindings::wit_stream::new();
    assert_eq!(
        join(writer.write_one(1_u8), reader.next()).await,
        (None, Some(1))
    );
}
