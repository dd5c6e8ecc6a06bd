//! `generate!`: the generator's macro, with the path of this runtime filled in.

/// Generates bindings for a WIT world.
///
/// Takes everything that `wit_bindgen::generate!` takes; that macro's
/// documentation describes the options.
///
/// ```text
/// generate!();                      // the only world in `wit/`
/// generate!("world");               // this world in `wit/`
/// generate!("world" in "path");     // this world in another folder
/// generate!(in "path");             // the only world there
/// generate!({ world: "world", path: "path", .. });
/// ```
///
/// The output refers to this crate by the name that the `Cargo.toml` of the
/// calling crate has for it, so the macro works in every module, and under a
/// rename (`wit-bindgen = { package = "wit-async", .. }`) too. A crate that reaches
/// this one only through another crate writes `runtime_path: "::other::wit_async::rt"`.
///
/// # Example
///
/// ```
/// mod bindings {
///     wit_async::generate!({
///         inline: "
///             package example:greeter;
///             interface names {
///                 pick: async func(among: list<string>) -> string;
///             }
///             world greeter {
///                 import names;
///                 export greet: async func() -> string;
///             }
///         ",
/// #       path: [],
///     });
/// }
///
/// struct Greeter;
///
/// impl bindings::Guest for Greeter {
///     async fn greet() -> String {
///         let names = vec!["Ada".to_owned(), "Grace".to_owned()];
///         let name = bindings::example::greeter::names::pick(names).await;
///         format!("Hello, {name}!")
///     }
/// }
///
/// bindings::export!(Greeter with_types_in bindings);
/// # fn main() {}
/// ```
///
/// # Errors
///
/// What is wrong with the input or the WIT is a compile error, in the generator's
/// words. So is a `Cargo.toml` without a dependency on this crate.
#[macro_export]
macro_rules! generate {
    ($($input:tt)*) => {
        $crate::__with_runtime_path! { [$crate::__generate] "wit-async" $($input)* }
    };
}
