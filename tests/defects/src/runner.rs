//! What those who notice have in common.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::scratch::Scratch;

/// Builds the copy of the repository and runs some of its tests.
pub trait Runner {
    /// Passes whatever is broken, and shows that what is broken compiles.
    fn control(&self) -> &'static str;

    /// Runs what `names` name in the copy. What has no outcome was not there.
    ///
    /// # Errors
    ///
    /// When nothing could be run.
    fn run(&self, scratch: &Scratch, names: &[&str]) -> Result<Outcomes>;
}

/// What became of each: `None` if it passed, and otherwise why it did not.
pub type Outcomes = BTreeMap<String, Option<String>>;
