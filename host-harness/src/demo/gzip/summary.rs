//! What the job came to.

use std::fmt;

use indicatif::BinaryBytes;
use serde::Serialize;

use super::memory::PeakMemory;

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
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { input, output, bytes_in, bytes_out, ratio, .. } = self;
        writeln!(f, "{input} -> {output}")?;
        write!(f, "  {bytes_in} bytes in, {bytes_out} bytes out")?;
        if let Some(ratio) = ratio {
            write!(f, " ({:.1} %)", ratio * 100.0)?;
        }
        let rate = BinaryBytes(self.bytes_per_second as u64);
        writeln!(f, "\n  {:.2} s, {rate}/s", self.seconds)?;
        let PeakMemory { reader, compressor, writer } = self.peak_memory;
        write!(
            f,
            "  peak memory: reader {}, compressor {}, writer {} (limit {} each)",
            BinaryBytes(reader),
            BinaryBytes(compressor),
            BinaryBytes(writer),
            BinaryBytes(self.memory_limit),
        )
    }
}
