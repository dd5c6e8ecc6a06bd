//! Aggregates of resources that change their owner.

use std::fmt::Debug;

use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::test::resources::vault::{Cargo, Pair};
use super::tokens::{self, Token};
use crate::host;

/// An aggregate of resources, which one owner hands to another one.
pub trait Freight: Sized {
    /// The same, with resources that the host owns.
    type Unpacked: Debug;

    fn unpack(self, state: &mut host::State) -> Result<Self::Unpacked>;

    fn pack(state: &mut host::State, unpacked: Self::Unpacked) -> Result<Self>;
}

impl Freight for Resource<Token> {
    type Unpacked = Token;

    fn unpack(self, state: &mut host::State) -> Result<Token> {
        tokens::take(state, self)
    }

    fn pack(state: &mut host::State, unpacked: Token) -> Result<Self> {
        tokens::give(state, unpacked)
    }
}

impl Freight for Pair {
    type Unpacked = (String, Token, Token);

    fn unpack(self, state: &mut host::State) -> Result<Self::Unpacked> {
        Ok((
            self.name,
            self.first.unpack(state)?,
            self.second.unpack(state)?,
        ))
    }

    fn pack(state: &mut host::State, (name, first, second): Self::Unpacked) -> Result<Self> {
        Ok(Pair {
            name,
            first: tokens::give(state, first)?,
            second: tokens::give(state, second)?,
        })
    }
}

impl<F: Freight> Freight for Vec<F> {
    type Unpacked = Vec<F::Unpacked>;

    fn unpack(self, state: &mut host::State) -> Result<Self::Unpacked> {
        self.into_iter().map(|item| item.unpack(state)).collect()
    }

    fn pack(state: &mut host::State, unpacked: Self::Unpacked) -> Result<Self> {
        let pack = |item| F::pack(state, item);
        unpacked.into_iter().map(pack).collect()
    }
}

impl<F: Freight> Freight for Option<F> {
    type Unpacked = Option<F::Unpacked>;

    fn unpack(self, state: &mut host::State) -> Result<Self::Unpacked> {
        self.map(|item| item.unpack(state)).transpose()
    }

    fn pack(state: &mut host::State, unpacked: Self::Unpacked) -> Result<Self> {
        unpacked.map(|item| F::pack(state, item)).transpose()
    }
}

impl<F: Freight, E: Freight> Freight for Result<F, E> {
    type Unpacked = Result<F::Unpacked, E::Unpacked>;

    fn unpack(self, state: &mut host::State) -> Result<Self::Unpacked> {
        Ok(match self {
            Ok(item) => Ok(item.unpack(state)?),
            Err(item) => Err(item.unpack(state)?),
        })
    }

    fn pack(state: &mut host::State, unpacked: Self::Unpacked) -> Result<Self> {
        Ok(match unpacked {
            Ok(item) => Ok(F::pack(state, item)?),
            Err(item) => Err(E::pack(state, item)?),
        })
    }
}

/// What a cargo comes to: its label and its tokens, if it has any.
impl Freight for Cargo {
    type Unpacked = Unpacked;

    fn unpack(self, state: &mut host::State) -> Result<Unpacked> {
        Ok(match self {
            Cargo::Nothing => Unpacked::Nothing,
            Cargo::One(token) => Unpacked::One(token.unpack(state)?),
            Cargo::Labelled((label, token)) => Unpacked::Labelled(label, token.unpack(state)?),
            Cargo::Many(tokens) => Unpacked::Many(tokens.unpack(state)?),
        })
    }

    fn pack(state: &mut host::State, unpacked: Unpacked) -> Result<Cargo> {
        Ok(match unpacked {
            Unpacked::Nothing => Cargo::Nothing,
            Unpacked::One(token) => Cargo::One(tokens::give(state, token)?),
            Unpacked::Labelled(label, token) => {
                Cargo::Labelled((label, tokens::give(state, token)?))
            }
            Unpacked::Many(tokens) => Cargo::Many(Freight::pack(state, tokens)?),
        })
    }
}

/// A cargo whose tokens the host owns.
#[derive(Debug)]
pub enum Unpacked {
    Nothing,
    One(Token),
    Labelled(String, Token),
    Many(Vec<Token>),
}
