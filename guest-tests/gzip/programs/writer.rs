//! Runs the job: asks the reader for the file, has it compressed, and writes the result
//! through the WASI 0.3 filesystem. The same text for each runtime.

use futures::future::join;

use crate::bindings::exports::test::gzip::job::{ErrorCode, Failure, Guest, Order};
use crate::bindings::test::gzip::gzip::{Header, Totals, compress};
use crate::bindings::test::gzip::source;
use crate::bindings::wasi::filesystem::preopens;
use crate::bindings::wasi::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};
use crate::bindings::wit_stream;
use crate::pump;

pub struct Writer;

impl Guest for Writer {
    async fn run(order: Order) -> Result<Totals, Failure> {
        let file = source::open("input".into(), order.input)
            .await
            .map_err(Failure::Read)?;
        let target = create(&order.output).await.map_err(Failure::Write)?;

        let modified = file
            .modified
            .and_then(|seconds| seconds.try_into().ok())
            .unwrap_or(0);
        let header = Header {
            name: order.name,
            modified,
        };
        let (compressed, totals) = compress(file.data, header, order.level).await;

        let (writer, data) = wit_stream::new();
        let written = target.write_via_stream(data, 0);
        let (pumped, written) = join(pump::pump(compressed, writer), written.into_future()).await;

        // What failed first is what to report: the parts before the one that
        // failed were told only that nobody wants their output.
        written.map_err(Failure::Write)?;
        let read = file.outcome.await.map_err(Failure::Read)?;
        let totals = totals.await.map_err(Failure::Compress)?;
        // A file system may notice only now that there is no room.
        target.sync_data().await.map_err(Failure::Write)?;

        if (read, pumped.bytes) != (totals.bytes_in, totals.bytes_out) {
            return Err(Failure::Miscounted(format!(
                "{read} bytes were read and {} written, but the compressor counts {} and {}",
                pumped.bytes, totals.bytes_in, totals.bytes_out,
            )));
        }
        Ok(totals)
    }
}

/// Opens the file that the host made for the result.
async fn create(name: &str) -> Result<Descriptor, ErrorCode> {
    let directory = preopens::get_directories()
        .into_iter()
        .find_map(|(directory, path)| (path == "output").then_some(directory))
        .ok_or_else(|| ErrorCode::Other(Some("no directory is preopened as \"output\"".into())))?;
    directory
        .open_at(
            PathFlags::empty(),
            name.into(),
            OpenFlags::empty(),
            DescriptorFlags::WRITE,
        )
        .await
}
