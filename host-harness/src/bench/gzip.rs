//! The demo `gzip`, end to end: a file is read, compressed and written by three guests.

use std::time::Instant;

use anyhow::{Context, Result};

use super::guests::Guests;
use super::rows::Runtime;
use super::samples::Sample;

/// How large the file is.
pub const BYTES: u32 = 1 << 20;

/// What the names of its packages end with, the one that runs the job first.
pub const PACKAGES: [&str; 3] = ["gzip-writer", "gzip-reader", "gzip-compressor"];

/// Compresses the file `n` times, each time in a fresh store.
///
/// # Errors
///
/// When a guest fails.
pub fn sample(runtime: Runtime, n: u32, guests: &Guests) -> Result<Sample> {
    let job = guests.gzip(runtime)?;
    let threads = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the host's runtime")?;
    let (time, sum) = threads.block_on(async {
        job.once().await?;
        let start = Instant::now();
        let mut sum = 0;
        for _ in 0..n {
            sum += job.once().await?;
        }
        anyhow::Ok((start.elapsed(), sum))
    })?;
    Ok(Sample {
        time,
        instructions: 0,
        sum,
    })
}
