//! What every guest of the test suite shares: the way to the harness, and the
//! export through which the harness reads what the runtime of the guest counts.
//!
//! A guest writes `guest_support::guest!();` once, at its crate root.
#![allow(missing_docs, reason = "half of this crate is generated")]

#[doc(hidden)]
pub mod bindings {
    wit_async::generate!({
        path: "../../wit/harness",
        world: "guest",
        pub_export_macro: true,
        export_macro_name: "export_guest",
        default_bindings_module: "guest_support::bindings",
        type_section_suffix: "guest-support",
        generate_all,
    });
}

pub mod accounting;
pub mod check;
pub mod ledger;

/// Sends a line to the harness, which shows it when the scenario fails.
pub fn log(message: &str) {
    bindings::test::harness::report::log(message);
}

/// Says that this scenario ends in a trap whose text, or the guest's standard
/// error, contains `message`.
pub fn expect_trap(message: &str) {
    bindings::test::harness::report::expect_trap(message);
}

/// Says that this scenario leaks operations in flight, and with them so many blocks of
/// memory that are lent to the host: no more and no fewer.
pub fn leaves_blocks(count: u32) {
    bindings::test::harness::report::leaves_blocks(count);
}

/// Says that a task that this scenario starts waits for ever, with nothing left that could
/// wake it.
pub fn leaves_a_task() {
    bindings::test::harness::report::leaves_a_task();
}

/// Whether the harness plays the peer, and no guest does.
pub fn is_played_by_harness() -> bool {
    bindings::test::harness::report::is_played_by_harness()
}

/// Exports the accounting of this guest. Once per guest, at the crate root.
///
/// A guest whose reads and writes meet in itself as often as with a peer writes
/// `guest!(only_calls)`: what it records says nothing of what was done with whom.
#[macro_export]
macro_rules! guest {
    () => {
        $crate::guest!(@ $crate::accounting::trace);
    };
    (only_calls) => {
        $crate::guest!(@ $crate::accounting::calls);
    };
    (@ $trace:path) => {
        $crate::bindings::export_guest!(GuestAccounting with_types_in $crate::bindings);

        /// Answers the harness's questions about what is left.
        struct GuestAccounting;

        impl $crate::bindings::exports::test::harness::accounting::Guest for GuestAccounting {
            fn counts() -> $crate::bindings::exports::test::harness::accounting::Live {
                $crate::accounting::counts()
            }

            fn trace() -> ::std::vec::Vec<
                $crate::bindings::exports::test::harness::accounting::Operation,
            > {
                $trace()
            }
        }
    };
}

/// Implements an interface of scenarios by functions of modules, so that a
/// theme with many scenarios is not one long file.
#[macro_export]
macro_rules! scenarios {
    ($guest:path => $type:ident {
        $($module:ident: $($name:ident),+ ;)*
        $(=> synchronous: $($sync_module:ident::$sync_name:ident),+ ;)?
    }) => {
        impl $guest for $type {
            $($(
                async fn $name() {
                    $module::$name().await
                }
            )+)*
            $($(
                fn $sync_name() {
                    $sync_module::$sync_name()
                }
            )+)?
        }
    };
}

/// Implements `test:ends/payloads`, whose functions only name the payloads of ends that a
/// guest makes for itself, with the ends of a runtime.
#[macro_export]
macro_rules! payloads {
    ($guest:path => $type:ident, $runtime:ident) => {
        impl $guest for $type {
            fn drop_all(
                _: $runtime::StreamReader<u8>,
                _: $runtime::StreamReader<u32>,
                _: $runtime::FutureReader<u32>,
            ) {
            }

            fn drop_streams(
                _: $runtime::StreamReader<u16>,
                _: $runtime::StreamReader<u64>,
                _: $runtime::StreamReader<i8>,
                _: $runtime::StreamReader<i16>,
                _: $runtime::StreamReader<i32>,
                _: $runtime::StreamReader<f32>,
            ) {
            }

            fn drop_futures(
                _: $runtime::FutureReader<u16>,
                _: $runtime::FutureReader<u64>,
                _: $runtime::FutureReader<i8>,
                _: $runtime::FutureReader<i16>,
                _: $runtime::FutureReader<i32>,
                _: $runtime::FutureReader<f32>,
            ) {
            }
        }
    };
}
