//! The types of the interface, as the host sees them.
#![allow(missing_docs, reason = "they are described in wit/boxes")]
#![allow(dead_code, reason = "some values come from guests only")]

use wasmtime::component::{ComponentType, Lift, Lower};

use crate::opaque::Error;

#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub enum Problem {
    #[component(name = "wrong-type")]
    WrongType,
    #[component(name = "released")]
    Released,
    #[component(name = "empty")]
    Empty,
    #[component(name = "busy")]
    Busy,
    #[component(name = "other")]
    Other,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        match error {
            Error::WrongType { .. } => Problem::WrongType,
            Error::Released => Problem::Released,
            Error::Empty => Problem::Empty,
            Error::Busy(_) => Problem::Busy,
            _ => Problem::Other,
        }
    }
}

#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub enum Nothing {
    #[component(name = "null")]
    Null,
    #[component(name = "number")]
    Number,
}

#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub enum Access {
    #[component(name = "shared")]
    Shared,
    #[component(name = "exclusive")]
    Exclusive,
}

#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Figures {
    pub entries: u64,
    pub memory: u64,
    pub resident: Option<u64>,
}

/// How much of this process is in memory, where the system tells: on Linux.
pub fn resident() -> Option<u64> {
    /// What the figures of the file are counted in, on all that this runs on.
    const PAGE: u64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}
