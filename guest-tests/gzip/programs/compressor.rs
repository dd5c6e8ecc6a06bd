//! Compresses a stream of bytes into a gzip stream: the same text for each runtime.

use std::io::{self, Write as _};

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use futures::future::join;

use crate::bindings::exports::test::gzip::gzip::{Error, Guest, Header, Totals};
use crate::bindings::test::gzip::progress;
use crate::bindings::{wit_future, wit_stream};
use crate::input::{CHUNK, Input};
use crate::runtime::{FutureReader, StreamReader, StreamWriter, spawn_local};

pub struct Compressor;

impl Guest for Compressor {
    async fn compress(
        data: StreamReader<u8>,
        header: Header,
        level: u32,
    ) -> (StreamReader<u8>, FutureReader<Result<Totals, Error>>) {
        let (writer, compressed) = wit_stream::new();
        let (report, totals) = wit_future::new(|| Err(Error::OutputClosed));
        spawn_local(async move {
            let result = compress(data, writer, header, level).await;
            // Whoever dropped the future does not want the totals.
            let _ = report.write(result).await;
        });
        (compressed, totals)
    }
}

/// The next piece of input is read, and the last piece of output written, while
/// nothing here has work to do; memory is two pieces of each and the encoder.
async fn compress(
    from: StreamReader<u8>,
    mut to: StreamWriter<u8>,
    header: Header,
    level: u32,
) -> Result<Totals, Error> {
    let mut from = Input::new(from);
    let mut encoder = GzBuilder::new()
        .filename(header.name)
        .mtime(header.modified)
        .write(Vec::with_capacity(CHUNK), Compression::new(level));
    let mut totals = Totals {
        bytes_in: 0,
        bytes_out: 0,
    };
    let mut spare = Vec::with_capacity(CHUNK);
    let mut input = from.fill(Vec::with_capacity(CHUNK)).await;
    while !input.is_empty() {
        encoder.write_all(&input).map_err(failed)?;
        totals.bytes_in += input.len() as u64;
        input.clear();
        if encoder.get_ref().len() < CHUNK / 2 {
            input = from.fill(input).await;
            continue;
        }
        let output = take(&mut encoder, spare);
        let length = output.len();
        let (unsent, next) = join(to.write_all(output), from.fill(input)).await;
        if !unsent.is_empty() {
            return Err(Error::OutputClosed);
        }
        totals.bytes_out += length as u64;
        progress::report(totals.bytes_in, totals.bytes_out);
        spare = unsent;
        input = next;
    }
    let output = encoder.finish().map_err(failed)?;
    totals.bytes_out += output.len() as u64;
    if !to.write_all(output).await.is_empty() {
        return Err(Error::OutputClosed);
    }
    progress::report(totals.bytes_in, totals.bytes_out);
    Ok(totals)
}

/// Takes the output out of the encoder and leaves `spare` for more of it.
fn take(encoder: &mut GzEncoder<Vec<u8>>, spare: Vec<u8>) -> Vec<u8> {
    std::mem::replace(encoder.get_mut(), spare)
}

fn failed(error: io::Error) -> Error {
    Error::Encoder(error.to_string())
}
