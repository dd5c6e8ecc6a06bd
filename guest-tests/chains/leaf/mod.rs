//! The component that wraps nothing: the same text for each runtime.

mod flows;
mod nests;
mod numbers;
#[path = "../pump.rs"]
mod pump;
mod texts;
mod things;

/// What it exports everything with.
pub struct Leaf;
