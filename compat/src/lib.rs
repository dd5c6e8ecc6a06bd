//! [`wit_async`] under the name of wit-bindgen, so that a `[patch]` table moves a
//! whole graph of crates over. There is nothing here but names.
#![no_std]

pub use wit_async::*;

/// Generates bindings for a WIT world: [`wit_async::generate!`], for crates that
/// know the runtime as wit-bindgen.
#[cfg(feature = "macros")]
#[macro_export]
macro_rules! generate {
    ($($input:tt)*) => {
        $crate::__with_runtime_path! { [$crate::__generate] "wit-bindgen" $($input)* }
    };
}
