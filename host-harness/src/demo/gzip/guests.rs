//! Builds and composes the guests.

use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::compile::{self, Built};
use crate::compose::Composition;
use crate::guest::Guest;
use crate::progress::Progress;
use crate::suite;
use crate::target::{self, Tools};

/// The packages of the guests: first the one whose exports are the job.
const PACKAGES: [&str; 3] = ["gzip-writer", "gzip-reader", "gzip-compressor"];

/// Builds the guests that are stale, and makes one component of them.
pub fn compose() -> Result<Composition> {
    // Files to compress are anywhere.
    let root = suite::own_guests();
    let progress = Progress::shown();
    let built = target::ensure(&Tools::default(), &root, |line| progress.say(line))
        .and_then(|()| compile::build_packages(&root, &PACKAGES, &progress));
    progress.finish();
    composition(&built?)
}

fn composition(built: &Built) -> Result<Composition> {
    if let Some(failure) = built.failures.first() {
        bail!(
            "the guest {} did not compile:\n{}",
            failure.package,
            failure.errors
        );
    }
    let mut guests = Vec::new();
    for package in PACKAGES {
        let artifact = built
            .artifacts
            .iter()
            .find(|artifact| artifact.package == package)
            .with_context(|| format!("the workspace of the guests has no package {package}"))?;
        let guest = Guest::read(&artifact.package, &artifact.theme, &artifact.path)?;
        guests.push(Arc::new(guest));
    }
    Ok(Composition::of(guests, None))
}
