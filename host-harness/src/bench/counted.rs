//! What the runner of a row calls and allocates.

use anyhow::{Result, bail};

use super::counts::{Counters, Counts};
use super::guests::{Guests, Prepared};
use super::host;
use super::rows::{Row, Runtime};
use super::samples;

/// What is counted, for each time that a figure of the row is of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    /// On wit-async.
    pub own: Counts,
    /// On wit-bindgen.
    pub wit_bindgen: Counts,
    /// Without a runtime, if it can be done so.
    pub floor: Option<Counts>,
}

impl Counted {
    /// One figure of each runtime.
    pub fn each(&self, figure: impl Fn(&Counts) -> f64) -> [Option<f64>; 3] {
        [
            Some(figure(&self.own)),
            Some(figure(&self.wit_bindgen)),
            self.floor.as_ref().map(figure),
        ]
    }
}

/// So many items go through a guest the first time; as often as that is, the work is done
/// once more, and then twice as often.
const ITEMS: u32 = 100_000;
/// The bounds of that. Turns of a task have 128 operations: whole ones fit in.
const TIMES: std::ops::RangeInclusive<u32> = 4..=1024;

/// Counts the calls and allocations of a row's runner on each runtime. Only what comes
/// with each time counts: not what the start and the end of a call take, and not what is
/// allocated once and kept.
///
/// # Errors
///
/// When a guest traps or cannot be rewritten, or those of two runtimes did different
/// things.
pub fn count(row: &Row, guests: &Guests) -> Result<Counted> {
    let n = (ITEMS / row.size.max(1)).clamp(*TIMES.start(), *TIMES.end());
    let mut counted = Counted::default();
    let mut first = None;
    for runtime in row.runtimes() {
        let prepared = guests.counting(runtime, row.peer.into())?;
        let (counts, sum) = samples::finish(row, runtime, of_runner(row, n, prepared))?;
        if sum != *first.get_or_insert(sum) {
            bail!(
                "{}: expected that the guests do the same, but that on {} came to {sum}",
                row.name,
                runtime.name(),
            );
        }
        match runtime {
            Runtime::Own => counted.own = counts,
            Runtime::WitBindgen => counted.wit_bindgen = counts,
            Runtime::Floor => counted.floor = Some(counts),
        }
    }
    Ok(counted)
}

/// Those of one more time.
async fn of_runner(row: &Row, n: u32, prepared: &Prepared) -> wasmtime::Result<(Counts, u64)> {
    let mut store = host::store(&prepared.engine);
    let instance = prepared.instance.instantiate_async(&mut store).await?;
    let function = samples::find(row, prepared, &instance, &mut store)?;
    let counters = Counters::find(
        &prepared.counters,
        &prepared.component,
        &instance,
        &mut store,
    )?;
    samples::run(row, n, &function, &mut store).await?;
    let before = counters.read(&mut store).await?;
    samples::run(row, n, &function, &mut store).await?;
    let between = counters.read(&mut store).await?;
    let sum = samples::run(row, 2 * n, &function, &mut store).await?;
    let after = counters.read(&mut store).await?;

    let once = between.since(&before, 1.0);
    let twice = after.since(&between, 1.0);
    let times = f64::from(n) * f64::from(row.per);
    Ok((twice.since(&once, times), sum))
}
