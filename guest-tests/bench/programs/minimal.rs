//! The smallest guest: the same text for each runtime.

use crate::bindings::exports::test::bench::pass::Guest;

pub struct Minimal;

impl Guest for Minimal {
    async fn pass(a: u32) -> u32 {
        crate::bindings::next(a).await
    }
}
