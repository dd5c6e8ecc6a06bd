//! Builds, composes and runs guests.
//!
//! ```text
//! target ─► compile ─► guest ─► discover ─► compose ─► host + run ─► verdict ─► report
//!           one cargo  types    scenarios   peers      a store of    why        for people
//!           invocation                                 its own                  or as JSON
//! ```
//!
//! [`suite`] holds it together. `tests/scenarios.rs` runs the same scenarios
//! under `cargo test`, `src/main.rs` as a command.

pub mod accounting;
pub mod backtrace;
pub mod bench;
pub mod compile;
pub mod compose;
pub mod demo;
pub mod discover;
pub mod driven;
pub mod filter;
pub mod guest;
pub mod host;
pub mod leaks;
pub mod ledger;
pub mod matrix;
pub mod opaque;
pub mod peers;
pub mod progress;
pub mod report;
pub mod run;
pub mod suite;
pub mod target;
pub mod verdict;
