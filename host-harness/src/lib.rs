//! Builds, composes and runs guests.
