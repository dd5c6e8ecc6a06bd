//! The bindings of wit-bindgen 0.63, and what they are put through.
#![allow(missing_docs, reason = "most of this crate is generated")]

pub use wit_bindgen as runtime;

pub mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/interop",
        world: "bindings-v63",
        pub_export_macro: true,
        export_macro_name: "export_v63",
        default_bindings_module: "interop_v63::bindings",
        type_section_suffix: "interop-v63",
        generate_all,
    });
}

// The same text for each version: what is tested is that it means the same.
#[path = "../../exercise.rs"]
pub mod exercise;
