//! The payloads of the pairs that the programs make.

use crate::Cycles;
use wit_async::{FutureReader, StreamReader};

impl crate::bindings::exports::test::ends::payloads::Guest for Cycles {
    fn drop_all(_: StreamReader<u8>, _: StreamReader<u32>, _: FutureReader<u32>) {}

    fn drop_streams(
        _: StreamReader<u16>,
        _: StreamReader<u64>,
        _: StreamReader<i8>,
        _: StreamReader<i16>,
        _: StreamReader<i32>,
        _: StreamReader<f32>,
    ) {
    }

    fn drop_futures(
        _: FutureReader<u16>,
        _: FutureReader<u64>,
        _: FutureReader<i8>,
        _: FutureReader<i16>,
        _: FutureReader<i32>,
        _: FutureReader<f32>,
    ) {
    }
}
