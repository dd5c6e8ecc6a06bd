//! What becomes of the program on wit-bindgen 0.63.

use wit_bindgen as runtime;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/resources",
        world: "v63",
        generate_all,
    });
}

// What passes on wit-async, with not a word changed.
#[path = "../../program/mod.rs"]
mod program;

use program::{aggregates, calls, forced, futures, reads, trapped, writes};

guest_support::guest!();
bindings::export!(Resources with_types_in bindings);

struct Resources;

/// What a function of the program comes to: what the trap or the failed assertion says, or
/// nothing where it does what it does on wit-async.
macro_rules! comes_to {
    ($interface:ident: $($module:ident::$name:ident: $text:literal;)*) => {
        impl bindings::exports::test::resources::$interface::Guest for Resources {
            $(async fn $name() {
                if !$text.is_empty() {
                    guest_support::expect_trap($text);
                }
                $module::$name().await
            })*
        }
    };
}

comes_to! { scenarios_v63_calls:
    calls::own_parameters: "";
    calls::own_results: "";
    calls::handed_back: "";
    calls::borrowed: "";
    calls::methods: "";
    calls::destructors: "";
    calls::never_polled: "";
    calls::cancelled_while_the_host_holds_it: "";
    calls::cancelled_when_the_host_had_returned_it: "";
    calls::delivered_and_not_polled: "";
    calls::cancelled_while_lent: "";
    aggregates::own_in_records: "";
    aggregates::own_in_lists: "";
    aggregates::own_in_variants: "";
    aggregates::own_in_options: "";
    aggregates::own_in_results: "";
    aggregates::own_in_all_of_them: "";
    aggregates::borrow_in_all_of_them: "";
    trapped::trapped_while_holding: "";
}

comes_to! { scenarios_v63_reads:
    reads::received_and_dropped: "";
    reads::received_and_handed_back: "";
    reads::unread_when_the_reader_goes: "";
    reads::batch_read_in_part: "";
    reads::read_cancelled: "";
    reads::read_cancelled_when_it_had_some: "";
    reads::read_dropped_when_it_had_some: "each token once";
    reads::read_and_reader_dropped_when_it_had_some: "";
    reads::handed_back_unread: "";
    reads::refused_in_the_host_is_the_hosts_to_destroy: "";
    reads::handed_to_and_fro: "";
    reads::flood_is_the_hosts_to_destroy: "";
}

comes_to! { scenarios_v63_writes:
    writes::received_and_dropped: "";
    writes::received_and_handed_back: "";
    writes::unread_when_the_reader_goes: "cannot write after being notified that the readable end dropped";
    writes::cancelled: "";
    writes::dropped_in_flight: "";
    writes::batch_taken_in_part: "";
    writes::batch_dropped_when_taken_in_part: "";
    writes::batch_taken_in_part_when_the_reader_goes: "";
    writes::handed_to_and_fro: "";
}

comes_to! { scenarios_v63_forced:
    forced::dropped_twice: "";
    forced::given_twice_in_one_call: "";
    forced::dropped_while_it_is_written: "";
    forced::given_while_it_is_lent: "";
    forced::dropped_while_it_is_lent: "";
    forced::written_while_it_is_lent: "";
    forced::given_and_lent_in_one_call: "";
    forced::dropped_as_another_type: "";
    forced::made_up: "";
}

comes_to! { scenarios_v63_futures:
    futures::read_and_dropped: "";
    futures::unread_when_the_reader_goes: "";
    futures::read_cancelled: "";
    futures::read_dropped_when_it_had_it: "";
    futures::read_dropped: "";
    futures::written_and_taken: "";
    futures::written_when_the_reader_goes: "";
    futures::write_cancelled: "";
    futures::write_dropped: "";
    futures::writer_dropped: "";
    futures::handed_to_and_fro: "";
}
