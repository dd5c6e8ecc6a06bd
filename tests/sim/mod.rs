//! Simulation: generated guests on the host of the native tests, in a world
//! whose every decision comes from one sequence.
//!
//! ```text
//!   Choices ──► World ──► what happens next: an event, a cancel, a peer, a call
//!      │          │
//!      │          ├── instance 0 ──┐ program: reads, writes, calls, spawns, drops …
//!      │          ├── instance 1 ──┤ on the unchanged runtime
//!      │          └── host peers ──┘
//!      └──► program: what guest code does next
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `choices` | the sequence of decisions: by seed, replayed, counted through |
//! | `world` | instances, tasks, host peers; one step after the other |
//! | `calls` | calls between instances and the host, and what they carry |
//! | `peers` | the ends that the host holds |
//! | `ends` | the ends that a program holds, of any payload |
//! | `items` | payloads that are told apart |
//! | `program` | what guest code does |
//! | `operations` | reads and writes, and each way to stop one |
//! | `awaited` | operations that programs await, and whether they learn of the end |
//! | `hopes` | what tasks wait for that other tasks do |
//! | `ledger` | what was sent, received, given back; what has to add up |
//! | `leaks` | what may be left behind a run, and why |
//! | `plant` | a failure that is planted, to show that it is seen |
//! | `heap` | bytes on the heap, of which none may be left |
//! | `stats`, `seen` | what was exercised, and what the host has done |
//! | `scenario` | what a run is about |
//! | `run` | one run: its life, and the checks at its end |
//! | `explore` | all schedules of a small world |
//! | `shrink` | making a failure small |

#![allow(dead_code, reason = "each user of this takes a part of it")]

mod awaited;
mod calls;
pub mod choices;
mod ends;
pub mod explore;
pub mod heap;
mod hopes;
mod items;
mod leaks;
mod ledger;
mod operations;
mod peers;
pub mod plant;
mod program;
pub mod run;
pub mod scenario;
pub mod seen;
pub mod shrink;
pub mod stats;
mod world;
