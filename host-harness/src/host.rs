//! The host that guests run on: the engine, the linker, what a store holds.

use std::time::{Duration, Instant};

use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{
    Cache, Collector, Config, Engine, ResourceLimiter, Result, Store, UpdateDeadline,
    WasmBacktraceDetails,
};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::ledger::{self, Ledger};
use crate::opaque::HasTable;
use crate::peers;

/// How often guest code looks whether its time is up.
const TICK: Duration = Duration::from_millis(10);

/// How much a guest may print before a write fails.
const OUTPUT_BYTES: usize = 4 << 20;

/// Guest code that ran this recently counts as running.
const RECENTLY: Duration = Duration::from_millis(200);

/// What a scenario may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From instantiation to the last count.
    pub deadline: Duration,
    /// For each linear memory.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            deadline: Duration::from_secs(30),
            memory: 512 << 20,
        }
    }
}

/// What a store holds.
pub struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    /// What the guest wrote.
    pub stdout: MemoryOutputPipe,
    /// What the guest wrote, panic messages among it.
    pub stderr: MemoryOutputPipe,
    /// What the guest reported.
    pub log: Vec<String>,
    /// What the guest said it would trap with.
    pub expected_trap: Option<String>,
    /// How many blocks of memory the guest said it would leak.
    pub leaked_blocks: u32,
    /// Whether the scenario has announced that a task of it waits for ever.
    pub leaves_a_task: bool,
    /// Whether the harness plays the guests' peer.
    pub is_peer: bool,
    /// The books of what must be destroyed exactly once.
    pub ledger: Ledger,
    /// Guards the memory.
    pub memory: MemoryGuard,
    /// What the harness's own implementations of peers need.
    pub peers: peers::State,
    ran: Option<Instant>,
}

impl State {
    fn new(limits: &Limits) -> State {
        let stdout = MemoryOutputPipe::new(OUTPUT_BYTES);
        let stderr = MemoryOutputPipe::new(OUTPUT_BYTES);
        let mut wasi = WasiCtx::builder();
        wasi.stdout(stdout.clone()).stderr(stderr.clone());
        // How often guests repeat what must not leave anything behind.
        const CYCLES: &str = "WIT_ASYNC_CYCLES";
        if let Ok(cycles) = std::env::var(CYCLES) {
            wasi.env(CYCLES, cycles);
        }
        let wasi = wasi.build();
        State {
            table: ResourceTable::new(),
            wasi,
            stdout,
            stderr,
            log: Vec::new(),
            expected_trap: None,
            leaked_blocks: 0,
            leaves_a_task: false,
            is_peer: false,
            ledger: Ledger::default(),
            memory: MemoryGuard {
                limit: limits.memory,
                ..MemoryGuard::default()
            },
            peers: peers::State::default(),
            ran: None,
        }
    }

    /// How many resources of the host guests still own.
    pub fn resources(&mut self) -> usize {
        self.table.iter_mut().count()
    }

    /// Whether guest code was running just now.
    pub fn busy(&self) -> bool {
        self.ran.is_some_and(|ran| ran.elapsed() < RECENTLY)
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl HasTable for State {
    fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }
}

/// Refuses memory beyond a limit, and remembers that it did.
#[derive(Clone, Debug, Default)]
pub struct MemoryGuard {
    limit: usize,
    /// The size that was asked for and refused.
    pub refused: Option<usize>,
    /// The largest size that a memory reached.
    pub peak: usize,
    /// The bytes of all memories together, the collector's heap among them.
    pub total: usize,
}

impl MemoryGuard {
    /// The most that a memory may have.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

impl ResourceLimiter for MemoryGuard {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        if desired > self.limit {
            self.refused = Some(desired);
            return Ok(false);
        }
        self.peak = self.peak.max(desired);
        self.total += desired.saturating_sub(current);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        // Far above what compiled Rust needs, far below what hurts the host.
        Ok(desired <= 1 << 20)
    }
}

/// An engine for guests, whose time goes by on a thread of its own.
///
/// # Errors
///
/// When wasmtime does not support this machine.
pub fn engine() -> anyhow::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .wasm_component_model_async(true)
        .wasm_component_model_more_async_builtins(true)
        .wasm_component_model_async_stackful(true)
        .wasm_component_model_error_context(true)
        .wasm_component_model_map(true)
        .wasm_component_model_fixed_length_lists(true)
        .wasm_backtrace_details(WasmBacktraceDetails::Enable)
        .epoch_interruption(true)
        // Only what is put into boxes is collected. This one frees what was given up while
        // it makes something new.
        .collector(Collector::DeferredReferenceCounting);
    // Compiling without a cache is slower, and all that a missing one means.
    config.cache(Cache::from_file(None).ok());
    let engine = Engine::new(&config)
        .map_err(|error| anyhow::anyhow!("could not set up wasmtime: {error:?}"))?;
    let weak = engine.weak();
    std::thread::Builder::new()
        .name("epochs".to_owned())
        .spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })?;
    Ok(engine)
}

/// What guests can import: WASI 0.2 and 0.3, the harness, the host as peer.
///
/// # Errors
///
/// When two of them define the same name.
pub fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker: Linker<State> = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    let mut report = linker.instance("test:harness/report@0.1.0")?;
    report.func_wrap("log", |mut store, (message,): (String,)| {
        store.data_mut().log.push(message);
        Ok(())
    })?;
    report.func_wrap("expect-trap", |mut store, (message,): (String,)| {
        wasmtime::ensure!(
            !message.is_empty(),
            "`expect-trap`: expected a part of the message of the trap, found nothing"
        );
        store.data_mut().expected_trap = Some(message);
        Ok(())
    })?;
    report.func_wrap("leaves-blocks", |mut store, (count,): (u32,)| {
        store.data_mut().leaked_blocks = count;
        Ok(())
    })?;
    report.func_wrap("leaves-a-task", |mut store, (): ()| {
        store.data_mut().leaves_a_task = true;
        Ok(())
    })?;
    report.func_wrap("is-played-by-harness", |store, (): ()| {
        Ok((store.data().is_peer,))
    })?;
    ledger::add_to_linker(&mut linker)?;
    peers::add_to_linker(&mut linker)?;
    Ok(linker)
}

/// A fresh store whose guest code is ended at `end`.
pub fn store(engine: &Engine, limits: &Limits, end: Instant) -> Store<State> {
    let mut store = Store::new(engine, State::new(limits));
    store.limiter(|state| &mut state.memory);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |mut store| {
        let now = Instant::now();
        store.data_mut().ran = Some(now);
        // A trap, because that has a backtrace to show where the guest was.
        let over = now >= end;
        Ok(if over {
            UpdateDeadline::Interrupt
        } else {
            UpdateDeadline::Continue(1)
        })
    });
    store
}
