//! Reads a file through the WASI 0.3 filesystem: the same text for each runtime.

use crate::bindings::exports::test::gzip::source::{ErrorCode, File, Guest};
use crate::bindings::wasi::filesystem::preopens;
use crate::bindings::wasi::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};
use crate::bindings::{wit_future, wit_stream};
use crate::pump;
use crate::runtime::spawn_local;

pub struct Reader;

impl Guest for Reader {
    async fn open(directory: String, name: String) -> Result<File, ErrorCode> {
        let directory = preopened(&directory)?;
        let file = directory
            .open_at(
                PathFlags::empty(),
                name,
                OpenFlags::empty(),
                DescriptorFlags::READ,
            )
            .await?;
        let modified = file
            .stat()
            .await?
            .data_modification_timestamp
            .map(|at| at.seconds);

        let (contents, finished) = file.read_via_stream(0);
        let (writer, data) = wit_stream::new();
        let (report, outcome) = wit_future::new(|| Err(ErrorCode::Io));
        spawn_local(async move {
            let pumped = pump::pump(contents, writer).await;
            // A reader that lost interest does not want to know the count either.
            let _ = report.write(finished.await.map(|()| pumped.bytes)).await;
        });
        Ok(File {
            modified,
            data,
            outcome,
        })
    }
}

/// The directory that the host opened under this name.
fn preopened(name: &str) -> Result<Descriptor, ErrorCode> {
    preopens::get_directories()
        .into_iter()
        .find_map(|(directory, path)| (path == name).then_some(directory))
        .ok_or_else(|| ErrorCode::Other(Some(format!("no directory is preopened as {name:?}"))))
}
