//! What the job came to.

use std::fmt;
use std::time::Duration;

use indicatif::BinaryBytes;
use serde::Serialize;

use super::files::Files;
use super::memory::{self, PeakMemory};
use super::pipeline::Outcome;
use crate::accounting::Live;

/// What the job came to.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The file that was read, as it was given.
    pub input: String,
    /// The file that was written.
    pub output: String,
    /// How many bytes were read.
    pub bytes_in: u64,
    /// How many bytes were written.
    pub bytes_out: u64,
    /// Written per read; nothing where nothing was read.
    pub ratio: Option<f64>,
    /// How long reading, compressing and writing took.
    pub seconds: f64,
    /// How much was read per second.
    pub bytes_per_second: f64,
    /// The largest size of each guest's linear memory, as the host saw it.
    pub peak_memory: PeakMemory,
    /// How much each guest may have.
    pub memory_limit: u64,
    /// The guests whose runtimes did not give everything back.
    pub left_behind: Vec<LeftBehind>,
}

/// What the runtime of a guest still has after the job; nothing, unless the
/// runtime is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftBehind {
    /// The guest.
    pub guest: String,
    /// What it has.
    pub live: Live,
}

impl Summary {
    pub(super) fn new(files: &Files, outcome: &Outcome, took: Duration) -> Summary {
        let Outcome {
            bytes_in,
            bytes_out,
            peak_memory,
            ..
        } = *outcome;
        Summary {
            input: files.input.display().to_string(),
            output: files.output.display().to_string(),
            bytes_in,
            bytes_out,
            ratio: (bytes_in > 0).then(|| bytes_out as f64 / bytes_in as f64),
            seconds: took.as_secs_f64(),
            bytes_per_second: bytes_in as f64 / took.as_secs_f64(),
            peak_memory,
            memory_limit: memory::LIMIT as u64,
            left_behind: outcome.left_behind.clone(),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary {
            input,
            output,
            bytes_in,
            bytes_out,
            ratio,
            ..
        } = self;
        writeln!(f, "{input} -> {output}")?;
        write!(f, "  {bytes_in} bytes in, {bytes_out} bytes out")?;
        if let Some(ratio) = ratio {
            write!(f, " ({:.1} %)", ratio * 100.0)?;
        }
        let rate = BinaryBytes(self.bytes_per_second as u64);
        writeln!(f, "\n  {:.2} s, {rate}/s", self.seconds)?;
        let PeakMemory {
            reader,
            compressor,
            writer,
        } = self.peak_memory;
        write!(
            f,
            "  peak memory: reader {}, compressor {}, writer {} (limit {} each)",
            BinaryBytes(reader),
            BinaryBytes(compressor),
            BinaryBytes(writer),
            BinaryBytes(self.memory_limit),
        )?;
        for LeftBehind { guest, live } in &self.left_behind {
            write!(
                f,
                "\n  the runtime of {guest} left something behind: {live:?}"
            )?;
        }
        Ok(())
    }
}
