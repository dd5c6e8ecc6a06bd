//! The host that guests are timed on.

use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Cache, Config, Engine, Result, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::peer::{self, Pace};

/// What a store holds.
pub struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// An engine with no more than a host needs that wants speed: guests are not
/// interrupted. If it `counts`, their instructions are counted.
///
/// # Errors
///
/// When wasmtime does not support this machine.
pub fn engine(counts: bool) -> anyhow::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .wasm_component_model_async(true)
        .consume_fuel(counts)
        .cache(Cache::from_file(None).ok());
    Engine::new(&config).map_err(|error| anyhow::anyhow!("could not set up wasmtime: {error:?}"))
}

/// What guests can import. The host does its part of it at a pace. What is in no row traps.
///
/// # Errors
///
/// When a name is defined twice.
pub fn linker(engine: &Engine, component: &Component, pace: Pace) -> Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    peer::add_to_linker(&mut linker, pace)?;
    linker.define_unknown_imports_as_traps(component)?;
    Ok(linker)
}

/// A fresh store, in which what guests print shows.
pub fn store(engine: &Engine) -> Store<Host> {
    let host = Host {
        wasi: WasiCtx::builder().inherit_stderr().build(),
        table: ResourceTable::new(),
    };
    let mut store = Store::new(engine, host);
    // An error says that nothing is counted.
    let _ = store.set_fuel(u64::MAX);
    store
}

/// How many instructions guests have executed in a store; none where nothing is counted.
pub fn instructions(store: &Store<Host>) -> u64 {
    store.get_fuel().map_or(0, |left| u64::MAX - left)
}
