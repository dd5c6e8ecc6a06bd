//! The types of the payload interfaces, as the host sees them.
#![allow(missing_docs, reason = "they are described in wit/payloads")]
#![allow(dead_code, reason = "the values come from guests")]

use wasmtime::component::{ComponentType, FutureReader, Lift, Lower, StreamReader, flags};

#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub enum Kind {
    #[component(name = "guest")]
    Guest,
    #[component(name = "host")]
    Host,
}

#[derive(Clone, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Record {
    pub id: u32,
    pub name: String,
    pub ratio: f64,
    pub small: u8,
}

#[derive(Clone, Debug, ComponentType, Lift, Lower)]
#[component(variant)]
pub enum Variant {
    #[component(name = "nothing")]
    Nothing,
    #[component(name = "number")]
    Number(u64),
    #[component(name = "text")]
    Text(String),
    #[component(name = "numbers")]
    Numbers(Vec<u16>),
}

#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub enum Enum {
    #[component(name = "spring")]
    Spring,
    #[component(name = "summer")]
    Summer,
    #[component(name = "autumn")]
    Autumn,
    #[component(name = "winter")]
    Winter,
}

flags! {
    Flags {
        #[component(name = "read")]
        const READ;
        #[component(name = "write")]
        const WRITE;
        #[component(name = "append")]
        const APPEND;
        #[component(name = "hidden")]
        const HIDDEN;
        #[component(name = "shared")]
        const SHARED;
    }
}

#[derive(Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub struct RecordOfEnds {
    pub id: u32,
    pub items: StreamReader<u8>,
    pub total: FutureReader<u32>,
}

#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(variant)]
pub enum Only {
    #[component(name = "one")]
    One,
}

#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub struct ZeroSized {
    pub first: Only,
    pub second: Only,
}
