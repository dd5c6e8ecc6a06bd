//! Resources of the host that it passes to guests which it drives: `wit/handles`.

use wasmtime::component::{Linker, Resource, ResourceAny, ResourceType};
use wasmtime::{Result, bail, ensure};
use wasmtime_wasi::WasiView;

use crate::backtrace;
use crate::host;
use crate::ledger::Held;

/// The interfaces of this module.
pub const INTERFACES: &[&str] = &["test:handles/host-things"];

/// What the host holds for the guests of one store.
#[derive(Debug, Default)]
pub struct State {
    /// What the guest has destroyed once more, by `destroy-again`.
    pub again: Option<ResourceAny>,
}

/// A resource of the host.
#[derive(Debug)]
pub struct Thing {
    number: u32,
    _held: Held,
}

impl Thing {
    /// A new one, which is in the books as `thing`, in the store's table.
    ///
    /// # Errors
    ///
    /// When the table is full.
    pub fn make(state: &mut host::State, number: u32) -> Result<Resource<Thing>> {
        let thing = Thing {
            number,
            _held: state.ledger.hold("thing"),
        };
        Ok(state.ctx().table.push(thing)?)
    }

    /// Destroys it.
    ///
    /// # Errors
    ///
    /// When it is not there, or the handle is no owned one.
    pub fn destroy(state: &mut host::State, thing: Resource<Thing>) -> Result<()> {
        drop(state.ctx().table.delete(thing)?);
        Ok(())
    }

    /// The number that it was made with.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn number(state: &mut host::State, thing: &Resource<Thing>) -> Result<u32> {
        Ok(state.ctx().table.get(thing)?.number)
    }
}

/// Defines all of them.
///
/// # Errors
///
/// When a name is defined twice.
pub fn add_to_linker(linker: &mut Linker<host::State>) -> Result<()> {
    let mut things = linker.instance("test:handles/host-things@0.1.0")?;
    let ty = ResourceType::host::<Thing>();
    things.resource("thing", ty, |mut store, representation| {
        Thing::destroy(store.data_mut(), Resource::new_own(representation))
    })?;
    things.func_wrap_async("destroy-again", |mut store, (): ()| {
        Box::new(async move {
            let Some(again) = store.data_mut().peers.handles.again.take() else {
                bail!("nothing is to be destroyed again");
            };
            let told = match again.resource_drop_async(&mut store).await {
                Ok(()) => "destroyed".to_owned(),
                Err(error) => backtrace::causes(&error),
            };
            Ok((told,))
        })
    })?;
    things.func_wrap(
        "[static]thing.untyped-number",
        |mut store, (thing,): (ResourceAny,)| {
            ensure!(
                !thing.owned() && thing.ty() == ResourceType::host::<Thing>(),
                "expected a borrow of a thing, found {thing:?}"
            );
            let thing = thing.try_into_resource::<Thing>(&mut store)?;
            ensure!(!thing.owned(), "a borrow became an owned handle");
            Ok((Thing::number(store.data_mut(), &thing)?,))
        },
    )?;
    things.func_wrap(
        "[method]thing.number",
        |mut store, (thing,): (Resource<Thing>,)| Ok((Thing::number(store.data_mut(), &thing)?,)),
    )
}
