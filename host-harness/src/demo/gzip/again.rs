//! The job of one file, again and again: a benchmark.

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use tempfile::TempDir;
use wasmtime::Engine;

use super::files::Files;
use super::pipeline::{Order, Pipeline};

/// Guests that are ready for the job, and the file.
pub struct Repeated {
    pipeline: Pipeline,
    files: Files,
    /// Where the file is. It goes when this is dropped.
    _directory: TempDir,
}

impl Repeated {
    /// Compiles guests that are composed, and makes a file of so many bytes.
    ///
    /// # Errors
    ///
    /// When the guests are others, or the file cannot be made.
    pub fn new(engine: Engine, guests: &[u8], size: usize) -> Result<Repeated> {
        let directory = tempfile::tempdir().context("could not make a temporary directory")?;
        let file = directory.path().join("text");
        std::fs::write(&file, text(size))
            .with_context(|| format!("could not write {}", file.display()))?;
        Ok(Repeated {
            pipeline: Pipeline::of(engine, guests, Vec::new())?,
            files: Files::check(&file, None, false)?,
            _directory: directory,
        })
    }

    /// Does the job, and throws the result away. Returns how many bytes it has.
    ///
    /// # Errors
    ///
    /// When a guest fails.
    pub async fn once(&self) -> Result<u64> {
        let target = self.files.create_target()?;
        let order = Order {
            input: self.files.input_name.clone(),
            output: target.name()?,
            name: self.files.header_name.clone(),
            level: 6,
        };
        let bar = ProgressBar::hidden();
        Ok(self.pipeline.run(&self.files, order, bar).await?.bytes_out)
    }
}

/// Words in no order, the same each time: a third of them is left when it is compressed.
fn text(size: usize) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "stream ",
        "future ",
        "task ",
        "waitable ",
        "set ",
        "subtask ",
        "callback ",
        "the ",
        "readable ",
        "writable ",
        "end ",
        "of ",
        "a ",
        "host\n",
        "guest\n",
        "item ",
    ];
    let mut text = Vec::with_capacity(size + 16);
    let mut random: u32 = 1;
    while text.len() < size {
        // A linear congruential generator. Its upper bits are the better ones.
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend_from_slice(WORDS[(random >> 28) as usize].as_bytes());
    }
    text.truncate(size);
    text
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn the_text_is_the_same_each_time_and_as_long_as_it_should_be() {
        assert_eq!(text(1000), text(1000));
        assert_eq!(text(4097).len(), 4097);
        assert!(text(1000).windows(7).any(|part| part == b"stream "));
    }
}
