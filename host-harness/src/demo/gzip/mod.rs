//! Compresses a file with three components: one reads it, one compresses, one
//! writes the result.
//!
//! ```text
//!            source            gzip                job
//!  reader ───stream<u8>──► compressor ──stream<u8>──► writer ◄── run
//!    │                         │                        │
//!  WASI 0.3 filesystem    progress (here)         WASI 0.3 filesystem
//! ```

mod again;
mod files;
mod guests;
mod memory;
mod pipeline;
mod summary;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};

pub use self::again::Repeated;
use self::files::Files;
pub use self::memory::PeakMemory;
use self::pipeline::{Order, Pipeline};
pub use self::summary::{LeftBehind, Summary};
use crate::report;

/// What `demo gzip` is told.
#[derive(clap::Args, Clone, Debug)]
pub struct GzipArgs {
    /// The file to compress.
    pub file: PathBuf,

    /// Where to write the result. Default: FILE with `.gz` behind it.
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,

    /// Replace the output if it exists.
    #[arg(short, long)]
    pub force: bool,

    /// From 1 (fast) to 9 (small).
    #[arg(short, long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=9))]
    pub level: u32,

    /// Print the summary as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Compresses a file and prints a summary; shows progress on a terminal.
///
/// The result appears under its name when it is complete; whatever goes wrong
/// before leaves nothing behind.
///
/// # Errors
///
/// When the file cannot be read, the result cannot be written, or a guest
/// fails; the message names the file and the cause.
pub fn run(args: &GzipArgs) -> Result<()> {
    let summary = compress(args)?;
    if args.json {
        report::print(&serde_json::to_string(&summary)?);
    } else {
        report::print(&summary.to_string());
    }
    ensure!(
        summary.left_behind.is_empty(),
        "the result is complete, but a guest did not give everything back: see above"
    );
    Ok(())
}

/// Compresses a file, and shows progress on a terminal.
///
/// # Errors
///
/// See [`run`].
pub fn compress(args: &GzipArgs) -> Result<Summary> {
    let files = Files::check(&args.file, args.output.as_deref(), args.force)?;
    let pipeline = Pipeline::prepare()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the host's runtime")?;
    let summary = runtime.block_on(job(&files, &pipeline, args));
    // A thread that hangs in a read of the file system must not hold us up.
    runtime.shutdown_background();
    summary
}

async fn job(files: &Files, pipeline: &Pipeline, args: &GzipArgs) -> Result<Summary> {
    let bar = bytes_bar(files.size);
    // Whichever way this function is left, what is not published is removed.
    let target = files.create_target()?;
    let order = Order {
        input: files.input_name.clone(),
        output: target.name()?,
        name: files.header_name.clone(),
        level: args.level,
    };
    let started = Instant::now();
    let outcome = tokio::select! {
        outcome = pipeline.run(files, order, bar.clone()) => outcome,
        signal = interrupted() => signal.and_then(|name| Err(files.cannot_write(&name))),
    };
    bar.finish_and_clear();
    let outcome = outcome?;
    target.publish(files)?;
    Ok(Summary::new(files, &outcome, started.elapsed()))
}

/// A bar of bytes on a terminal, nothing elsewhere.
fn bytes_bar(size: u64) -> ProgressBar {
    let bar = ProgressBar::new(size);
    let style = ProgressStyle::with_template(
        "{bar:30} {percent:>3}% {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {msg} [{eta} left]",
    );
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// The signal of a file that grew beyond the limit for files.
#[cfg(unix)]
const SIGXFSZ: i32 = 25;

/// Resolves to what happened when a signal asks this process to end.
#[cfg(unix)]
async fn interrupted() -> Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};

    let listen = |kind| signal(kind).context("could not listen to signals");
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    // Whoever listens is not ended by it: the write fails, and says why.
    let _too_large = listen(SignalKind::from_raw(SIGXFSZ))?;
    Ok(tokio::select! {
        _ = interrupt.recv() => "interrupted",
        _ = terminate.recv() => "terminated",
        _ = hangup.recv() => "interrupted, the terminal went away",
    })
}

/// Resolves to what happened when a signal asks this process to end.
#[cfg(not(unix))]
async fn interrupted() -> Result<&'static str> {
    tokio::signal::ctrl_c()
        .await
        .context("could not listen to signals")?;
    Ok("interrupted")
}
