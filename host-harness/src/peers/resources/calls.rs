//! The functions of `vault`.

use wasmtime::Result;
use wasmtime::component::{Accessor, Resource};

use super::super::imports::gates::{Call, Gates};
use super::Peer;
use super::bindings::test::resources::vault::{
    Cargo, Host, HostBesideToken, HostBesideTokenWithStore, HostSlowToken, HostToken,
    HostTokenWithStore, HostWithStore, LentCargo, LentPair, Pair,
};
use super::freight::Freight;
use super::tokens::{self, BesideToken, Kind, SlowToken, Token};
use crate::host;

type Access = Accessor<host::State, Peer>;

/// How long "a while" is: long enough for the guest to see that the call is pending.
async fn perhaps_wait(wait: bool) {
    if wait {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
}

fn gates(state: &mut host::State) -> &mut Gates {
    &mut state.peers.resources.gates
}

fn give<K: Kind>(accessor: &Access, kind: K) -> Result<Resource<K>> {
    accessor.with(|mut access| tokens::give(access.get(), kind))
}

fn take<K: Kind>(accessor: &Access, own: Resource<K>) -> Result<K> {
    accessor.with(|mut access| tokens::take(access.get(), own))
}

fn look<K: Kind>(accessor: &Access, lent: &Resource<K>) -> Result<u32> {
    Ok(accessor.with(|mut access| tokens::look(access.get(), lent))?)
}

fn look_all(accessor: &Access, lent: &[Resource<Token>]) -> Result<Vec<u32>> {
    lent.iter().map(|lent| look(accessor, lent)).collect()
}

/// Owns all of it for a while and hands it back.
async fn pass<F: Freight>(accessor: &Access, wait: bool, freight: F) -> Result<F> {
    let unpacked = accessor.with(|mut access| freight.unpack(access.get()))?;
    perhaps_wait(wait).await;
    accessor.with(|mut access| F::pack(access.get(), unpacked))
}

impl Host for &mut host::State {
    fn make_now(&mut self, number: u32) -> Result<Resource<Token>> {
        let token = tokens::make(self, number);
        tokens::give(self, token)
    }

    fn take_now(&mut self, taken: Resource<Token>) -> Result<u32> {
        Ok(tokens::take(self, taken)?.number())
    }

    fn pass_now(&mut self, passed: Resource<Token>) -> Result<Resource<Token>> {
        let token = tokens::take(self, passed)?;
        tokens::give(self, token)
    }

    fn look_now(&mut self, lent: Resource<Token>) -> Result<u32> {
        Ok(tokens::look(self, &lent)?)
    }

    fn release(&mut self, key: u32) -> Result<()> {
        gates(self).release(key);
        Ok(())
    }
}

impl HostToken for &mut host::State {
    fn new(&mut self, number: u32) -> Result<Resource<Token>> {
        Host::make_now(self, number)
    }

    fn number(&mut self, token: Resource<Token>) -> Result<u32> {
        Ok(tokens::look(self, &token)?)
    }

    fn same_as(&mut self, token: Resource<Token>, other: Resource<Token>) -> Result<bool> {
        Ok(token.rep() == other.rep())
    }

    fn drop(&mut self, token: Resource<Token>) -> Result<()> {
        drop(tokens::take(self, token)?);
        Ok(())
    }
}

impl HostTokenWithStore<host::State> for Peer {
    async fn number_later(accessor: &Access, token: Resource<Token>) -> Result<u32> {
        perhaps_wait(true).await;
        look(accessor, &token)
    }

    async fn merge(
        accessor: &Access,
        wait: bool,
        first: Resource<Token>,
        second: Resource<Token>,
    ) -> Result<Resource<Token>> {
        let (first, second) = (take(accessor, first)?, take(accessor, second)?);
        perhaps_wait(wait).await;
        let number = first.number() + second.number();
        drop((first, second));
        let merged: Token = accessor.with(|mut access| tokens::make(access.get(), number));
        give(accessor, merged)
    }
}

impl HostSlowToken for &mut host::State {
    fn new(&mut self, number: u32) -> Result<Resource<SlowToken>> {
        let token = tokens::make(self, number);
        tokens::give(self, token)
    }

    fn number(&mut self, token: Resource<SlowToken>) -> Result<u32> {
        Ok(tokens::look(self, &token)?)
    }

    async fn drop(&mut self, token: Resource<SlowToken>) -> Result<()> {
        perhaps_wait(true).await;
        drop(tokens::take(self, token)?);
        Ok(())
    }
}

impl HostBesideToken for &mut host::State {
    fn new(&mut self, number: u32) -> Result<Resource<BesideToken>> {
        let token = tokens::make(self, number);
        tokens::give(self, token)
    }

    fn number(&mut self, token: Resource<BesideToken>) -> Result<u32> {
        Ok(tokens::look(self, &token)?)
    }
}

impl HostBesideTokenWithStore<host::State> for Peer {
    async fn drop(accessor: &Access, token: Resource<BesideToken>) -> Result<()> {
        perhaps_wait(true).await;
        drop(take(accessor, token)?);
        Ok(())
    }
}

impl HostWithStore<host::State> for Peer {
    async fn make(accessor: &Access, wait: bool, number: u32) -> Result<Resource<Token>> {
        let token: Token = accessor.with(|mut access| tokens::make(access.get(), number));
        perhaps_wait(wait).await;
        give(accessor, token)
    }

    async fn take(accessor: &Access, wait: bool, taken: Resource<Token>) -> Result<u32> {
        let token = take(accessor, taken)?;
        perhaps_wait(wait).await;
        Ok(token.number())
    }

    async fn exchange(
        accessor: &Access,
        wait: bool,
        taken: Resource<Token>,
        lent: Resource<Token>,
    ) -> Result<Resource<Token>> {
        let token = take(accessor, taken)?;
        perhaps_wait(wait).await;
        let number = token.number() + look(accessor, &lent)?;
        drop(token);
        let made: Token = accessor.with(|mut access| tokens::make(access.get(), number));
        give(accessor, made)
    }

    async fn pass(accessor: &Access, wait: bool, it: Resource<Token>) -> Result<Resource<Token>> {
        pass(accessor, wait, it).await
    }

    async fn pass_pair(accessor: &Access, wait: bool, passed: Pair) -> Result<Pair> {
        pass(accessor, wait, passed).await
    }

    async fn pass_list(
        accessor: &Access,
        wait: bool,
        passed: Vec<Resource<Token>>,
    ) -> Result<Vec<Resource<Token>>> {
        pass(accessor, wait, passed).await
    }

    async fn pass_cargo(accessor: &Access, wait: bool, passed: Cargo) -> Result<Cargo> {
        pass(accessor, wait, passed).await
    }

    async fn pass_option(
        accessor: &Access,
        wait: bool,
        passed: Option<Resource<Token>>,
    ) -> Result<Option<Resource<Token>>> {
        pass(accessor, wait, passed).await
    }

    async fn pass_result(
        accessor: &Access,
        wait: bool,
        passed: Result<Resource<Token>, Cargo>,
    ) -> Result<Result<Resource<Token>, Cargo>> {
        pass(accessor, wait, passed).await
    }

    async fn pass_nested(
        accessor: &Access,
        wait: bool,
        passed: Vec<Option<Result<Pair, Cargo>>>,
    ) -> Result<Vec<Option<Result<Pair, Cargo>>>> {
        pass(accessor, wait, passed).await
    }

    async fn look(accessor: &Access, wait: bool, lent: Resource<Token>) -> Result<u32> {
        perhaps_wait(wait).await;
        look(accessor, &lent)
    }

    async fn look_pair(accessor: &Access, wait: bool, lent: LentPair) -> Result<Vec<u32>> {
        perhaps_wait(wait).await;
        wasmtime::ensure!(!lent.name.is_empty(), "a pair has a name");
        look_all(accessor, &[lent.first, lent.second])
    }

    async fn look_list(
        accessor: &Access,
        wait: bool,
        lent: Vec<Resource<Token>>,
    ) -> Result<Vec<u32>> {
        perhaps_wait(wait).await;
        look_all(accessor, &lent)
    }

    async fn look_cargo(accessor: &Access, wait: bool, lent: LentCargo) -> Result<Vec<u32>> {
        perhaps_wait(wait).await;
        match lent {
            LentCargo::Nothing => Ok(Vec::new()),
            LentCargo::One(lent) => look_all(accessor, &[lent]),
            LentCargo::Many(lent) => look_all(accessor, &lent),
        }
    }

    async fn look_option(
        accessor: &Access,
        wait: bool,
        lent: Option<Resource<Token>>,
    ) -> Result<Option<u32>> {
        perhaps_wait(wait).await;
        lent.map(|lent| look(accessor, &lent)).transpose()
    }

    async fn look_result(
        accessor: &Access,
        wait: bool,
        lent: Result<Resource<Token>, String>,
    ) -> Result<Result<u32, String>> {
        perhaps_wait(wait).await;
        Ok(match lent {
            Ok(lent) => Ok(look(accessor, &lent)?),
            Err(text) => Err(text),
        })
    }

    async fn hold(accessor: &Access, key: u32, held: Resource<Token>) -> Result<Resource<Token>> {
        let token = take(accessor, held)?;
        Call::held(accessor.with(|mut access| gates(access.get()).wait(key))).await;
        give(accessor, token)
    }

    async fn hold_lent(accessor: &Access, key: u32, lent: Resource<Token>) -> Result<u32> {
        Call::held(accessor.with(|mut access| gates(access.get()).wait(key))).await;
        look(accessor, &lent)
    }
}
