//! The procedural macro behind `wit_async::generate!`.
//!
//! The generator writes the path of the runtime into its output as text, so the
//! text has to name the runtime from everywhere in the user's crate. Only a
//! procedural macro can find that name: it reads the manifest of the crate it
//! expands in. What it does not do is generate. It completes the input and hands
//! it on to the generator's own macro, with the tokens it was given, so that
//! errors keep their places and their words.
//!
//! ```text
//! wit_async::generate!(INPUT)
//!   └─► with_runtime_path! { [$crate::__generate] "wit-async" INPUT }      name, input
//!         └─► $crate::__generate!({ runtime_path: "::wit_async::rt", .. })
//! ```
//!
//! `$crate` comes from a `macro_rules!` macro, so that the generator is reached
//! from crates that have `wit-async` only by way of another crate.

mod input;
mod name;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

/// Adds the path of the runtime to the input of the generator and calls it.
///
/// Expects `[path::of::the::generator] "package" INPUT`: the package is the one
/// under which the user's manifest has the runtime. For use by the `generate!`
/// of the packages `wit-async` and `wit-bindgen` (`compat`).
#[proc_macro]
pub fn with_runtime_path(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(input.into(), name::runtime_path).into()
}

fn expand(
    input: TokenStream,
    runtime_path: impl FnOnce(&str) -> Result<String, String>,
) -> TokenStream {
    let mut tokens = input.into_iter();
    let (Some(TokenTree::Group(generator)), Some(TokenTree::Literal(package))) =
        (tokens.next(), tokens.next())
    else {
        return error("`with_runtime_path!` is for `generate!` only: call that");
    };
    let generator = generator.stream();
    let package = package.to_string();
    let user: TokenStream = tokens.collect();

    let user = match input::classify(&user) {
        // The user's own choice, or nothing that the generator would accept:
        // what there is to say about it, it says itself.
        input::Input::AsIs => user,
        input::Input::Extend(insertion) => match runtime_path(package.trim_matches('"')) {
            Ok(path) => insertion.with(&path),
            Err(message) => return error(&message),
        },
    };
    quote!(#generator! { #user })
}

fn error(message: &str) -> TokenStream {
    quote_spanned!(Span::call_site()=> ::core::compile_error! { #message })
}

#[cfg(test)]
mod tests;
