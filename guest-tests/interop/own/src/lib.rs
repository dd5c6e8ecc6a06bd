//! The bindings of wit-async, and what they are put through.
#![allow(missing_docs, reason = "most of this crate is generated")]

pub use wit_async as runtime;

pub mod bindings {
    wit_async::generate!({
        path: "../../../wit/interop",
        world: "bindings-own",
        pub_export_macro: true,
        export_macro_name: "export_own",
        default_bindings_module: "interop_own::bindings",
        type_section_suffix: "interop-own",
        generate_all,
    });
}

// The same text for each version: what is tested is that it means the same.
#[path = "../../exercise.rs"]
pub mod exercise;
