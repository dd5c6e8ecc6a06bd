//! The callee on raw built-ins.

mod calls;
mod streams;
mod turns;

bench_raw::world!();
