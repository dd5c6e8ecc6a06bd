//! What becomes of the programs on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/ends",
        world: "promises-v63",
        generate_all,
    });
}

// What passes on wit-async, with not a word changed.
#[path = "../../program.rs"]
mod program;

guest_support::guest!();
bindings::export!(Promises with_types_in bindings);

struct Promises;

guest_support::payloads! { bindings::exports::test::ends::payloads::Guest => Promises, wit_bindgen }

/// What a program comes to: what the trap or the failed assertion says, with each peer, or
/// nothing.
macro_rules! comes_to {
    (
        $($name:ident: $guest:literal, $harness:literal;)*
        => synchronous: $($sync:ident: $text:literal;)*
    ) => {
        impl bindings::exports::test::ends::scenarios_promises_v63::Guest for Promises {
            $(async fn $name() {
                announce($guest, $harness);
                program::$name().await
            })*
            $(fn $sync() {
                announce($text, $text);
                program::$sync()
            })*
        }
    };
}

/// Says what a program comes to, if it is anything but the promise.
fn announce(beside_a_guest: &str, beside_the_harness: &str) {
    let text = match guest_support::is_played_by_harness() {
        true => beside_the_harness,
        false => beside_a_guest,
    };
    if !text.is_empty() {
        guest_support::expect_trap(text);
    }
}

comes_to! {
    end_lasts: "cannot read after being notified that the writable end dropped", "";
    writes_after_the_reader: "cannot write after being notified that the readable end dropped",
        "cannot write after being notified that the readable end dropped";
    cancels_find_what_happened: "", "";
    dropped_read_had_its_event: "each item once", "each item once";
    yield_loop_lets_events_through: "", "";
    // A word is lost. Where the peer is a guest, the end is then waited for in its place.
    dropped_reads_lose_nothing: "cannot read after being notified that the writable end dropped",
        "each word once";
    dropped_read_goes_along: "", "each word once";
    dropped_read_goes_along_in_block_on: "", "each word once";
    forgotten_read_then_read: "cannot have concurrent operations active",
        "cannot have concurrent operations active";
    forgotten_read_then_dropped: "cannot remove busy stream", "cannot remove busy stream";
    forgotten_read_then_handed_away: "cannot remove busy stream", "cannot remove busy stream";
    forgotten_write_then_write: "cannot have concurrent operations active",
        "cannot have concurrent operations active";
    forgotten_write_then_dropped: "cannot drop busy stream", "cannot drop busy stream";
    read_finished_in_block_on: "", "";
    backpressure_below_zero: "backpressure counter overflow", "backpressure counter overflow";
    busy_stream_lets_others_go_on: "others had their turn", "others had their turn";
    forgotten_read_then_told_of_the_end:
        "cannot read after being notified that the writable end dropped",
        "cannot read after being notified that the writable end dropped";
    // The `block_on` stays for what was leaked in it.
    forgotten_read_that_moved: "deadlock detected", "deadlock detected";
    adapter_waits_again: "", "";
    dropped_read_is_not_cancelled: "the read is not there any more",
        "the read is not there any more";
    dropped_write_is_cancelled: "", "";
    dropped_read_of_future_is_cancelled: "", "";
    => synchronous:
    read_dropped_in_synchronous_export: "cannot block a synchronous task before returning";
    write_dropped_in_synchronous_export: "cannot block a synchronous task before returning";
    future_dropped_in_synchronous_export: "!task.is_null()";
}
