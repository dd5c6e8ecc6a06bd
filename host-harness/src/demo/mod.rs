//! Jobs that are useful by themselves.

pub mod gzip;
