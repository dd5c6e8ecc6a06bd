//! Counts what a guest calls and allocates, exactly.
//!
//! ```text
//! component ─► module ─► a guest that counts ─► read: before and behind the work
//!                ├─ found: what there is
//!                └─ plan: what is added ─ names: what imports are called in the specification
//! ```
//!
//! The component is rewritten, not the program: what is counted is what is timed.

mod component;
mod found;
mod module;
mod names;
mod plan;
mod read;

use std::sync::Arc;

use anyhow::{Context, Result};

pub use self::read::{Counters, Counts};
use crate::guest::Guest;

/// A guest that counts, and what each of its counters is of.
///
/// # Errors
///
/// When it cannot be rewritten.
pub fn counting(guest: &Guest) -> Result<(Arc<Guest>, Vec<String>)> {
    let rewritten = component::rewrite(&guest.bytes)
        .with_context(|| format!("could not let {} count what it calls", guest.name))?;
    let counting = Guest::of(&guest.name, &guest.theme, &guest.path, rewritten.bytes)?;
    Ok((Arc::new(counting), rewritten.counters))
}
