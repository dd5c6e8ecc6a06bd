//! The host as the owner of resources: `wit/resources`.
//!
//! A token that a guest owns is in the table of the store. One that the host owns is a value of
//! Rust, wherever it is: so it is destroyed if a call is cancelled, or an end goes.

mod calls;
mod channels;
mod freight;
mod giving;
mod taking;
mod tokens;

use wasmtime::Result;
use wasmtime::component::{HasData, Linker};

use super::imports::gates::Gates;
use crate::host;

pub use tokens::{BesideToken, SlowToken, Token};

#[allow(missing_docs, reason = "generated; wit/resources describes it")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/resources",
        world: "host",
        imports: {
            "test:resources/vault.[drop]slow-token": async | trappable,
            "test:resources/vault.[drop]beside-token": async | store | trappable,
            default: trappable,
        },
        with: {
            "test:resources/vault.token": super::Token,
            "test:resources/vault.slow-token": super::SlowToken,
            "test:resources/vault.beside-token": super::BesideToken,
        },
    });
}

/// The interfaces of this module.
pub const INTERFACES: &[&str] = &["test:resources/vault", "test:resources/channels"];

/// What the host holds for the guests of one store.
#[derive(Debug, Default)]
pub struct State {
    gates: Gates,
    channels: channels::State,
}

/// Defines all of them.
///
/// # Errors
///
/// When a name is defined twice.
pub fn add_to_linker(linker: &mut Linker<host::State>) -> Result<()> {
    bindings::test::resources::vault::add_to_linker::<_, Peer>(linker, |state| state)?;
    bindings::test::resources::channels::add_to_linker::<_, Peer>(linker, |state| state)
}

/// How the functions get at the state.
struct Peer;

impl HasData for Peer {
    type Data<'a> = &'a mut host::State;
}
