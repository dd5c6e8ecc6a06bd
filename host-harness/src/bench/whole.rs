//! What is measured of a guest as a whole.

use std::time::Instant;

use anyhow::{Context, Result, anyhow};

use super::guests::{Guests, Whole};
use super::host;
use super::rows::Runtime;
use super::samples::Sample;

/// Instantiates the smallest guest `n` times, each time in a fresh store.
///
/// # Errors
///
/// When it traps.
pub fn instantiate(runtime: Runtime, n: u32, guests: &Guests) -> Result<Sample> {
    let prepared = guests.prepared(runtime, Whole::Minimal)?;
    let threads = tokio::runtime::Builder::new_current_thread()
        .build()
        .context("could not start the host's runtime")?;
    threads.block_on(async {
        let start = Instant::now();
        for _ in 0..n {
            let mut store = host::store(&prepared.engine);
            prepared
                .instance
                .instantiate_async(&mut store)
                .await
                .map_err(|error| anyhow!("could not instantiate a guest: {error:?}"))?;
        }
        Ok(Sample {
            time: start.elapsed(),
            sum: 0,
        })
    })
}

/// How many bytes the smallest guest has. It is built without symbols.
///
/// # Errors
///
/// When it is not there.
pub fn size(runtime: Runtime, guests: &Guests) -> Result<u64> {
    let path = guests.minimal(runtime)?;
    let metadata = std::fs::metadata(path)
        .with_context(|| format!("could not look at the component {}", path.display()))?;
    Ok(metadata.len())
}
