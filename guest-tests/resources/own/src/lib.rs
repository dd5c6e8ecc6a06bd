//! A guest that owns, lends and hands away resources of the host.

use wit_async as runtime;

mod bindings {
    wit_async::generate!({
        path: "../../../wit/resources",
        world: "runner",
        generate_all,
    });
}

// What becomes of it on wit-bindgen 0.63 is in `resources-v63`, with not a word changed.
#[path = "../../program/mod.rs"]
mod program;

use program::{aggregates, calls, forced, futures, reads, trapped, writes};

guest_support::guest!();
bindings::export!(Resources with_types_in bindings);

struct Resources;

guest_support::scenarios! { bindings::exports::test::resources::scenarios_calls::Guest => Resources {
    calls: own_parameters, own_results, handed_back, borrowed, methods, destructors, never_polled, cancelled_while_the_host_holds_it, cancelled_when_the_host_had_returned_it, delivered_and_not_polled, cancelled_while_lent;
    aggregates: own_in_records, own_in_lists, own_in_variants, own_in_options, own_in_results, own_in_all_of_them, borrow_in_all_of_them;
    trapped: trapped_while_holding;
} }

guest_support::scenarios! { bindings::exports::test::resources::scenarios_reads::Guest => Resources {
    reads: received_and_dropped, received_and_handed_back, unread_when_the_reader_goes, batch_read_in_part, read_cancelled, read_cancelled_when_it_had_some, read_dropped_when_it_had_some, read_and_reader_dropped_when_it_had_some, handed_back_unread, refused_in_the_host_is_the_hosts_to_destroy, handed_to_and_fro, flood_is_the_hosts_to_destroy;
} }

guest_support::scenarios! { bindings::exports::test::resources::scenarios_writes::Guest => Resources {
    writes: received_and_dropped, received_and_handed_back, unread_when_the_reader_goes, cancelled, dropped_in_flight, batch_taken_in_part, batch_dropped_when_taken_in_part, batch_taken_in_part_when_the_reader_goes, handed_to_and_fro;
} }

guest_support::scenarios! { bindings::exports::test::resources::scenarios_forced::Guest => Resources {
    forced: dropped_twice, given_twice_in_one_call, dropped_while_it_is_written, given_while_it_is_lent, dropped_while_it_is_lent, written_while_it_is_lent, given_and_lent_in_one_call, dropped_as_another_type, made_up;
} }

guest_support::scenarios! { bindings::exports::test::resources::scenarios_futures::Guest => Resources {
    futures: read_and_dropped, unread_when_the_reader_goes, read_cancelled, read_dropped_when_it_had_it, read_dropped, written_and_taken, written_when_the_reader_goes, write_cancelled, write_dropped, writer_dropped, handed_to_and_fro;
} }
