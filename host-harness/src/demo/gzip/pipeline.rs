//! The three guests on wasmtime.

use std::future::poll_fn;
use std::time::Duration;

use anyhow::{Result, anyhow};
use indicatif::{BinaryBytes, ProgressBar};
use wasmtime::component::{
    Component, ComponentExportIndex, HasSelf, InstancePre, Linker, ResourceTable,
};
use wasmtime::{Engine, Store};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::p3::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};

use self::bindings::exports::test::gzip::job::Failure;
use self::bindings::test::gzip::gzip::{Error, Totals};
use super::files::Files;
use super::guests;
use super::memory::{Memories, PeakMemory};
use super::summary::LeftBehind;
use crate::accounting::Live;
use crate::host;

pub use self::bindings::exports::test::gzip::job::Order;

mod bindings {
    #![allow(missing_docs, reason = "generated")]
    wasmtime::component::bindgen!({
        path: "../wit/gzip",
        world: "composed",
        with: { "wasi": wasmtime_wasi::p3::bindings },
        require_store_data_send: true,
    });
}

/// How long the guests may go on behind a job that is done.
const AFTERMATH: Duration = Duration::from_secs(5);

/// What a guest may say on its standard error, in bytes.
const STDERR: usize = 64 << 10;

/// The guests, compiled and ready to run.
pub struct Pipeline {
    engine: Engine,
    guests: InstancePre<Host>,
    job: ComponentExportIndex,
    /// For each guest where its runtime says what it has.
    counts: Vec<(String, ComponentExportIndex)>,
}

/// What the guests say they have done, and what the host saw.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub peak_memory: PeakMemory,
    pub left_behind: Vec<LeftBehind>,
}

/// The host's side of the guests.
struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
    memories: Memories,
    bar: ProgressBar,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl bindings::test::gzip::progress::Host for Host {
    fn report(&mut self, bytes_in: u64, bytes_out: u64) {
        self.bar.set_position(bytes_in);
        self.bar
            .set_message(format!("-> {}", BinaryBytes(bytes_out)));
    }
}

impl Pipeline {
    /// Builds the guests if they are stale, composes and compiles them.
    pub fn prepare() -> Result<Pipeline> {
        let composition = guests::compose()?;
        let bytes = composition.encode()?;
        let engine = host::engine()?;
        Pipeline::of(engine, &bytes, composition.accounting())
    }

    /// Compiles guests that are composed. `accounting` names those whose runtimes say what
    /// they have, and the exports through which they do.
    pub fn of(engine: Engine, bytes: &[u8], accounting: Vec<(String, String)>) -> Result<Pipeline> {
        Pipeline::load(engine, bytes, accounting)
            .map_err(|error| anyhow!("could not load the guests: {error:?}"))
    }

    fn load(
        engine: Engine,
        bytes: &[u8],
        accounting: Vec<(String, String)>,
    ) -> wasmtime::Result<Pipeline> {
        let component = Component::new(&engine, bytes)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p3::filesystem::add_to_linker(&mut linker)?;
        add_what_std_imports(&mut linker)?;
        bindings::test::gzip::progress::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host)?;
        // Every guest can report to the harness; these have nothing to say.
        let mut report = linker.instance("test:harness/report@0.1.0")?;
        report.func_wrap("log", |_, (_message,): (String,)| Ok(()))?;
        report.func_wrap("expect-trap", |_, (_message,): (String,)| Ok(()))?;
        let export = |interface: &str, function| {
            component
                .get_export_index(None, interface)
                .and_then(|index| component.get_export_index(Some(&index), function))
                .ok_or_else(|| {
                    wasmtime::Error::msg(format!("no guest exports `{interface}#{function}`"))
                })
        };
        let job = export("test:gzip/job@0.1.0", "run")?;
        let mut counts = Vec::new();
        for (guest, interface) in accounting {
            counts.push((guest, export(&interface, "counts")?));
        }
        let guests = linker.instantiate_pre(&component)?;
        Ok(Pipeline {
            engine,
            guests,
            job,
            counts,
        })
    }

    /// Runs the job. The guests see nothing but the two directories.
    pub async fn run(&self, files: &Files, order: Order, bar: ProgressBar) -> Result<Outcome> {
        let stderr = MemoryOutputPipe::new(STDERR);
        let mut wasi = WasiCtx::builder();
        wasi.stderr(stderr.clone());
        let mut preopen = |directory: &std::path::Path, name, permissions| {
            wasi.preopened_dir(directory, name, permissions)
                .map(drop)
                .map_err(|error| {
                    anyhow!("cannot open the directory {}: {error}", directory.display())
                })
        };
        preopen(&files.input_directory, "input", FsPerms::ReadOnly)?;
        preopen(&files.output_directory, "output", FsPerms::ReadWrite)?;

        let host = Host {
            wasi: wasi.build(),
            table: ResourceTable::new(),
            memories: Memories::default(),
            bar,
        };
        let mut store = Store::new(&self.engine, host);
        store.limiter(|host| &mut host.memories);
        // A guest that computes gives way now and then, so that signals are heard.
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);

        let result = self.call(&mut store, order).await;
        let memories = &store.data().memories;
        match result {
            Ok(Ok((totals, left_behind))) => Ok(Outcome {
                bytes_in: totals.bytes_in,
                bytes_out: totals.bytes_out,
                peak_memory: memories.peak,
                left_behind,
            }),
            Ok(Err(failure)) => Err(explain(failure, files)),
            Err(trap) => Err(broken(&trap, memories, &stderr, files)),
        }
    }

    async fn call(
        &self,
        store: &mut Store<Host>,
        order: Order,
    ) -> wasmtime::Result<Result<(Totals, Vec<LeftBehind>), Failure>> {
        let guests = self.guests.instantiate_async(&mut *store).await?;
        let run =
            guests.get_typed_func::<(Order,), (Result<Totals, Failure>,)>(&mut *store, self.job)?;
        // Of the ways to call it the one that reports a deadlock.
        let totals = match run.call_async(&mut *store, (order,)).await? {
            (Ok(totals),) => totals,
            (Err(failure),) => return Ok(Err(failure)),
        };

        // What the reader and the compressor still do after their last word.
        let idle = store.run_concurrent(async |accessor| {
            poll_fn(|context| accessor.poll_no_interesting_tasks(context)).await;
        });
        if let Ok(idle) = tokio::time::timeout(AFTERMATH, idle).await {
            idle?;
        }
        let mut left_behind = Vec::new();
        for (guest, counts) in &self.counts {
            let counts = guests.get_typed_func::<(), (Live,)>(&mut *store, *counts)?;
            let (live,) = counts.call_async(&mut *store, ()).await?;
            if live != Live::default() {
                left_behind.push(LeftBehind {
                    guest: guest.clone(),
                    live,
                });
            }
        }
        Ok(Ok((totals, left_behind)))
    }
}

/// The part of WASI 0.2 that the standard library of the guests imports: no
/// files and no network.
fn add_what_std_imports(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    use wasmtime_wasi::p2::bindings::cli;

    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(linker)?;
    cli::environment::add_to_linker::<Host, WasiCli>(linker, Host::cli)?;
    cli::exit::add_to_linker::<Host, WasiCli>(linker, Host::cli)?;
    cli::terminal_input::add_to_linker::<Host, WasiCli>(linker, Host::cli)?;
    cli::terminal_output::add_to_linker::<Host, WasiCli>(linker, Host::cli)?;
    cli::terminal_stdin::add_to_linker::<Host, WasiCli>(linker, Host::cli)?;
    cli::terminal_stdout::add_to_linker::<Host, WasiCli>(linker, Host::cli)?;
    cli::terminal_stderr::add_to_linker::<Host, WasiCli>(linker, Host::cli)
}

/// What the guests found, in the user's terms.
fn explain(failure: Failure, files: &Files) -> anyhow::Error {
    let input = files.input.display();
    match failure {
        Failure::Read(code) => anyhow!("cannot read {input}: {}", cause(&code)),
        Failure::Write(code) => files.cannot_write(&cause(&code)),
        Failure::Compress(Error::OutputClosed) => {
            anyhow!("cannot compress {input}: the writer stopped taking the output")
        }
        Failure::Compress(Error::Encoder(cause)) => anyhow!("cannot compress {input}: {cause}"),
        Failure::Miscounted(counts) => {
            anyhow!("bytes were lost while compressing {input}: {counts}")
        }
    }
}

/// A guest trapped.
fn broken(
    trap: &wasmtime::Error,
    memories: &Memories,
    stderr: &MemoryOutputPipe,
    files: &Files,
) -> anyhow::Error {
    let mut text = format!(
        "could not write {}: a guest failed: {trap:?}",
        files.output.display()
    );
    if let Some((guest, bytes)) = memories.refused {
        let limit = BinaryBytes(super::memory::LIMIT as u64);
        let asked = BinaryBytes(bytes as u64);
        text.push_str(&format!(
            "\nthe {guest} asked for {asked} of memory, it may have {limit}"
        ));
    }
    let said = stderr.contents();
    if !said.is_empty() {
        text.push_str(&format!(
            "\nthe guests said:\n{}",
            String::from_utf8_lossy(&said).trim_end()
        ));
    }
    anyhow!(text)
}

/// An error of the file system, in the words of the system.
fn cause(code: &ErrorCode) -> String {
    let known = match code {
        ErrorCode::Access => "permission denied",
        ErrorCode::NotPermitted => "operation not permitted",
        ErrorCode::NoEntry => "no such file or directory",
        ErrorCode::IsDirectory => "is a directory",
        ErrorCode::InsufficientSpace => "no space left on device",
        ErrorCode::Quota => "the quota is used up",
        ErrorCode::FileTooLarge => "the file would be too large",
        ErrorCode::ReadOnly => "the file system is read-only",
        ErrorCode::Io => "input/output error",
        ErrorCode::NameTooLong => "the name is too long",
        ErrorCode::Other(Some(text)) => text,
        other => return format!("{other:?}"),
    };
    known.to_owned()
}
