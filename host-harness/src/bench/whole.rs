//! What is measured of a guest as a whole.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use super::guests::{Guests, Whole};
use super::host;
use super::rows::Runtime;
use super::samples::Sample;
use crate::compile::cargo;
use crate::target::TARGET;

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
            instructions: 0,
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

/// Builds a runtime for guests, with all that it depends on built before: how long that
/// takes, with cargo's own part.
///
/// # Errors
///
/// When there is no such crate, or cargo fails.
pub fn build(runtime: Runtime, guests: &Guests) -> Result<Duration> {
    let package = match runtime {
        Runtime::Own => "wit-async".to_owned(),
        Runtime::WitBindgen => format!("wit-bindgen@{}", super::WIT_BINDGEN),
        Runtime::Floor => bail!("without a runtime there is nothing to build"),
    };
    let start = |command| {
        let output = cargo()
            .args([command, "--quiet", "--release", "--target", TARGET])
            .args(["--package", &package])
            // Of its own, so that the guests need not be linked again.
            .args(["--target-dir", "../target/build-time"])
            .current_dir(&guests.root)
            .output()
            .context("could not run cargo")?;
        if !output.status.success() {
            bail!(
                "`cargo {command}` failed for {package}:\n{}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(())
    };
    start("clean")?;
    let began = Instant::now();
    start("build")?;
    Ok(began.elapsed())
}
