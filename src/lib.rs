//! Guest-side async runtime for the WebAssembly Component Model.
#![no_std]
