//! Rounds, in each of which each runtime has its turn.

use std::time::Duration;

use anyhow::{Result, bail};

use super::guests::Guests;
use super::gzip;
use super::rows::{Method, Row, Runtime, rows};
use super::samples::{self, Sample};
use super::stats::{Measured, Series};
use super::whole;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How many rounds.
    pub rounds: usize,
    /// How long a sample lasts on the slowest runtime.
    pub sample: Duration,
    /// What is measured.
    pub what: What,
}

/// What is measured of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Time, and calls and allocations.
    All,
    /// Instructions, instead of time.
    Instructions,
    /// Calls and allocations alone.
    Counts,
}

impl Effort {
    /// For figures that are worth keeping.
    pub const FULL: Effort = Effort {
        rounds: 20,
        sample: Duration::from_millis(50),
        what: What::All,
    };

    /// For a first look.
    pub const QUICK: Effort = Effort {
        rounds: 10,
        sample: Duration::from_millis(8),
        what: What::All,
    };

    /// For figures that are exact.
    pub const fn exact(what: What) -> Effort {
        Effort {
            rounds: 1,
            sample: Duration::ZERO,
            what,
        }
    }
}

/// A sample on the fastest runtime lasts at least this part of one on the slowest, if
/// that does not make the slowest too slow.
const LEAST: f64 = 0.1;

/// How much longer a sample may last for the sake of the fastest runtime.
const LONGER: f64 = 4.0;

/// How often the work is done whose instructions are counted: so often that those of the
/// start are few beside them,
const COUNTED: u32 = 20_000;
/// and at least so often.
const LEAST_COUNTED: u32 = 20;

/// Measures a row. `round` is told which round begins.
///
/// # Errors
///
/// When a guest traps, or those of two runtimes did different things.
pub fn measure(
    row: &Row,
    guests: &Guests,
    effort: &Effort,
    mut round: impl FnMut(usize),
) -> Result<Measured> {
    let mut measured = Measured::default();
    if row.method == Method::Size {
        for runtime in row.runtimes() {
            let size = whole::size(runtime, guests)?;
            measured.series(runtime).push(size as f64);
        }
        return Ok(measured);
    }
    if row.method == Method::Build {
        return build(row, guests, round);
    }
    let instructions = effort.what == What::Instructions;
    let n = match instructions {
        true => (COUNTED / row.per).max(LEAST_COUNTED),
        false => calibrate(row, guests, effort)?,
    };
    for index in 1..=effort.rounds {
        round(index);
        let mut first = None;
        for runtime in row.runtimes() {
            let sample = take(row, runtime, n, guests)?;
            let (other, sum) = *first.get_or_insert((runtime, sample.sum));
            if sample.sum != sum {
                bail!(
                    "{}: expected that the guests do the same, but on {} it came to {sum}, on {} to {}",
                    row.name,
                    other.name(),
                    runtime.name(),
                    sample.sum,
                );
            }
            let times = f64::from(n) * f64::from(row.per);
            let figure = match instructions {
                true => sample.instructions as f64,
                false => sample.time.as_secs_f64() * 1e9,
            };
            measured.series(runtime).push(figure / times);
        }
    }
    Ok(measured)
}

/// Measures how long the runtimes take to build, each a few times: they take seconds.
fn build(row: &Row, guests: &Guests, mut round: impl FnMut(usize)) -> Result<Measured> {
    const ROUNDS: usize = 10;
    let mut measured = Measured::default();
    for index in 0..=ROUNDS {
        round(index);
        for runtime in row.runtimes() {
            let time = whole::build(runtime, guests)?;
            // The first time all that they depend on was built, too.
            if index > 0 {
                measured.series(runtime).push(time.as_secs_f64() * 1e3);
            }
        }
    }
    Ok(measured)
}

/// What the host takes for one call of a guest that is empty, in nanoseconds: part of
/// each sample, once.
///
/// # Errors
///
/// When the guest traps.
pub fn host_share(guests: &Guests, effort: &Effort) -> Result<f64> {
    let rows = rows();
    let Some(row) = rows.iter().find(|row| row.name == "export/ready") else {
        bail!("no row is an empty guest");
    };
    let n = grow(row, Runtime::Floor, guests, effort)?.1;
    let mut series = Series::default();
    for _ in 0..effort.rounds {
        let sample = take(row, Runtime::Floor, n, guests)?;
        series.push(sample.time.as_secs_f64() * 1e9 / f64::from(n));
    }
    Ok(series.median().unwrap_or_default())
}

fn take(row: &Row, runtime: Runtime, n: u32, guests: &Guests) -> Result<Sample> {
    match row.method {
        Method::Gzip => gzip::sample(runtime, n, guests),
        Method::Instantiation => whole::instantiate(runtime, n, guests),
        _ => samples::sample(row, runtime, n, guests),
    }
}

/// How often the work is done in a sample: as often on each runtime.
fn calibrate(row: &Row, guests: &Guests, effort: &Effort) -> Result<u32> {
    let mut slowest: f64 = 0.0;
    let mut fastest = f64::INFINITY;
    for runtime in row.runtimes() {
        let (seconds, _) = grow(row, runtime, guests, effort)?;
        slowest = slowest.max(seconds);
        fastest = fastest.min(seconds);
    }
    Ok(times(effort.sample.as_secs_f64(), slowest, fastest))
}

fn times(sample: f64, slowest: f64, fastest: f64) -> u32 {
    let usual = sample / slowest;
    let for_fastest = (sample * LEAST / fastest).min(usual * LONGER);
    // What is too large becomes the largest.
    (usual.max(for_fastest).round() as u32).max(1)
}

/// Does more and more until that takes a part of a sample: how long once takes, in
/// seconds, and how often that was.
fn grow(row: &Row, runtime: Runtime, guests: &Guests, effort: &Effort) -> Result<(f64, u32)> {
    let mut n: u32 = 1;
    loop {
        let sample = take(row, runtime, n, guests)?;
        if sample.time >= effort.sample / 4 || n > u32::MAX / 8 {
            return Ok((sample.time.as_secs_f64() / f64::from(n), n));
        }
        n *= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::times;

    #[test]
    fn a_sample_lasts_as_long_as_it_should_on_the_slowest() {
        assert_eq!(times(0.01, 1e-5, 5e-6), 1000);
        // Never no time.
        assert_eq!(times(0.01, 1.0, 0.5), 1);
    }

    #[test]
    fn the_fastest_has_its_part_within_limits() {
        // A twentieth would be too little, so twice as often.
        assert_eq!(times(0.01, 2e-5, 1e-6), 1000);
        assert_eq!(times(0.01, 1e-5, 1e-9), 4000);
    }
}
