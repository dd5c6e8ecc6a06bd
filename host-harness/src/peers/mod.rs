//! What the harness itself implements of the interfaces that runners import.
//!
//! Each theme that has the host as a peer has a module below.

pub mod boxes;
pub mod ends;
pub mod handles;
pub mod imports;
pub mod payloads;
pub mod resources;

use wasmtime::component::Linker;

use crate::host;

/// What the implementations keep in a store.
#[derive(Debug, Default)]
pub struct State {
    /// What the harness keeps of the boxes that it hands out.
    pub boxes: boxes::State,
    /// What is to be done to the resources of the guests that are driven.
    pub handles: handles::State,
    /// The callee of the import scenarios.
    pub imports: imports::State,
    /// The other ends of the payload scenarios.
    pub payloads: payloads::State,
    /// The resources of the host, and where they are on their way.
    pub resources: resources::State,
}

/// The interfaces that the host implements, without their versions.
pub fn interfaces() -> Vec<&'static str> {
    [
        boxes::INTERFACES,
        ends::INTERFACES,
        handles::INTERFACES,
        imports::INTERFACES,
        payloads::INTERFACES,
        resources::INTERFACES,
    ]
    .concat()
}

/// Defines all of them.
///
/// # Errors
///
/// When a name is defined twice.
pub fn add_to_linker(linker: &mut Linker<host::State>) -> wasmtime::Result<()> {
    boxes::add_to_linker(linker)?;
    ends::add_to_linker(linker)?;
    handles::add_to_linker(linker)?;
    imports::add_to_linker(linker)?;
    payloads::add_to_linker(linker)?;
    resources::add_to_linker(linker)
}
