//! The runner on raw built-ins.

mod calls;
mod concurrent;
mod futures;
mod items;
mod peer;
mod promises;
mod streams;
mod tasks;

bench_raw::world!();
