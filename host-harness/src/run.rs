//! Runs one scenario, in a store of its own.

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use wasmtime::component::{Component, ComponentExportIndex, Instance, InstancePre, Linker};
use wasmtime::{Engine, Store};

use crate::accounting::{Kind, Live, Operation, Timing, Traced};
use crate::compose::{Composition, Variant};
use crate::discover::{Entry, Scenario};
use crate::driven::Rig;
use crate::guest::Guest;
use crate::host::{self, Limits, State};
use crate::leaks::{self, Remains, Table};
use crate::ledger::When;
use crate::verdict::{self, Ended, Failure, Outcome, Stage, Verdict};

/// How long guests may go on behind a scenario that returned and passed.
const AFTERMATH: Duration = Duration::from_secs(5);

/// The same where a task was announced that waits for ever.
const SHORT_AFTERMATH: Duration = Duration::from_millis(500);

/// A composition that was compiled, ready to be instantiated many times.
pub struct Prepared {
    engine: Engine,
    component: Component,
    instance: InstancePre<State>,
    accounting: Vec<Accounting>,
}

/// Where a guest's accounting is.
struct Accounting {
    guest: String,
    counts: ComponentExportIndex,
    trace: ComponentExportIndex,
}

impl Prepared {
    /// Composes and compiles.
    ///
    /// # Errors
    ///
    /// When the guests do not fit each other or the host.
    pub fn new(
        engine: &Engine,
        linker: &Linker<State>,
        composition: &Composition,
    ) -> Result<Prepared> {
        let path = composition.runner().path.display();
        let bytes = composition
            .encode()
            .with_context(|| format!("could not compose {path}"))?;
        let component = Component::new(engine, bytes)
            .map_err(|error| anyhow!("could not compile {path}: {error:?}"))?;
        let instance = linker.instantiate_pre(&component).map_err(|error| {
            anyhow!(
                "{path} imports something that neither a guest nor the host provides: {error:?}"
            )
        })?;
        let mut accounting = Vec::new();
        for (guest, name) in composition.accounting() {
            let export = |function: &str| {
                let interface = component.get_export_index(None, &name);
                let found =
                    interface.and_then(|index| component.get_export_index(Some(&index), function));
                found.with_context(|| {
                    format!("{path}: expected the export `{function}` of `{name}` of {guest}, found none")
                })
            };
            let (counts, trace) = (export("counts")?, export("trace")?);
            accounting.push(Accounting {
                guest,
                counts,
                trace,
            });
        }
        Ok(Prepared {
            engine: engine.clone(),
            component,
            instance,
            accounting,
        })
    }

    /// Runs a scenario of this composition. Never hangs.
    pub fn run(&self, scenario: &Scenario, limits: &Limits) -> Outcome {
        let start = Instant::now();
        let mut outcome = Outcome {
            name: scenario.name.clone(),
            guests: scenario.composition.names(),
            verdict: Verdict::Passed,
            time: Duration::ZERO,
            table_entries: None,
            ledger: BTreeMap::new(),
            trace: Vec::new(),
        };
        let runtime = match tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        {
            Ok(runtime) => runtime,
            Err(error) => {
                let failure = Failure::new("a runtime for the host", format!("{error}"));
                outcome.verdict = Verdict::Failed {
                    failure: Box::new(failure),
                };
                return outcome;
            }
        };
        if let Err(failure) = runtime.block_on(self.attempt(scenario, limits, start, &mut outcome))
        {
            outcome.verdict = Verdict::Failed { failure };
        }
        // A host thread that blocks for ever, on a file say, must not hold us up.
        runtime.shutdown_background();
        outcome.time = start.elapsed();
        outcome
    }

    async fn attempt(
        &self,
        scenario: &Scenario,
        limits: &Limits,
        start: Instant,
        outcome: &mut Outcome,
    ) -> Result<(), Box<Failure>> {
        let end = start + limits.deadline;
        let mut store = host::store(&self.engine, limits, end);
        store.data_mut().is_peer = scenario.composition.variant == Some(Variant::Host);
        let mut stage = Stage::Instantiation;
        let call = self.call(&mut store, scenario, &mut stage, end);
        let ended = match tokio::time::timeout_at(end.into(), call).await {
            Ok(ended) => ended,
            Err(_) => Err(Ended::Deadline),
        };
        let state = store.data();
        let judged = match ended {
            Ok(counted) => {
                outcome.table_entries = Some(counted.remains.table.left);
                outcome.trace = counted.traces;
                verdict::returned(&counted.remains, state)
            }
            Err(ended) => verdict::ended(ended, stage, limits, state),
        };
        let judged = judged.map_err(|mut failure| {
            failure.add_output(state);
            failure
        });
        let ledger = state.ledger.clone();
        drop(store);
        outcome.ledger = ledger.kinds();
        judged.and_then(|()| verdict::store_dropped(&ledger.imbalance(When::StoreDropped)))
    }

    /// Instantiates, calls, waits for what goes on behind, and counts.
    async fn call(
        &self,
        store: &mut Store<State>,
        scenario: &Scenario,
        stage: &mut Stage,
        end: Instant,
    ) -> Result<Counted, Ended> {
        let instance = self
            .instance
            .instantiate_async(&mut *store)
            .await
            .map_err(Ended::Trap)?;
        let before = entries(store);

        *stage = Stage::Scenario;
        match &scenario.entry {
            Entry::Function { interface, name } => {
                self.function(store, &instance, interface, name).await?;
            }
            Entry::Driver(driver) => {
                driver.announce(store.data_mut());
                let rig = Rig::new(store, instance, &self.instance, driver.interface, end);
                driver.drive(rig).await.map_err(Ended::driven)?;
            }
        }

        *stage = Stage::Aftermath;
        let returned = Instant::now();
        let aftermath = match store.data().leaves_a_task {
            true => SHORT_AFTERMATH,
            false => AFTERMATH,
        };
        let patience = end.min(returned + aftermath);
        let drained = store.run_concurrent(async |accessor| {
            poll_fn(|context| accessor.poll_no_interesting_tasks(context)).await;
        });
        match tokio::time::timeout_at(patience.into(), drained).await {
            Ok(drained) => drained.map_err(Ended::Trap)?,
            Err(_) => return Err(Ended::Background(returned.elapsed())),
        }

        *stage = Stage::Accounting;
        let printed = !store.data().stdout.contents().is_empty()
            || !store.data().stderr.contents().is_empty();
        let resources = store.data_mut().resources();
        let mut guests = Vec::new();
        let mut traces = Vec::new();
        for accounting in &self.accounting {
            let guest = accounting.guest.clone();
            let (live, operations) = accounting
                .read(store, &instance)
                .await
                .map_err(Ended::Trap)?;
            guests.push((guest.clone(), live));
            traces.push(Traced {
                scenario: scenario.name.clone(),
                guest,
                peer: scenario.composition.variant,
                operations,
            });
        }
        // After the guests were asked: asking makes a runtime settle writes that
        // belong to no task.
        let mut table = Table::compare(&before, &entries(store));
        table.calls = calls(&scenario.composition.guests, &traces);
        let handles = self.handles(store, &instance).await;
        // What was in a box is dropped when the collector runs. There is none where nothing
        // was put into a box.
        if store.gc_heap_capacity() > 0 {
            store.gc_async(None).await.map_err(Ended::Trap)?;
        }
        let remains = Remains {
            guests,
            resources,
            printed,
            handles,
            table,
            imbalance: store.data().ledger.imbalance(When::Returned),
        };
        if let Entry::Driver(_) = scenario.entry {
            traces = traces.into_iter().flat_map(with_driver).collect();
        }
        Ok(Counted { remains, traces })
    }

    /// Calls an exported function without parameters.
    async fn function(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        interface: &str,
        name: &str,
    ) -> Result<(), Ended> {
        let function = self
            .component
            .get_export_index(None, interface)
            .and_then(|index| self.component.get_export_index(Some(&index), name))
            .and_then(|index| instance.get_func(&mut *store, index))
            .ok_or_else(|| Ended::Missing(format!("{interface}#{name}")))?;
        // For a synchronous function this is a synchronous call, for an async
        // one a concurrent call that reports a deadlock.
        function
            .call_async(&mut *store, &[], &mut [])
            .await
            .map_err(Ended::Trap)
    }

    /// How many handles all instances together have left.
    ///
    /// wasmtime counts them, but only tells when a limit is exceeded: so this
    /// looks for the lowest limit under which a call succeeds.
    async fn handles(&self, store: &mut Store<State>, instance: &Instance) -> usize {
        let Some(accounting) = self.accounting.first() else {
            return 0;
        };
        for left in 0..MANY {
            store.set_max_component_handles(left + CALL);
            if accounting.read(store, instance).await.is_ok() {
                return left;
            }
        }
        MANY
    }
}

/// How many handles a call from the host needs for itself, while it runs.
const CALL: usize = 1;

/// More handles than these are not counted.
const MANY: usize = 1000;

/// What is in the store's table of concurrent state.
fn entries(store: &mut Store<State>) -> HashMap<TypeId, usize> {
    store
        .concurrent_resource_table()
        .map(leaks::entries)
        .unwrap_or_default()
}

/// How many calls returned at once, if that is known: where the runtime of a guest
/// recorded nothing, other bindings may have made its calls.
fn calls(guests: &[Arc<Guest>], traces: &[Traced]) -> Option<u64> {
    let silent = |(guest, traced): (&Arc<Guest>, &Traced)| {
        let mut functions = guest.peers().flat_map(|peer| &peer.functions);
        traced.operations.is_empty() && functions.any(|function| function.is_async)
    };
    if guests.iter().zip(traces).any(silent) {
        return None;
    }
    let at_once = traces
        .iter()
        .flat_map(|traced| &traced.operations)
        .filter(|operation| operation.kind == Kind::Subtask && operation.timing == Timing::AtOnce);
    Some(at_once.map(|operation| operation.count).sum())
}

/// Where the harness drives a guest, streams and futures go to and from the harness, whoever
/// it is that the guest calls.
fn with_driver(traced: Traced) -> [Traced; 2] {
    let is_call = |operation: &Operation| operation.kind == Kind::Subtask;
    let (calls, copies) = traced.operations.iter().cloned().partition(is_call);
    let copies = Traced {
        peer: Some(Variant::Host),
        operations: copies,
        ..traced.clone()
    };
    let calls = Traced {
        operations: calls,
        ..traced
    };
    [calls, copies]
}

impl Accounting {
    async fn read(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<(Live, Vec<Operation>)> {
        let counts = instance.get_typed_func::<(), (Live,)>(&mut *store, self.counts)?;
        let (live,) = counts.call_async(&mut *store, ()).await?;
        let trace = instance.get_typed_func::<(), (Vec<Operation>,)>(&mut *store, self.trace)?;
        let (trace,) = trace.call_async(&mut *store, ()).await?;
        Ok((live, trace))
    }
}

/// What was counted after a scenario that returned.
struct Counted {
    remains: Remains,
    traces: Vec<Traced>,
}
