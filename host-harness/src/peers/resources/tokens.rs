//! The resources of the host, and the way from one owner to the other.

use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTableError};
use wasmtime_wasi::WasiView;

use crate::host;
use crate::ledger::Held;

/// What a guest knows as `token`.
#[derive(Debug)]
pub struct Token(Booked);

/// What a guest knows as `slow-token`.
#[derive(Debug)]
pub struct SlowToken(Booked);

/// What a guest knows as `beside-token`.
#[derive(Debug)]
pub struct BesideToken(Booked);

/// A number that is in the books as long as it exists.
#[derive(Debug)]
pub struct Booked {
    number: u32,
    _held: Held,
}

/// What the resources of this theme have in common.
pub trait Kind: Send + 'static {
    /// The kind in the books.
    const NAME: &'static str;

    /// A new one, owned by the host.
    fn new(booked: Booked) -> Self;

    /// What it holds.
    fn booked(&self) -> &Booked;

    /// The number it was made with.
    fn number(&self) -> u32 {
        self.booked().number
    }
}

macro_rules! kinds {
    ($($type:ident: $name:literal;)*) => {$(
        impl Kind for $type {
            const NAME: &'static str = $name;

            fn new(booked: Booked) -> Self {
                $type(booked)
            }

            fn booked(&self) -> &Booked {
                &self.0
            }
        }
    )*};
}

kinds! {
    Token: "token";
    SlowToken: "slow-token";
    BesideToken: "beside-token";
}

/// Makes one, which the host owns.
pub fn make<K: Kind>(state: &host::State, number: u32) -> K {
    K::new(Booked {
        number,
        _held: state.ledger.hold(K::NAME),
    })
}

/// Gives one to a guest. Nothing may come between this and its lowering: what is in the table
/// stays there until a guest drops it.
pub fn give<K: Kind>(state: &mut host::State, kind: K) -> Result<Resource<K>> {
    Ok(state.ctx().table.push(kind)?)
}

/// Takes one that a guest gave away.
pub fn take<K: Kind>(state: &mut host::State, own: Resource<K>) -> Result<K> {
    Ok(state.ctx().table.delete(own)?)
}

/// The number of one that a guest owns.
pub fn look<K: Kind>(
    state: &mut host::State,
    lent: &Resource<K>,
) -> Result<u32, ResourceTableError> {
    state.ctx().table.get(lent).map(K::number)
}
