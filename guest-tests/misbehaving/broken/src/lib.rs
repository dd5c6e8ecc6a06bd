//! Does not compile: the harness must show the compiler's error.

/// A number, or so it claims.
pub fn number() -> u32 {
    "not a number"
}
