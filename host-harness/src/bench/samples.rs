//! Times one call from the host.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use wasmtime::Store;
use wasmtime::component::{Instance, TypedFunc};

use super::guests::{Guests, Prepared};
use super::host::{self, Host};
use super::rows::{Method, Row, Runtime};

/// How long it took, and what it came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How long.
    pub time: Duration,
    /// How many instructions of guests, where these are counted.
    pub instructions: u64,
    /// A sum over all that was done, the same on each runtime.
    pub sum: u64,
}

/// Every so many times as often is done first, untimed.
const WARM_UP: u32 = 10;

/// Does the work of a row `n` times on a runtime, in a fresh store.
///
/// # Errors
///
/// When the guest traps.
pub fn sample(row: &Row, runtime: Runtime, n: u32, guests: &Guests) -> Result<Sample> {
    let prepared = guests.prepared(runtime, row.peer.into())?;
    finish(row, runtime, call(row, n, prepared))
}

/// Runs to the end what a guest does, on a runtime of the host's.
///
/// # Errors
///
/// When the guest traps.
pub fn finish<T>(
    row: &Row,
    runtime: Runtime,
    work: impl Future<Output = wasmtime::Result<T>>,
) -> Result<T> {
    let threads = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("could not start the host's runtime")?;
    threads.block_on(work).map_err(|error| {
        anyhow!(
            "{}: the guest on {} failed: {error:?}",
            row.name,
            runtime.name()
        )
    })
}

async fn call(row: &Row, n: u32, prepared: &Prepared) -> wasmtime::Result<Sample> {
    let mut store = host::store(&prepared.engine);
    let instance = prepared.instance.instantiate_async(&mut store).await?;
    let function = find(row, prepared, &instance, &mut store)?;
    let warm_up = n.div_ceil(WARM_UP);
    run(row, warm_up, &function, &mut store).await?;
    let before = host::instructions(&store);
    let start = Instant::now();
    let sum = run(row, n, &function, &mut store).await?;
    let time = start.elapsed();
    let instructions = host::instructions(&store) - before;
    Ok(Sample {
        time,
        instructions,
        sum,
    })
}

/// An export that does the work of a row.
pub type Function = TypedFunc<(u32, u32), (u64,)>;

/// Finds the export of a row.
///
/// # Errors
///
/// When there is none of this name and type.
pub fn find(
    row: &Row,
    prepared: &Prepared,
    instance: &Instance,
    store: &mut Store<Host>,
) -> wasmtime::Result<Function> {
    let interface = prepared.component.get_export_index(None, row.interface);
    let index = interface
        .and_then(|index| {
            prepared
                .component
                .get_export_index(Some(&index), row.function)
        })
        .ok_or_else(|| wasmtime::format_err!("no export `{}#{}`", row.interface, row.function))?;
    instance.get_typed_func(store, index)
}

/// Does the work of a row `n` times. Returns what it came to.
///
/// # Errors
///
/// When the guest traps.
pub async fn run(
    row: &Row,
    n: u32,
    function: &Function,
    store: &mut Store<Host>,
) -> wasmtime::Result<u64> {
    if row.method != Method::Calls {
        return Ok(function.call_async(store, (n, row.size)).await?.0);
    }
    let mut sum = 0;
    for _ in 0..n {
        sum += function.call_async(&mut *store, (1, row.size)).await?.0;
    }
    Ok(sum)
}
